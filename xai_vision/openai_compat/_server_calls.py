"""Calls of tools that the service runs, as items of the Responses API.

``web_search_call``, ``code_interpreter_call``, ``file_search_call``, ``mcp_call`` and
``image_generation_call`` are documented. Everything else, what the agent does on X and
``view_image`` among it, is a ``custom_tool_call`` here: so sub-tools of ``x_search`` look, and for
the others no source was found (a guess).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision.openai_compat._values import check_keys, enum, mapping, string, strings, unsupported
from xai_vision.proto import chat_pb2

__all__ = ["ITEM_TYPES", "is_server_side", "lossless_item", "read_call", "to_item"]

_WEB = chat_pb2.TOOL_CALL_TYPE_WEB_SEARCH_TOOL
_X = chat_pb2.TOOL_CALL_TYPE_X_SEARCH_TOOL
_CODE = chat_pb2.TOOL_CALL_TYPE_CODE_EXECUTION_TOOL
_COLLECTIONS = chat_pb2.TOOL_CALL_TYPE_COLLECTIONS_SEARCH_TOOL
_MCP = chat_pb2.TOOL_CALL_TYPE_MCP_TOOL
_PAINT = chat_pb2.TOOL_CALL_TYPE_IMAGE_GENERATION_TOOL
_STATUS: Final = {
    chat_pb2.TOOL_CALL_STATUS_IN_PROGRESS: "in_progress",
    chat_pb2.TOOL_CALL_STATUS_COMPLETED: "completed",
    chat_pb2.TOOL_CALL_STATUS_INCOMPLETE: "incomplete",
    chat_pb2.TOOL_CALL_STATUS_FAILED: "failed",
}
_STATUS_OF: Final = {word: number for number, word in _STATUS.items()}
# What the agent calls on the web that has an action of its own; others are custom tool calls.
_WEB_ACTIONS: Final = ("web_search", "open_page", "browse_page", "find")


def is_server_side(call: chat_pb2.ToolCall) -> bool:
    """Whether the service runs it, and nobody has to answer it."""
    return call.type not in (
        chat_pb2.TOOL_CALL_TYPE_INVALID,
        chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
    )


def to_item(call: chat_pb2.ToolCall, result: str = "") -> dict[str, Any]:
    """Write a call.

    Args:
        call: The call.
        result: What the tool gave back, where that is known.
    """
    item = {"id": call.id, "status": _STATUS.get(call.status, "completed")}
    name = call.function.name
    if call.type == _WEB and name in _WEB_ACTIONS:
        return {"type": "web_search_call", **item, "action": _action(call)}
    write = _WRITE.get(call.type)
    if write is not None:
        return {**item, **write(call, result)}
    kind = {"type": "custom_tool_call", "call_id": call.id, "name": name}
    return {**item, **kind, "input": call.function.arguments}


def _arguments(call: chat_pb2.ToolCall) -> dict[str, Any]:
    try:
        found = json.loads(call.function.arguments or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


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


def _code(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    outputs = [{"type": "logs", "logs": result}] if result else None
    code = _arguments(call).get("code", "")
    return {
        "type": "code_interpreter_call",
        "code": code,
        "container_id": "",
        "outputs": outputs,
    }


def _collections(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    arguments = _arguments(call)
    queries = arguments.get("queries") or [arguments.get("query", "")]
    queries = [str(query) for query in queries]
    return {"type": "file_search_call", "queries": queries, "results": None}


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


def _painted(call: chat_pb2.ToolCall, result: str) -> dict[str, Any]:
    try:
        url = str(json.loads(result).get("result", ""))
    except (ValueError, AttributeError):
        url = ""
    prompt = _arguments(call).get("prompt")
    # The image's base64 alone, without the label of the data URL.
    made = url.partition(",")[2] or None
    return {"type": "image_generation_call", "result": made, "revised_prompt": prompt}


_WRITE: Final[dict[int, Callable[[chat_pb2.ToolCall, str], dict[str, Any]]]] = {
    _CODE: _code,
    _COLLECTIONS: _collections,
    _MCP: _mcp,
    _PAINT: _painted,
}
_Read = Callable[[Mapping[str, Any], str], "tuple[str, str]"]
_ITEM_KEYS: Final = ("type", "id", "status")


def _dumped(**arguments: Any) -> str:
    return json.dumps({key: one for key, one in arguments.items() if one is not None})


def _read_web(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "action"), where)
    action = mapping(f"{where}.action", item.get("action") or {})
    names = {"search": "web_search", "open_page": "open_page", "find": "find"}
    names["find_in_page"] = "find"
    name = enum(f"{where}.action.type", action.get("type") or "search", names)
    kept = ("query", "url", "source", "pattern")
    # What was found the service knows.
    check_keys(action, ("type", "sources", "queries", *kept), f"{where}.action")
    said: dict[str, Any] = {
        key: string(f"{where}.action.{key}", action[key]) for key in kept if _set(action, key)
    }
    queries = strings(f"{where}.action.queries", action.get("queries") or ())
    if queries and queries != [said.get("query")]:
        said["queries"] = queries
    return name, _dumped(**said)


def _set(value: Mapping[str, Any], key: str) -> bool:
    return value.get(key) is not None


def _read_code(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "code", "container_id", "outputs"), where)
    return "code_execution", _dumped(code=string(f"{where}.code", item.get("code") or ""))


def _read_collections(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "queries", "results"), where)
    queries = strings(f"{where}.queries", item.get("queries") or [""])
    if len(queries) == 1:
        return "collections_search", _dumped(query=queries[0])
    return "collections_search", _dumped(queries=queries)


def _read_mcp(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    keys = ("server_label", "name", "arguments", "output", "error")
    check_keys(item, (*_ITEM_KEYS, *keys), where)
    label, name, arguments = (string(f"{where}.{key}", item.get(key) or "") for key in keys[:3])
    return ".".join(filter(None, (label, name))), arguments


def _read_painted(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "revised_prompt", "result"), where)
    prompt = string(f"{where}.revised_prompt", item.get("revised_prompt") or "")
    return "image_generation", _dumped(prompt=prompt)


def _read_custom(item: Mapping[str, Any], where: str) -> tuple[str, str]:
    check_keys(item, (*_ITEM_KEYS, "call_id", "name", "input"), where)
    name = string(f"{where}.name", item.get("name"))
    return name, string(f"{where}.input", item.get("input") or "")


_READ: Final[dict[str, tuple[chat_pb2.ToolCallType.ValueType, _Read]]] = {
    "web_search_call": (_WEB, _read_web),
    "code_interpreter_call": (_CODE, _read_code),
    "file_search_call": (_COLLECTIONS, _read_collections),
    "mcp_call": (_MCP, _read_mcp),
    "image_generation_call": (_PAINT, _read_painted),
    "custom_tool_call": (_WEB, _read_custom),
}
ITEM_TYPES: Final = frozenset(_READ)


def read_call(item: Mapping[str, Any], where: str) -> chat_pb2.ToolCall:
    """Read an item of one of ``ITEM_TYPES``, as programs send it back in the next turn.

    What the tool gave back (outputs, results, sources) is not read: the service has it.

    Raises:
        TranslationError: An unknown key, or a value of a wrong type.
    """
    kind = item["type"]
    number, read = _READ[kind]
    name, arguments = read(item, where)
    call = chat_pb2.ToolCall(
        id=string(f"{where}.id", item.get("call_id") or item.get("id") or ""),
        type=_custom(name) if kind == "custom_tool_call" else number,
        status=enum(f"{where}.status", item.get("status") or "completed", _STATUS_OF),
        function=chat_pb2.FunctionCall(name=name, arguments=arguments),
    )
    if _set(item, "error"):
        call.error_message = string(f"{where}.error", item["error"])
    return call


def lossless_item(call: chat_pb2.ToolCall, where: str) -> dict[str, Any]:
    """Write a call so that nothing of it is lost.

    Raises:
        TranslationError: No item says all of it.
    """
    custom = {"type": "custom_tool_call", "call_id": call.id, "name": call.function.name}
    custom |= {"id": call.id, "status": _STATUS.get(call.status, "completed")}
    custom["input"] = call.function.arguments
    for item in (to_item(call), custom):
        if _comparable(read_call(item, where)) == _comparable(call):
            return item
    name = checks.short_repr(call.function.name)
    what = f"the Responses API has no item that says all of this call of {name}"
    raise unsupported(where, what)


def _comparable(call: chat_pb2.ToolCall) -> list[Any]:
    said: Any = call.function.arguments
    with contextlib.suppress(ValueError):
        said = json.loads(said)
    return [call.id, call.type, call.status, call.function.name, said, call.error_message]


def _custom(name: str) -> chat_pb2.ToolCallType.ValueType:
    if name.startswith(("x_", "view_x_")):
        return _X
    if name == "attachment_search":
        return chat_pb2.TOOL_CALL_TYPE_ATTACHMENT_SEARCH_TOOL
    return _WEB
