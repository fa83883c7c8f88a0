"""Tools that the service runs itself, for ``create(tools=[...])`` and ``sample(tools=[...])``.

Each function makes a ``chat_pb2.Tool``. For functions of your own that the model may ask you to
run, see ``xai_vision.chat.tool``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, documents_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision._validation import Moment, Texts

__all__ = [
    "code_execution",
    "collections_search",
    "get_tool_call_type",
    "image_generation",
    "mcp",
    "web_search",
    "x_search",
]

ImageAction: TypeAlias = Literal["auto", "generate", "edit"]
RetrievalMode: TypeAlias = Literal["hybrid", "semantic", "keyword"]
ToolCallType: TypeAlias = Literal[
    "client_side_tool",
    "web_search_tool",
    "x_search_tool",
    "code_execution_tool",
    "collections_search_tool",
    "mcp_tool",
    "attachment_search_tool",
    "image_generation_tool",
    "invalid",
    "unknown",
]


def web_search(
    excluded_domains: Texts | None = None,
    allowed_domains: Texts | None = None,
    *,
    enable_image_understanding: bool | None = False,
    enable_image_search: bool | None = False,
    user_location_country: str | None = None,
    user_location_city: str | None = None,
    user_location_region: str | None = None,
    user_location_timezone: str | None = None,
) -> chat_pb2.Tool:
    """Let the model search the web and read pages.

    Args:
        excluded_domains: Sites never to look at, such as "example.com"; at most 5.
        allowed_domains: The only sites to look at, at most 5; not with ``excluded_domains``.
        enable_image_understanding: Give the model the tool ``view_image``, so that it looks at
            pictures on the pages; they cost image tokens. Default no. The service then does the
            same for ``x_search``.
        enable_image_search: Let it search for pictures. Default no.
        user_location_country: Where results should be close to: a two-letter code, "DE".
        user_location_city: ... the city.
        user_location_region: ... the region or state.
        user_location_timezone: ... the time zone by its IANA name, "Europe/Berlin".

    Raises:
        InvalidRequestError: Both lists of domains, too many of them, or a value of a wrong type.

    Example:
        >>> from xai_vision.tools import web_search
        >>> tool = web_search(allowed_domains=["nasa.gov"], enable_image_understanding=True)
    """
    name = "web_search"
    excluded, allowed = checks.exclusive_lists(
        name,
        checks.MAX_DOMAINS,
        excluded_domains=excluded_domains,
        allowed_domains=allowed_domains,
    )
    location = chat_pb2.WebSearchUserLocation(
        country=checks.optional_string(f"{name}: user_location_country", user_location_country),
        city=checks.optional_string(f"{name}: user_location_city", user_location_city),
        region=checks.optional_string(f"{name}: user_location_region", user_location_region),
        timezone=checks.optional_string(f"{name}: user_location_timezone", user_location_timezone),
    )
    search = chat_pb2.WebSearch(
        excluded_domains=excluded,
        allowed_domains=allowed,
        enable_image_understanding=checks.optional_boolean(
            f"{name}: enable_image_understanding", enable_image_understanding
        ),
        enable_image_search=checks.optional_boolean(f"{name}: enable_image_search", enable_image_search),
        user_location=location if location.ByteSize() else None,
    )
    return chat_pb2.Tool(web_search=search)


def x_search(
    from_date: Moment | None = None,
    to_date: Moment | None = None,
    allowed_x_handles: Texts | None = None,
    excluded_x_handles: Texts | None = None,
    *,
    enable_image_understanding: bool | None = False,
    enable_video_understanding: bool | None = False,
) -> chat_pb2.Tool:
    """Let the model search posts on X.

    Args:
        from_date: Only posts from then on: a datetime (UTC if it has no time zone), a date (its
            midnight in UTC), ISO 8601 text, or a Timestamp.
        to_date: Only posts up to then; not before ``from_date``.
        allowed_x_handles: The only accounts to look at, without the @; at most 10.
        excluded_x_handles: Accounts never to look at, at most 10; not with
            ``allowed_x_handles``.
        enable_image_understanding: Let the model look at pictures in posts (``view_image``); they
            cost image tokens. Default no.
        enable_video_understanding: Let it look at videos in posts; they cost tokens. Default no.

    Raises:
        InvalidRequestError: Dates in the wrong order, both lists of accounts, too many of them,
            or a value of a wrong type.

    Example:
        >>> from datetime import date
        >>> from xai_vision.tools import x_search
        >>> tool = x_search(date(2025, 10, 1), date(2025, 10, 31), allowed_x_handles=["NASA"])
    """
    name = "x_search"
    first, last = checks.date_range(name, from_date, to_date)
    allowed, excluded = checks.exclusive_lists(
        name,
        checks.MAX_HANDLES,
        allowed_x_handles=allowed_x_handles,
        excluded_x_handles=excluded_x_handles,
    )
    search = chat_pb2.XSearch(
        from_date=first,
        to_date=last,
        allowed_x_handles=allowed,
        excluded_x_handles=excluded,
        enable_image_understanding=checks.optional_boolean(
            f"{name}: enable_image_understanding", enable_image_understanding
        ),
        enable_video_understanding=checks.optional_boolean(
            f"{name}: enable_video_understanding", enable_video_understanding
        ),
    )
    return chat_pb2.Tool(x_search=search)


def code_execution() -> chat_pb2.Tool:
    """Let the model run code in a sandbox of the service."""
    return chat_pb2.Tool(code_execution=chat_pb2.CodeExecution())


def image_generation(action: ImageAction | None = None) -> chat_pb2.Tool:
    """Let the model draw pictures.

    Args:
        action: "generate" for new pictures, "edit" for changing the conversation's, "auto" for
            either. Default: the service's own, which is not documented.

    Raises:
        InvalidRequestError: ``action`` is none of these.
    """
    generation = chat_pb2.ImageGeneration()
    if action is not None:
        generation.action = checks.enum("image_generation: action", action, get_args(ImageAction))
    return chat_pb2.Tool(image_generation=generation)


def collections_search(
    collection_ids: Texts,
    limit: int | None = None,
    *,
    instructions: str | None = None,
    retrieval_mode: (
        RetrievalMode
        | documents_pb2.HybridRetrieval
        | documents_pb2.SemanticRetrieval
        | documents_pb2.KeywordRetrieval
        | None
    ) = None,
) -> chat_pb2.Tool:
    """Let the model search documents you have put into collections.

    Args:
        collection_ids: Which collections; at least one.
        limit: The most matches per search, 1 or more. Default: the service's.
        instructions: Told to the model that searches.
        retrieval_mode: "keyword" finds words, "semantic" meanings, "hybrid" both; or one of the
            three messages of ``documents_pb2``, for their settings. Default: the service's.

    Raises:
        InvalidRequestError: No collection is named, or a value of a wrong type.
    """
    ids = checks.optional_strings("collections_search: collection_ids", collection_ids)
    if not ids:
        raise InvalidRequestError("collections_search: collection_ids is empty: name at least one")
    search = chat_pb2.CollectionsSearch(
        collection_ids=ids,
        limit=checks.optional_integer("collections_search: limit", limit, 1),
        instructions=checks.optional_string("collections_search: instructions", instructions),
        **_retrieval(retrieval_mode),
    )
    return chat_pb2.Tool(collections_search=search)


def mcp(
    server_url: str,
    server_label: str | None = None,
    server_description: str | None = None,
    allowed_tool_names: Texts | None = None,
    authorization: str | None = None,
    extra_headers: Mapping[str, str] | None = None,
) -> chat_pb2.Tool:
    """Let the model use the tools of a server that speaks the Model Context Protocol.

    Args:
        server_url: Its public address, http or https; the service connects to it, by Streamable
            HTTP or SSE.
        server_label: Put before its tools' names, to tell several servers apart.
        server_description: Told to the model.
        allowed_tool_names: The only tools to use. Default: all.
        authorization: Sent to it as its Authorization header.
        extra_headers: Sent to it besides.

    Raises:
        InvalidRequestError: The address is empty or no http(s) URL, or a value of a wrong type.
    """
    url = checks.string("mcp: server_url", server_url, empty=False)
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https") or not rest.strip("/"):
        raise InvalidRequestError(f"mcp: server_url is no http(s) URL: {url!r:.80}")
    headers = {} if extra_headers is None else extra_headers
    if not isinstance(headers, Mapping):
        raise InvalidRequestError(f"mcp: extra_headers must be a dict, not {headers!r:.80}")
    server = chat_pb2.MCP(
        server_url=url,
        server_label=checks.optional_string("mcp: server_label", server_label) or "",
        server_description=checks.optional_string("mcp: server_description", server_description) or "",
        allowed_tool_names=checks.optional_strings("mcp: allowed_tool_names", allowed_tool_names),
        authorization=checks.optional_string("mcp: authorization", authorization),
        extra_headers={
            checks.string("mcp: a name in extra_headers", name, empty=False): checks.string(
                f"mcp: extra_headers[{name!r}]", value
            )
            for name, value in headers.items()
        },
    )
    return chat_pb2.Tool(mcp=server)


def get_tool_call_type(tool_call: chat_pb2.ToolCall) -> ToolCallType:
    """Say who runs a tool call: only "client_side_tool" is yours to answer.

    Args:
        tool_call: From ``response.tool_calls`` or ``chunk.tool_calls``.

    Returns:
        "invalid" where the service did not say, and "unknown" for a kind that is newer than this
        package (``tool_call.type`` has its number).
    """
    return _TYPES.get(tool_call.type, "unknown")


_TYPES = {
    number: cast("ToolCallType", name.removeprefix("TOOL_CALL_TYPE_").lower())
    for name, number in chat_pb2.ToolCallType.items()
}


def _retrieval(mode: Any) -> dict[str, Any]:
    if mode is None:
        return {}
    for word, cls in _RETRIEVAL.items():
        with suppress(TypeError):
            return {f"{word}_retrieval": adopt(mode, cls)}
    # One of the messages it is not.
    word = checks.enum("collections_search: retrieval_mode", mode, _RETRIEVAL)
    return {f"{word}_retrieval": _RETRIEVAL[word]()}


_RETRIEVAL: dict[str, Any] = {
    "hybrid": documents_pb2.HybridRetrieval,
    "semantic": documents_pb2.SemanticRetrieval,
    "keyword": documents_pb2.KeywordRetrieval,
}
