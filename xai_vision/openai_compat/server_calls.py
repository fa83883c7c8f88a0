"""Calls of tools that the service runs, as items of the Responses API.

``web_search_call``, ``code_interpreter_call``, ``file_search_call``, ``mcp_call`` and
``image_generation_call`` are documented. Everything else, what the agent does on X and
``view_image`` among it, is a ``custom_tool_call`` here: so sub-tools of ``x_search`` look, and for
the others no source was found (a guess).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision.openai_compat.values import text, wrong
from xai_vision.proto import chat_pb2

__all__ = ["ITEM_TYPES", "is_server_side", "item_of", "read_call"]

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


def item_of(call: chat_pb2.ToolCall, result: str = "") -> dict[str, Any]:
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
    queries = [str(_arguments(call).get("query", ""))]
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
    # The picture's base64 alone, without the label of the data URL.
    made = url.partition(",")[2] or None
    return {"type": "image_generation_call", "result": made, "revised_prompt": prompt}


_WRITE: Final[dict[int, Callable[[chat_pb2.ToolCall, str], dict[str, Any]]]] = {
    _CODE: _code,
    _COLLECTIONS: _collections,
    _MCP: _mcp,
    _PAINT: _painted,
}
_Read = Callable[[Mapping[str, Any]], tuple[str, Any]]


def _read_action(item: Mapping[str, Any]) -> tuple[str, Any]:
    action = item.get("action")
    if not isinstance(action, Mapping):
        return "web_search", {}
    name = {"open_page": "open_page", "find": "find", "find_in_page": "find"}.get(
        str(action.get("type")), "web_search"
    )
    kept = ("query", "url", "source", "pattern")
    return name, {key: action[key] for key in kept if action.get(key) is not None}


_READ: Final[dict[str, tuple[chat_pb2.ToolCallType.ValueType, _Read]]] = {
    "web_search_call": (_WEB, _read_action),
    "code_interpreter_call": (
        _CODE,
        lambda item: ("code_execution", {"code": item.get("code") or ""}),
    ),
    "file_search_call": (
        _COLLECTIONS,
        lambda item: ("collections_search", {"query": next(iter(item.get("queries") or ()), "")}),
    ),
    "mcp_call": (
        _MCP,
        lambda item: (
            ".".join(filter(None, (item.get("server_label"), item.get("name")))),
            item.get("arguments") or "",
        ),
    ),
    "image_generation_call": (
        _PAINT,
        lambda item: ("image_generation", {"prompt": item.get("revised_prompt") or ""}),
    ),
}
ITEM_TYPES: Final = frozenset((*_READ, "custom_tool_call"))


def read_call(item: Mapping[str, Any], where: str) -> chat_pb2.ToolCall:
    """Read an item of one of ``ITEM_TYPES``, as programs send it back in the next turn.

    Raises:
        TranslationError: A value of a wrong type.
    """
    kind = item["type"]
    if kind == "custom_tool_call":
        name = text(f"{where}.name", item.get("name"))
        number, arguments = _custom(name), item.get("input") or ""
    else:
        number, read = _READ[kind]
        try:
            name, arguments = read(item)
        except (TypeError, AttributeError):
            raise wrong(where, f"a {kind}", dict(item)) from None
    status = item.get("status") or "completed"
    if not isinstance(status, str):
        raise wrong(f"{where}.status", "a string", status)
    return chat_pb2.ToolCall(
        id=text(f"{where}.id", item.get("call_id") or item.get("id") or ""),
        type=number,
        status=_STATUS_OF.get(status, chat_pb2.TOOL_CALL_STATUS_COMPLETED),
        function=chat_pb2.FunctionCall(
            name=text(f"{where}.name", name),
            arguments=arguments if isinstance(arguments, str) else json.dumps(arguments),
        ),
    )


def _custom(name: str) -> chat_pb2.ToolCallType.ValueType:
    if name.startswith(("x_", "view_x_")):
        return _X
    if name == "attachment_search":
        return chat_pb2.TOOL_CALL_TYPE_ATTACHMENT_SEARCH_TOOL
    return _WEB
