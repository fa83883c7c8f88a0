"""Which pages of a PDF are selected."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

from xai_vision.errors._base import InvalidRequestError
from xai_vision.imaging._limits import safe_repr

Pages: TypeAlias = int | Iterable[int] | slice | None
"""A selection of pages by their numbers from 1."""

_FIRST_IS_1 = "Page numbers begin at 1: range(1, 4) is the first three pages."


def select_pages(pages: Any, count: int, max_pages: int, name: str) -> list[int]:
    """Return the numbers of the selected pages, from 1.

    Args:
        pages: The selection, as for ``prepare_pages``.
        count: The number of pages of the document.
        max_pages: Maximum number of selected pages.
        name: The document's name for errors.

    Raises:
        InvalidRequestError: The selection is invalid, empty or too large.
    """
    numbers: list[int] = []
    for page in _candidates(pages, count):
        numbers.append(_page_number(page, count, name))
        if len(numbers) > max_pages:
            selected = f"{count} pages" if pages is None else f"more than {max_pages} pages"
            raise InvalidRequestError(
                f"{name}: {selected} are selected; the limit is {max_pages}. Select fewer with "
                "pages=, or raise max_pages=."
            )
    if not numbers:
        raise InvalidRequestError(f"pages: the {safe_repr(pages)} selects none of {count} pages.")
    return numbers


def _candidates(pages: Any, count: int) -> Iterable[Any]:
    if pages is None:
        return range(1, count + 1)
    if isinstance(pages, slice):
        if pages.start == 0:
            raise InvalidRequestError(f"pages: a slice from 0 is not supported. {_FIRST_IS_1}")
        try:
            start, stop, step = pages.indices(count + 1)
        except (TypeError, ValueError) as error:
            raise InvalidRequestError(f"pages: the slice is invalid ({error}).") from error
        first = max(1, start) if step > 0 else start
        return [number for number in range(first, stop, step) if number]
    if isinstance(pages, Iterable) and not isinstance(pages, (str, bytes)):
        return pages
    return [pages]


def _page_number(page: Any, count: int, name: str) -> int:
    try:
        number = operator.index(page)
    except TypeError:
        number = None
    if number is None or isinstance(page, bool):
        raise InvalidRequestError(
            f"pages must be page numbers, a range or a slice, not {safe_repr(page)}. {_FIRST_IS_1}"
        )
    if number == 0:
        raise InvalidRequestError(f"pages: there is no page 0. {_FIRST_IS_1}")
    if abs(number) > count:
        has = "1 page" if count == 1 else f"{count} pages"
        raise InvalidRequestError(
            f"pages: {name} has {has}; page {number} does not exist. {_FIRST_IS_1}"
        )
    return number if number > 0 else count + 1 + number
