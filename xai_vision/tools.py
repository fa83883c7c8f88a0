"""Tools that the service runs, for ``create(tools=[...])`` and ``sample(tools=[...])``.

Each function returns the ``chat_pb2.Tool`` for this list. Use ``xai_vision.chat.tool`` for your own
functions, which the model asks you to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from xai_vision import _validation as checks
from xai_vision._timestamps import date_range
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2, documents_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from xai_vision._timestamps import DateLike
    from xai_vision._validation import StringList

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
    excluded_domains: StringList | None = None,
    allowed_domains: StringList | None = None,
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
        excluded_domains: Domains to exclude, such as "example.com"; at most 5.
        allowed_domains: The only domains to search, at most 5. Cannot be combined with
            ``excluded_domains``.
        enable_image_understanding: Whether the model may look at images on the pages, by the tool
            ``view_image``. They cost image tokens. The service then enables the same for
            ``x_search``.
        enable_image_search: Whether the model may search for images.
        user_location_country: The country near which results are preferred, as a two-letter code
            such as "DE".
        user_location_city: The city near which results are preferred.
        user_location_region: The region or state near which results are preferred.
        user_location_timezone: The time zone of the user by its IANA name, "Europe/Berlin".

    Raises:
        InvalidRequestError: Both lists of domains are set, a list is too long, or a value has the
            wrong type.

    Examples:
        >>> from xai_vision.tools import web_search
        >>> tool = web_search(allowed_domains=["nasa.gov"], enable_image_understanding=True)
    """
    name = "web_search"
    excluded, allowed = checks.exclusive_domains(
        name, excluded_domains=excluded_domains, allowed_domains=allowed_domains
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
        enable_image_search=checks.optional_boolean(
            f"{name}: enable_image_search", enable_image_search
        ),
        user_location=location if location.ByteSize() else None,
    )
    return chat_pb2.Tool(web_search=search)


