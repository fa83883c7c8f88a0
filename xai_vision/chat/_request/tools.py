"""Everything that may stand in ``tools=[...]``, as ``chat_pb2.Tool``.

Besides the messages that ``xai_vision.tools`` and ``tool(...)`` make, xai_sdk's too, these are
taken:

* a Python function, or a Pydantic model class, as ``tool()`` takes it;
* a dict with ``"type"``, in the form of the documents, where the options stand under the type's
  name (``{"type": "web_search", "web_search": {"enable_image_understanding": True}}``), or in
  that of the Responses API, where they stand beside it (``{"type": "web_search",
  "enable_image_understanding": True}``). Options are called as the parameters of the functions in
  ``xai_vision.tools``; what the Responses API calls otherwise (``filters``, ``user_location``,
  ``vector_store_ids``, ``max_num_results``, ``allowed_tools``, ``headers``) is taken too. An
  option that is None counts as left out, an unknown one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision import tools
from xai_vision.chat._messages.content import is_proto
from xai_vision.chat._request.function_tool import is_function, tool
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from pydantic import BaseModel

    ToolLike: TypeAlias = chat_pb2.Tool | Mapping[str, Any] | Callable[..., Any] | type[BaseModel]
    """One element of ``tools=``."""


def coerce_tool(name: str, value: ToolLike) -> chat_pb2.Tool:
    """Make a tool of one element of ``tools=``.

    Args:
        name: What to call it in errors, such as ``tools[0]``.
        value: See this module's docstring.

    Raises:
        InvalidRequestError: It is none of these, or one of its options is unknown or wrong.
    """
    if is_proto(value, "xai_api.Tool"):
        adopted = adopt(value, chat_pb2.Tool)
        if not adopted.ByteSize():
            raise InvalidRequestError(f"{name} is a Tool message with nothing in it")
        return adopted
    try:
        if isinstance(value, Mapping):
            return _from_dict(value)
        if is_function(value):
            return tool(_called(value))
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{name}: {error}") from error.__cause__
    raise InvalidRequestError(
        f"{name} must be what tool() or a function of xai_vision.tools returns, a dict such as "
        "{'type': 'web_search'}, a Python function or a Pydantic model class, "
        f"not {value!r:.80}"
    )


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(function, "__module__", None) in ("xai_vision.tools", "xai_sdk.tools"):
        name = function.__name__
        raise InvalidRequestError(f"{name} is the function itself: call it, {name}()")
    return function


def _from_dict(value: Mapping[str, Any]) -> chat_pb2.Tool:
    # Imported on use: most tools are no dicts.
    from xai_vision.openai_compat._tools import tool_options

    kind, options = tool_options(value)
    return _MAKERS[kind](**options)


def _function(
    name: str, description: str | None = None, parameters: Any = None, strict: bool = False
) -> chat_pb2.Tool:
    return tool(name, description, parameters, strict=strict)


def _attachment_search(limit: int | None = None) -> chat_pb2.Tool:
    most = checks.optional_integer("attachment_search: limit", limit, 1)
    return chat_pb2.Tool(attachment_search=chat_pb2.AttachmentSearch(limit=most))


_MAKERS: dict[str, Callable[..., chat_pb2.Tool]] = {
    "function": _function,
    "web_search": tools.web_search,
    "x_search": tools.x_search,
    "code_execution": tools.code_execution,
    "image_generation": tools.image_generation,
    "collections_search": tools.collections_search,
    "attachment_search": _attachment_search,
    "mcp": tools.mcp,
}
