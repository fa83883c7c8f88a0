"""Pages of lists, and the tokens that continue them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from xai_vision.testing._errors import ServiceError, invalid_argument

MAX_PAGE: Final = 100
"""The maximum and the default number of items of a page (documented)."""
_T = TypeVar("_T")


def page(
    items: Iterable[_T],
    request: Any,
    position: Callable[[_T], list[Any]],
    scope: str,
    *,
    descending: bool = False,
) -> tuple[list[_T], str | None]:
    """Return the items of a page, and the token of the next page.

    A token names the position of the last item of its page, so that items which are added,
    removed or filtered out between two requests do not shift the pages.

    Args:
        items: All items of the list.
        request: A message with ``limit`` and ``pagination_token``.
        position: Returns the strings and numbers that an item is sorted by. No two items have the
            same.
        scope: The list and its order. A token is valid for the same scope only.
        descending: Whether the list begins with the greatest position.

    Raises:
        ServiceError: INVALID_ARGUMENT if the token is invalid, or that of another list.
    """
    listed = sorted(items, key=position, reverse=descending)
    if request.pagination_token:
        last = _read_token(request.pagination_token, scope)
        try:
            listed = [
                item
                for item in listed
                if position(item) != last and (position(item) > last) != descending
            ]
        except TypeError:
            raise _invalid_token() from None
    limit = min(request.limit, MAX_PAGE) if request.limit > 0 else MAX_PAGE
    if len(listed) <= limit:
        return listed, None
    return listed[:limit], make_token(scope, position(listed[limit - 1]))


def make_token(scope: str, position: list[Any]) -> str:
    """Return the token that continues a list after a position."""
    return base64.urlsafe_b64encode(json.dumps([scope, *position]).encode()).decode()


def _read_token(token: str, scope: str) -> list[Any]:
    position: list[Any]
    try:
        token_scope, *position = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        token_scope, position = None, []
    if not isinstance(token_scope, str):
        raise _invalid_token()
    if token_scope != scope:
        raise _invalid_token(
            "It belongs to a list with another order or sort_by, or to another list. Pass the "
            "arguments of the page before."
        )
    return position


def _invalid_token(remedy: str = "Pass that of the page before.") -> ServiceError:
    return invalid_argument(f"Invalid pagination_token. {remedy}")