def x_search(
    from_date: DateLike | None = None,
    to_date: DateLike | None = None,
    allowed_x_handles: StringList | None = None,
    excluded_x_handles: StringList | None = None,
    *,
    enable_image_understanding: bool | None = False,
    enable_video_understanding: bool | None = False,
) -> chat_pb2.Tool:
    """Let the model search posts on X.

    Args:
        from_date: The earliest time of a post: a datetime (UTC if it has no time zone), a date
            (its midnight in UTC), an ISO 8601 string, or a Timestamp.
        to_date: The latest time of a post, in the same forms.
        allowed_x_handles: The only accounts to search, without the @; at most 20.
        excluded_x_handles: Accounts to exclude, at most 20. Cannot be combined with
            ``allowed_x_handles``.
        enable_image_understanding: Whether the model may look at images in posts, by the tool
            ``view_image``. They cost image tokens.
        enable_video_understanding: Whether the model may look at videos in posts. They cost
            tokens.

    Raises:
        InvalidRequestError: ``from_date`` is after ``to_date``, both lists of accounts are set, a
            list is too long, or a value has the wrong type.

    Examples:
        >>> from datetime import date
        >>> from xai_vision.tools import x_search
        >>> tool = x_search(date(2025, 10, 1), date(2025, 10, 31), allowed_x_handles=["NASA"])
    """
    name = "x_search"
    start, end = date_range(name, from_date, to_date)
    allowed, excluded = checks.exclusive_handles(
        name, allowed_x_handles=allowed_x_handles, excluded_x_handles=excluded_x_handles
    )
    search = chat_pb2.XSearch(
        from_date=start,
        to_date=end,
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
    """Let the model generate and edit images.

    Args:
        action: "generate" for new images, "edit" for changes to images of the conversation, or
            "auto" for either. The service does not document its default.

    Raises:
        InvalidRequestError: ``action`` is none of these.
    """
    generation = chat_pb2.ImageGeneration()
    if action is not None:
        generation.action = checks.enum("image_generation: action", action, get_args(ImageAction))
    return chat_pb2.Tool(image_generation=generation)


def collections_search(
    collection_ids: StringList,
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
    """Let the model search the documents of collections.

    Args:
        collection_ids: The ids of the collections, at least one.
        limit: The maximum number of matches per search, at least 1. Default: the service's.
        instructions: Instructions for the model that searches.
        retrieval_mode: "keyword" to match words, "semantic" to match meanings, "hybrid" for both,
            or one of the three messages of ``documents_pb2`` with settings. Default: the
            service's.

    Raises:
        InvalidRequestError: There is no collection, or a value has the wrong type.
    """
    ids = checks.optional_strings("collections_search: collection_ids", collection_ids)
    if not ids:
        raise InvalidRequestError(
            "collections_search: collection_ids is empty. Pass at least one id"
        )
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
    allowed_tool_names: StringList | None = None,
    authorization: str | None = None,
    extra_headers: Mapping[str, str] | None = None,
) -> chat_pb2.Tool:
    """Let the model use the tools of a Model Context Protocol (MCP) server.

    Args:
        server_url: The server's public http or https URL. The service connects to it by
            Streamable HTTP or SSE.
        server_label: A prefix for the names of the server's tools, to distinguish servers.
        server_description: A description of the server for the model.
        allowed_tool_names: The only tools that the model may use. Default: all.
        authorization: The Authorization header for the server.
        extra_headers: Other headers for the server.

    Raises:
        InvalidRequestError: The URL is empty or not an http(s) URL, or a value has the wrong type.
    """
    url = checks.string("mcp: server_url", server_url, empty=False)
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("http", "https") or not rest.strip("/"):
        raise InvalidRequestError(
            f"mcp: server_url must be an http(s) URL, not {checks.short_repr(url)}"
        )
    headers = checks.mapping("mcp: extra_headers", {} if extra_headers is None else extra_headers)
    for name, value in headers.items():
        checks.string("mcp: a key of extra_headers", name, empty=False)
        checks.string(f"mcp: extra_headers[{name!r}]", value)
    server = chat_pb2.MCP(
        server_url=url,
        server_label=checks.optional_string("mcp: server_label", server_label) or "",
        server_description=checks.optional_string("mcp: server_description", server_description)
        or "",
        allowed_tool_names=checks.optional_strings("mcp: allowed_tool_names", allowed_tool_names),
        authorization=checks.optional_string("mcp: authorization", authorization),
        extra_headers=dict(headers),
    )
    return chat_pb2.Tool(mcp=server)


def get_tool_call_type(tool_call: chat_pb2.ToolCall) -> ToolCallType:
    """Return the kind of a tool call; you run only those of kind "client_side_tool".

    Args:
        tool_call: An element of ``response.tool_calls`` or ``chunk.tool_calls``.

    Returns:
        The kind; "invalid" if the service did not set it, and "unknown" for a kind that this
        package does not know (``tool_call.type`` is its number).
    """
    return _TYPES.get(tool_call.type, "unknown")


_TYPES: dict[int, ToolCallType] = {
    number: cast("ToolCallType", name.removeprefix("TOOL_CALL_TYPE_").lower())
    for name, number in chat_pb2.ToolCallType.items()
}


def _retrieval(mode: Any) -> dict[str, Any]:
    if mode is None:
        return {}
    for name, cls in _RETRIEVAL.items():
        with suppress(TypeError):
            return {f"{name}_retrieval": adopt(mode, cls)}
    # It is not one of the messages, so it must be a name.
    name = checks.enum("collections_search: retrieval_mode", mode, _RETRIEVAL)
    return {f"{name}_retrieval": _RETRIEVAL[name]()}


_RETRIEVAL: dict[str, Any] = {
    "hybrid": documents_pb2.HybridRetrieval,
    "semantic": documents_pb2.SemanticRetrieval,
    "keyword": documents_pb2.KeywordRetrieval,
}
