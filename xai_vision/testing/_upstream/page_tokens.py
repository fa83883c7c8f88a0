"""The tokens of the pages that clients of OpenAI's API ask for by the last item of a page."""

from __future__ import annotations

from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._upstream.bounded_map import BoundedMap


class PageTokens:
    """The tokens of pages that were sent to clients. Beyond a limit the oldest are dropped."""

    def __init__(self) -> None:
        self._tokens: BoundedMap[tuple[str, str], str] = BoundedMap()

    def note(self, scope: str, last_id: str, token: str) -> None:
        """Remember the token of the page after an item.

        Args:
            scope: The kind of the list, and how it is sorted and filtered.
            last_id: The last item of the page that a client got.
            token: The token that the upstream sent with this page.
        """
        self._tokens.put((scope, last_id), token)

    def after(self, scope: str, last_id: str) -> str:
        """Return the token of the page after an item.

        Raises:
            ServiceError: INVALID_ARGUMENT if no page ended with the item.
        """
        token = self._tokens.get((scope, last_id))
        if token is None:
            raise invalid_argument(
                f"after: {last_id[:100]!r} is not the last item of a page of this list that the "
                "fake server passed on, and the upstream only knows pagination tokens. Begin with "
                "the first page, or use pagination_token."
            )
        return token
