"""Convert the elements of ``tools=[...]`` to ``chat_pb2.Tool``.

Besides the messages that ``xai_vision.tools``, ``tool(...)`` and xai_sdk make, an element may be:

* a Python function, a callable object or a Pydantic model class, as for ``tool()``;
* a dict with ``"type"``. In the form of xAI's documentation, the options are under the type's name:
  ``{"type": "web_search", "web_search": {"enable_image_understanding": True}}``. In the form of
  the Responses API, they are next to it: ``{"type": "web_search", "enable_image_understanding":
  True}``. Options have the names of the parameters of the functions in ``xai_vision.tools``. The
  Responses API's names (``filters``, ``user_location``, ``vector_store_ids``,
  ``max_num_results``, ``allowed_tools``, ``headers``) are accepted too. An option that is None
  counts as left out; an unknown option is an error.
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
    """Convert one element of ``tools=``.

    Args:
        name: The element's name in error messages, such as ``tools[0]``.
        value: The element, in one of the forms that this module's docstring lists.

    Raises:
        InvalidRequestError: It has another form, or one of its options is unknown or invalid.
    """
    if is_proto(value, "xai_api.Tool"):
        adopted = adopt(value, chat_pb2.Tool)
        if not adopted.ByteSize():
            raise InvalidRequestError(f"{name} is an empty Tool message. Set one of its fields")
        return adopted
    try:
        if isinstance(value, Mapping):
            return _from_dict(value)
        if is_function(value):
            _reject_uncalled(value)
            return tool(value)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{name}: {error}") from error.__cause__
    raise InvalidRequestError(
        f"{name} must be what tool() or a function of xai_vision.tools returns, a dict such as "
        "{'type': 'web_search'}, a Python function or a Pydantic model class, "
        f"not {checks.short_repr(value)}"
    )


def _reject_uncalled(function: Callable[..., Any]) -> None:
    if getattr(function, "__module__", None) in ("xai_vision.tools", "xai_sdk.tools"):
        name = function.__name__
        raise InvalidRequestError(f"{name} is a function that makes a tool. Call it: {name}()")


def _from_dict(value: Mapping[str, Any]) -> chat_pb2.Tool:
    # Imported on use: most tools are not dicts.
    from xai_vision.openai_compat._tools import tool_options

    kind, options = tool_options(value)
    return _FACTORIES[kind](**options)


def _function(
    name: str, description: str | None = None, parameters: Any = None, strict: bool = False
) -> chat_pb2.Tool:
    return tool(name, description, parameters, strict=strict)


def _attachment_search(limit: int | None = None) -> chat_pb2.Tool:
    limit = checks.optional_integer("attachment_search: limit", limit, 1)
    return chat_pb2.Tool(attachment_search=chat_pb2.AttachmentSearch(limit=limit))


_FACTORIES: dict[str, Callable[..., chat_pb2.Tool]] = {
    "function": _function,
    "web_search": tools.web_search,
    "x_search": tools.x_search,
    "code_execution": tools.code_execution,
    "image_generation": tools.image_generation,
    "collections_search": tools.collections_search,
    "attachment_search": _attachment_search,
    "mcp": tools.mcp,
}
