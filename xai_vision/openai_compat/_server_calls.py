"""Calls of server-side tools, as items of the Responses API.

``web_search_call``, ``code_interpreter_call``, ``file_search_call``, ``mcp_call`` and
``image_generation_call`` are documented. Every other call, including the sub-tools of ``x_search``
and ``view_image``, becomes a ``custom_tool_call``. That is documented for ``x_search``; for the
others it is an assumption.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat._values import check_keys, enum, mapping, string, strings, unsupported
from xai_vision.proto import chat_pb2

_WEB = chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL
_X = chat_pb2.TOOL_CALL_TYPE_X_SEARCH_TOOL
_CODE = chat_pb2.TOOL_CALL_TYPE_CODE_EXECUTION_TOOL
_COLLECTIONS = chat_pb2.TOOL_CALL_TYPE_COLLECTIONS_SEARCH_TOOL
_MCP = chat_pb2.TOOL_CALL_TYPE_MCP_TOOL
_IMAGE_GENERATION = chat_pb2.TOOL_CALL_TYPE_IMAGE_GENERATION_TOOL
_STATUS_NAMES: Final = {
    chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS: "in_progress",
    chat_pb2.TOOL_CALL_STATUS_COMPLETED: "completed",
    chat_pb2.TOOL_CALL_STATUS_INCOMPLETE: "incomplete",
    chat_pb2.TOOL_CALL_STATUS_FAILED: "failed",
}
_STATUSES: Final = {name: number for number, name in _STATUS_NAMES.items()}
# The functions of web search that have an action; other functions become custom tool calls.
_WEB_ACTIONS: Final = ("web_search", "open_page", "browse_page", "find")


def is_server_side(call: chat_pb2.ToolCall) -> bool:
    """Return whether the service runs the call, so that the program need not answer it."""
    return call.type not in (
        chat_pb2.TOOL_CALL_TYPE_INVALID,
        chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
    )


def to_item(call: chat_pb2.ToolCall, result: str = "") -> dict[str, Any]:
    """Write a call as an item.

    Args:
        call: The call.
        result: The tool's result, if known.
    """
    item = {"id": call.id, "status": _STATUS_NAMES.get(call.status, "completed")}
    name = call.function.name
    if call.type == _WEB and name in _WEB_ACTIONS:
        return {"type": "web_search_call", **item, "action": _action(call)}
    write = _WRITERS.get(call.type)
    if write is not None:
        return {**item, **write(call, result)}
    kind = {"type": "custom_tool_call", "call_id": call.id, "name": name}
    return {**item, **kind, "input": call.function.arguments}


def _arguments(call: chat_pb2.ToolCall) -> dict[str, Any]:
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _action(call: chat_pb2.ToolCall) -> dict[str, Any]:
    arguments = _arguments(call)
    if call.function.name in ("open_page", "browse_page"):
        return {"type": "open_page", "url": str(arguments.get("url", ""))}
    if call.function.name == "find":
        return {
            "type": "find",
            "source": str(arguments.get("source", "")),
            "pattern": str(arguments.get("pattern", "")),
        }
    return {"type": "search", "query": str(arguments.get("query", "")), "sources": []}


def _code_interpreter(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    return {
        "type": "code_interpreter_call",
        "code": _arguments(call).get("code", ""),
        "container_id": "",
        "outputs": [{"type": "logs", "logs": result}] if result else None,
    }


def _file_search(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    arguments = _arguments(call)
    queries = arguments.get("queries") or [arguments.get("query", "")]
    return {"type": "file_search_call", "queries": [str(q) for q in queries], "results": None}


def _mcp(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    label, _, name = call.function.name.rpartition(".")
    return {
        "type": "mcp_call",
        "server_label": label,
        "name": name,
        "arguments": call.function.arguments,
        "output": result or None,
        "error": call.error_message if call.HasField("error_message") else None,
    }


def _image_generation(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    try:
        url = str(json.loads(result).get("result", ""))
    except (ValueError, RecursionError, AttributeError):
        url = ""
    return {
        "type": "image_generation_call",
        # The item holds base64 without the prefix of a data URL.
        "result": url.partition(",")[2] or None,
        "revised_prompt": _arguments(call).get("prompt"),
    }


_WRITERS: Final[dict[int, Callable[[chat_pb2.ToolCall, str], dict[str, Any]]]] = {
    _CODE: _code_interpreter,
    _COLLECTIONS: _file_search,
    _MCP: _mcp,
    _IMAGE_GENERATION: _image_generation,
}
_Reader = Callable[[Mapping[str, Any], str], "tuple[str, str]"]
_ITEM_KEYS: Final = ("type", "id", "status")


def _dump_arguments(**arguments: Any) -> str:
    return json.dumps({name: value for name, value in arguments.items() if value is not None})


def _read_web_search(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "action"), path)
    action = mapping(f"{path}.action", item.get("action") or {})
    functions = {"search": "web_search", "open_page": "open_page", "find": "find"}
    functions["find_in_page"] = "find"
    name = enum(f"{path}.action.type", action.get("type") or "search", functions)
    keys = ("query", "url", "source", "pattern")
    # "sources" is accepted but not read: the service has the results.
    check_keys(action, ("type", "sources", "queries", *keys), f"{path}.action")
    arguments: dict[str, Any] = {
        key: string(f"{path}.action.{key}", action[key])
        for key in keys
        if action.get(key) is not None
    }
    queries = strings(f"{path}.action.queries", action.get("queries") or ())
    if queries and queries != [arguments.get("query")]:
        arguments["queries"] = queries
    return name, _dump_arguments(**arguments)


def _read_code_interpreter(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "code", "container_id", "outputs"), path)
    code = string(f"{path}.code", item.get("code") or "")
    return "code_execution", _dump_arguments(code=code)


def _read_file_search(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "queries", "results"), path)
    queries = strings(f"{path}.queries", item.get("queries") or [""])
    if len(queries) == 1:
        return "collections_search", _dump_arguments(query=queries[0])
    return "collections_search", _dump_arguments(queries=queries)


def _read_mcp(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    keys = ("server_label", "name", "arguments", "output", "error")
    check_keys(item, (*_ITEM_KEYS, *keys), path)
    label, name, arguments = (string(f"{path}.{key}", item.get(key) or "") for key in keys[:3])
    return ".".join(filter(None, (label, name))), arguments


def _read_image_generation(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "revised_prompt", "result"), path)
    prompt = string(f"{path}.revised_prompt", item.get("revised_prompt") or "")
    return "image_generation", _dump_arguments(prompt=prompt)


def _read_custom(item: Mapping[str, Any], path: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "call_id", "name", "input"), path)
    name = string(f"{path}.name", item.get("name"))
    return name, string(f"{path}.input", item.get("input") or "")


_READERS: Final[dict[str, tuple[chat_pb2.ToolCallType.ValueType, _Reader]]] = {
    "web_search_call": (_WEB, _read_web_search),
    "code_interpreter_call": (_CODE, _read_code_interpreter),
    "file_search_call": (_COLLECTIONS, _read_file_search),
    "mcp_call": (_MCP, _read_mcp),
    "image_generation_call": (_IMAGE_GENERATION, _read_image_generation),
    "custom_tool_call": (_WEB, _read_custom),
}
ITEM_TYPES: Final = frozenset(_READERS)


def read_call(item: Mapping[str, Any], path: str) -> chat_pb2.ToolCall:
    """Read an item whose type is in ``ITEM_TYPES`` and that a program sends back.

    The tool's results (outputs, results, sources) are not read, as the service has them.

    Raises:
        TranslationError: A key is unknown, or a value is of a wrong type.
    """
    kind = item["type"]
    call_type, read = _READERS[kind]
    name, arguments = read(item, path)
    call = chat_pb2.ToolCall(
        id=string(f"{path}.id", item.get("call_id") or item.get("id") or ""),
        type=_custom_type(name) if kind == "custom_tool_call" else call_type,
        status=enum(f"{path}.status", item.get("status") or "completed", _STATUSES),
        function=chat_pb2.FunctionCall(name=name, arguments=arguments),
    )
    if kind == "mcp_call" and item.get("error") is not None:
        call.error_message = string(f"{path}.error", item["error"])
    return call


def lossless_item(call: chat_pb2.ToolCall, path: str) -> dict[str, Any]:
    """Write a call as an item that ``read_call`` reads back without loss.

    Raises:
        TranslationError: No item can express the call.
    """
    custom = {"type": "custom_tool_call", "call_id": call.id, "name": call.function.name}
    custom |= {"id": call.id, "status": _STATUS_NAMES.get(call.status, "completed")}
    custom["input"] = call.function.arguments
    for item in (to_item(call), custom):
        if _comparable(read_call(item, path)) == _comparable(call):
            return item
    name = short_repr(call.function.name)
    raise unsupported(path, f"no item of the Responses API can express this call of {name}")


def _comparable(call: chat_pb2.ToolCall) -> list[Any]:
    arguments: Any = call.function.arguments
    with contextlib.suppress(ValueError, RecursionError):
        arguments = json.loads(arguments)
    return [call.id, call.type, call.status, call.function.name, arguments, call.error_message]


def _custom_type(name: str) -> chat_pb2.ToolCallType.ValueType:
    if name.startswith(("x_", "view_x_")):
        return _X
    if name == "attachment_search":
        return chat_pb2.TOOL_CALL_TYPE_ATTACHMENT_SEARCH_TOOL
    return _WEB
