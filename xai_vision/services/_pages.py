"""Iterate over the items of all pages of a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.rpc import Out, RpcCall
from xai_vision._transport.sync import Transport


class Page(Protocol):
    """A page of a list."""

    @property
    def pagination_token(self) -> str | None:
        """The token of the next page; None or empty on the last page."""


PageT = TypeVar("PageT", bound=Page)
Item = TypeVar("Item")
PageCalls: TypeAlias = "Callable[[str | None], RpcCall[Any, Out]]"
"""A function that describes the request for the page of a token; None is the first page."""


def items_of_pages(
    transport: Transport, describe: PageCalls[PageT], items: Callable[[PageT], Iterable[Item]]
) -> Iterator[Item]:
    """Return the items of all pages. The arguments are checked at once, pages requested on use."""
    first = describe(None)

    def iterate() -> Iterator[Item]:
        page = transport.unary(first)
        yield from items(page)
        while page.pagination_token:
            page = transport.unary(describe(page.pagination_token))
            yield from items(page)

    return iterate()


def async_items_of_pages(
    transport: AsyncTransport, describe: PageCalls[PageT], items: Callable[[PageT], Iterable[Item]]
) -> AsyncIterator[Item]:
    """Return the items of all pages in the same way, for ``async for``."""
    first = describe(None)

    async def iterate() -> AsyncIterator[Item]:
        page = await transport.unary(first)
        for item in items(page):
            yield item
        while page.pagination_token:
            page = await transport.unary(describe(page.pagination_token))
            for item in items(page):
                yield item

    return iterate()
