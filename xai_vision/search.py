"""Live search in its older form: ``create(search_parameters=SearchParameters(sources=[...]))``.

The functions return a ``chat_pb2.Source`` for this list.

``xai_vision.tools.web_search`` and ``x_search`` replace it. xAI announced its end for 2026, so the
service may refuse a request that uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from xai_vision import _validation as checks
from xai_vision._timestamps import date_range
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision._timestamps import DateLike
    from xai_vision._validation import StringList

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
        sources: The sources to search, created by the four functions of this module. Default: the
            service's, which are the web and X.
        mode: "auto" lets the model decide whether to search, "on" always searches, "off" never.
        from_date: The earliest time of a result: a datetime (UTC if it has no time zone), a date
            (its midnight in UTC), an ISO 8601 string, or a Timestamp.
        to_date: The latest time of a result, in the same forms.
        return_citations: Whether the response lists the URLs of its sources.
        max_search_results: The maximum number of results, at least 1. Default: the service's, 20.

    Raises:
        InvalidRequestError: The service would certainly refuse a value; the error names it.

    Examples:
        >>> from xai_vision.search import SearchParameters, web_source
        >>> search = SearchParameters([web_source("US")], mode="on", max_search_results=5)
    """

    sources: Sequence[chat_pb2.Source] | None = None
    mode: SearchMode = "auto"
    from_date: DateLike | None = None
    to_date: DateLike | None = None
    return_citations: bool = True
    max_search_results: int | None = None

    def __post_init__(self) -> None:
        self._to_proto()

    def _to_proto(self) -> chat_pb2.SearchParameters:
        name = "search_parameters"
        start, end = date_range(name, self.from_date, self.to_date)
        return chat_pb2.SearchParameters(
            mode=_MODES[checks.enum(f"{name}: mode", self.mode, _MODES)],
            sources=_sources(f"{name}: sources", self.sources),
            from_date=start,
            to_date=end,
            return_citations=checks.boolean(f"{name}: return_citations", self.return_citations),
            max_search_results=checks.optional_integer(
                f"{name}: max_search_results", self.max_search_results, 1
            ),
        )


def web_source(
    country: str | None = None,
    excluded_websites: StringList | None = None,
    allowed_websites: StringList | None = None,
    *,
    safe_search: bool = True,
) -> chat_pb2.Source:
    """Search the web.

    Args:
        country: The country whose results are preferred, as a two-letter code such as "DE".
        excluded_websites: Websites to exclude, at most 5.
        allowed_websites: The only websites to search, at most 5. Cannot be combined with
            ``excluded_websites``.
        safe_search: Whether to leave out explicit content.

    Raises:
        InvalidRequestError: Both lists are set, a list is too long, or a value has the wrong type.
    """
    excluded, allowed = checks.exclusive_domains(
        "web_source", excluded_websites=excluded_websites, allowed_websites=allowed_websites
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
    excluded_websites: StringList | None = None,
    *,
    safe_search: bool = True,
) -> chat_pb2.Source:
    """Search the news.

    Args:
        country: The country whose results are preferred, as a two-letter code such as "DE".
        excluded_websites: Websites to exclude, at most 5.
        safe_search: Whether to leave out explicit content.

    Raises:
        InvalidRequestError: The list is too long, or a value has the wrong type.
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
    included_x_handles: StringList | None = None,
    excluded_x_handles: StringList | None = None,
    post_favorite_count: int | None = None,
    post_view_count: int | None = None,
) -> chat_pb2.Source:
    """Search the posts on X.

    Args:
        included_x_handles: The only accounts to search, without the @; at most 20.
        excluded_x_handles: Accounts to exclude, at most 20. Cannot be combined with
            ``included_x_handles``.
        post_favorite_count: The minimum number of likes of a post.
        post_view_count: The minimum number of views of a post.

    Raises:
        InvalidRequestError: Both lists are set, a list is too long, or a value has the wrong type.
    """
    included, excluded = checks.exclusive_handles(
        "x_source", included_x_handles=included_x_handles, excluded_x_handles=excluded_x_handles
    )
    source = chat_pb2.XSource(
        included_x_handles=included,
        excluded_x_handles=excluded,
        post_favorite_count=checks.optional_integer(
            "x_source: post_favorite_count", post_favorite_count, 0
        ),
        post_view_count=checks.optional_integer("x_source: post_view_count", post_view_count, 0),
    )
    return chat_pb2.Source(x=source)


def rss_source(links: StringList) -> chat_pb2.Source:
    """Search a news feed.

    Args:
        links: The URL of the feed, in a list. According to its documentation, the service accepts
            one.

    Raises:
        InvalidRequestError: The list is empty, or not a list of strings.
    """
    urls = checks.optional_strings("rss_source: links", links)
    if not urls:
        raise InvalidRequestError("rss_source: links is empty. Pass the URL of a feed in a list")
    return chat_pb2.Source(rss=chat_pb2.RssSource(links=urls))


def _sources(name: str, values: Sequence[object] | None) -> list[chat_pb2.Source]:
    if values is None:
        return []
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InvalidRequestError(f"{name} must be a list, such as [web_source()]")
    try:
        return [adopt(value, chat_pb2.Source) for value in values]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise InvalidRequestError(
            f"{name} must contain what web_source() and the like return: {error}"
        ) from None
