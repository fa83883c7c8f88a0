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

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision import checks, tools
from xai_vision.chat.content import is_proto
from xai_vision.chat.functions import is_function, tool
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2
from xai_vision.proto.convert import adopt

if TYPE_CHECKING:
    from pydantic import BaseModel

    ToolLike: TypeAlias = chat_pb2.Tool | Mapping[str, Any] | Callable[..., Any] | type[BaseModel]
    """One element of ``tools=``."""


def as_tool(name: str, value: ToolLike) -> chat_pb2.Tool:
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
    given = dict(value)
    kind = given.pop("type", None)
    if not isinstance(kind, str):
        raise InvalidRequestError("a tool's dict has a 'type', such as 'web_search' or 'function'")
    form = _FORMS.get(_SYNONYMS.get(kind, kind))
    if form is None:
        raise InvalidRequestError(f"no tool has the type {kind!r}{_meant(kind, _FORMS)}")
    nested = given.pop(kind, None)
    if not (nested is None or isinstance(nested, Mapping)):
        raise InvalidRequestError(f"{kind}: {kind!r} must hold a dict, not {nested!r:.80}")
    options: dict[str, Any] = {}
    for part in (nested or {}, given):
        _collect(kind, part, form.keys, options)
    for name in form.required:
        if name not in options:
            raise InvalidRequestError(f"{kind} needs {name!r}")
    return form.make(**options)


_Keys: TypeAlias = "Mapping[str, str | Mapping[str, Any] | None]"
"""Which parameter each key is, or which each key of the dict under it is; None for no matter."""


def _collect(kind: str, part: Mapping[str, Any], keys: _Keys, options: dict[str, Any]) -> None:
    for key, value in part.items():
        if key not in keys:
            raise InvalidRequestError(f"{kind} has no key {key!r}{_meant(key, keys)}")
        parameter = keys[key]
        if value is None or parameter is None:
            continue
        if isinstance(parameter, str):
            if parameter in options:
                raise InvalidRequestError(f"{kind}: {key!r} is given twice")
            options[parameter] = value
        elif isinstance(value, Mapping):
            _collect(f"{kind}: {key}", value, parameter, options)
        else:
            raise InvalidRequestError(f"{kind}: {key!r} must hold a dict, not {value!r:.80}")


def _meant(word: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(map(repr, known)) or 'none'}"


class _Form:
    """What a type's dict may hold: the parameters of a function, and other names for them."""

    def __init__(
        self, make: Callable[..., chat_pb2.Tool], **others: str | Mapping[str, Any]
    ) -> None:
        parameters = inspect.signature(make).parameters
        self.make = make
        self.keys: _Keys = {**{name: name for name in parameters}, **others}
        self.required = [name for name, one in parameters.items() if one.default is one.empty]


def _function(
    name: str, description: str | None = None, parameters: Any = None, strict: bool = False
) -> chat_pb2.Tool:
    return tool(name, description, parameters, strict=strict)


def _attachment_search(limit: int | None = None) -> chat_pb2.Tool:
    most = checks.whole("attachment_search: limit", limit, 1)
    return chat_pb2.Tool(attachment_search=chat_pb2.AttachmentSearch(limit=most))


_LOCATION = {key: f"user_location_{key}" for key in ("country", "city", "region", "timezone")}

_FORMS = {
    "function": _Form(_function),
    "web_search": _Form(
        tools.web_search,
        filters={key: key for key in ("allowed_domains", "excluded_domains")},
        # The type is always "approximate", and no field of the message.
        user_location=_LOCATION | {"type": None},
    ),
    "x_search": _Form(tools.x_search),
    "code_execution": _Form(tools.code_execution),
    "image_generation": _Form(tools.image_generation),
    "collections_search": _Form(
        tools.collections_search, vector_store_ids="collection_ids", max_num_results="limit"
    ),
    "attachment_search": _Form(_attachment_search),
    "mcp": _Form(tools.mcp, allowed_tools="allowed_tool_names", headers="extra_headers"),
}
# What the Responses API calls them.
_SYNONYMS = {"code_interpreter": "code_execution", "file_search": "collections_search"}
