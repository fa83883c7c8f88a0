"""Live search by the older interface: ``create(search_parameters=SearchParameters(...))``.

``xai_vision.tools.web_search`` and ``x_search`` are its successors; xAI announced the end of this
one for 2026, so a request with it may be refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision._validation import Moment, Texts

__all__ = ["SearchParameters", "news_source", "rss_source", "web_source", "x_source"]

SearchMode: TypeAlias = Literal["auto", "on", "off"]

_MODES = {
    "auto": chat_pb2.AUTO_SEARCH_MODE,
    "on": chat_pb2.ON_SEARCH_MODE,
    "off": chat_pb2.OFF_SEARCH_MODE,
}


@dataclass
class SearchParameters:
    """Whether, where and how to search while answering.

    Attributes:
        sources: Where to look: what the four functions of this module return. Default: the
            service's choice, the web and X.
        mode: "auto" leaves it to the model whether to search, "on" always does, "off" never.
        from_date: Only what is from then on: a datetime (UTC if it has no time zone), a date (its
            midnight in UTC), ISO 8601 text, or a Timestamp.
        to_date: Only what is up to then; not before ``from_date``.
        return_citations: Whether the answer lists the addresses it drew on. Default yes.
        max_search_results: The most results to look at, 1 or more. Default: the service's, 20.

    Raises:
        InvalidRequestError: A value the service is sure to refuse; the text names it.

    Example:
        >>> from xai_vision.search import SearchParameters, web_source
        >>> search = SearchParameters([web_source("US")], mode="on", max_search_results=5)
    """

    sources: Sequence[chat_pb2.Source] | None = None
    mode: SearchMode = "auto"
    from_date: Moment | None = None
    to_date: Moment | None = None
    return_citations: bool = True
    max_search_results: int | None = None

    def __post_init__(self) -> None:
        self._to_proto()

    def _to_proto(self) -> chat_pb2.SearchParameters:
        name = "search_parameters"
        first, last = checks.date_range(name, self.from_date, self.to_date)
        return chat_pb2.SearchParameters(
            mode=_MODES[checks.enum(f"{name}: mode", self.mode, _MODES)],
            sources=_sources(f"{name}: sources", self.sources),
            from_date=first,
            to_date=last,
            return_citations=checks.boolean(f"{name}: return_citations", self.return_citations),
            max_search_results=checks.optional_integer(
                f"{name}: max_search_results", self.max_search_results, 1
            ),
        )


def web_source(
    country: str | None = None,
    excluded_websites: Texts | None = None,
    allowed_websites: Texts | None = None,
    *,
    safe_search: bool = True,
) -> chat_pb2.Source:
    """Look on the web.

    Args:
        country: Whose results to prefer: a two-letter code, "DE".
        excluded_websites: Sites never to look at, at most 5.
        allowed_websites: The only sites to look at, at most 5; not with ``excluded_websites``.
        safe_search: Whether to leave out what is not fit for all. Default yes.

    Raises:
        InvalidRequestError: Both lists, too many sites, or a value of a wrong type.
    """
    excluded, allowed = checks.exclusive_lists(
        "web_source",
        checks.MAX_DOMAINS,
        excluded_websites=excluded_websites,
        allowed_websites=allowed_websites,
    )
    source = chat_pb2.WebSource(
        country=checks.optional_string("web_source: country", country),
        excluded_websites=excluded,
        allowed_websites=allowed,
        safe_search=checks.boolean("web_source: safe_search", safe_search),
    )
    return chat_pb2.Source(web=source)


def news_source(
    country: str | None = None,
    excluded_websites: Texts | None = None,
    *,
    safe_search: bool = True,
) -> chat_pb2.Source:
    """Look in the news.

    Args:
        country: Whose results to prefer: a two-letter code, "DE".
        excluded_websites: Sites never to look at, at most 5.
        safe_search: Whether to leave out what is not fit for all. Default yes.

    Raises:
        InvalidRequestError: Too many sites, or a value of a wrong type.
    """
    source = chat_pb2.NewsSource(
        country=checks.optional_string("news_source: country", country),
        excluded_websites=checks.optional_strings(
            "news_source: excluded_websites", excluded_websites, checks.MAX_DOMAINS
        ),
        safe_search=checks.boolean("news_source: safe_search", safe_search),
    )
    return chat_pb2.Source(news=source)


def x_source(
    included_x_handles: Texts | None = None,
    excluded_x_handles: Texts | None = None,
    post_favorite_count: int | None = None,
    post_view_count: int | None = None,
) -> chat_pb2.Source:
    """Look at posts on X.

    Args:
        included_x_handles: The only accounts to look at, without the @; at most 10.
        excluded_x_handles: Accounts never to look at, at most 10; not with
            ``included_x_handles``.
        post_favorite_count: Only posts with at least as many likes.
        post_view_count: Only posts with at least as many views.

    Raises:
        InvalidRequestError: Both lists, too many accounts, or a value of a wrong type.
    """
    included, excluded = checks.exclusive_lists(
        "x_source",
        checks.MAX_HANDLES,
        included_x_handles=included_x_handles,
        excluded_x_handles=excluded_x_handles,
    )
    source = chat_pb2.XSource(
        included_x_handles=included,
        excluded_x_handles=excluded,
        post_favorite_count=checks.optional_integer("x_source: post_favorite_count", post_favorite_count, 0),
        post_view_count=checks.optional_integer("x_source: post_view_count", post_view_count, 0),
    )
    return chat_pb2.Source(x=source)


def rss_source(links: Texts) -> chat_pb2.Source:
    """Look in a news feed.

    Args:
        links: Its address, in a list; the service is documented to take one.

    Raises:
        InvalidRequestError: There is none, or it is no list of texts.
    """
    found = checks.optional_strings("rss_source: links", links)
    if not found:
        raise InvalidRequestError("rss_source: links is empty: give a feed's address")
    return chat_pb2.Source(rss=chat_pb2.RssSource(links=found))


def _sources(where: str, values: Sequence[object] | None) -> list[chat_pb2.Source]:
    if values is None:
        return []
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InvalidRequestError(f"{where} must be a list, such as [web_source()]")
    try:
        return [adopt(value, chat_pb2.Source) for value in values]  # type: ignore[arg-type]
    except TypeError as error:
        raise InvalidRequestError(
            f"{where} takes what web_source() and its kin return: {error}"
        ) from None
