"""The ``input`` of the Responses API: a string, or a list of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat import _server_calls as server_calls
from xai_vision.openai_compat._messages import check_role_fields, read_message
from xai_vision.openai_compat._parsed_message import ROLES, ParsedMessage, Part
from xai_vision.openai_compat._parts import read_part, read_parts, write_parts
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    check_type,
    enum_name,
    invalid_value,
    mapping,
    sequence,
    string,
    unknown_keys_ignored,
    unsupported,
)
from xai_vision.proto import chat_pb2

_PART_TYPES: Final = ("input_text", "input_image", "input_file")
_CLIENT_SIDE = chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL


def read_input(value: Any, path: str = "input") -> list[ParsedMessage]:
    """Read ``input``.

    Besides the documented items, content parts may stand in the list without a message, as in
    xAI's own example; consecutive parts become one user message.

    Items of one model turn (reasoning, text, calls) become one message, as in gRPC. ``id`` and
    ``status`` of items are ignored, as the service does not read them.

    Raises:
        TranslationError: An entry is not a supported item; the message gives its path.
    """
    if isinstance(value, str):
        return [ParsedMessage("user", [string(path, value)])]
    messages: list[ParsedMessage] = []
    parts: list[Part] | None = None
    for index, item in enumerate(sequence(path, value)):
        item_path = f"{path}[{index}]"
        if mapping(item_path, item).get("type") in _PART_TYPES:
            if parts is None:
                parts = []
                messages.append(ParsedMessage("user", parts))
            parts.append(read_part(item, item_path))
            continue
        parts = None
        starts_turn = item.get("type") == "reasoning"
        _append(messages, _read_item(item, item_path), starts_turn=starts_turn)
    return messages


def _append(messages: list[ParsedMessage], message: ParsedMessage, *, starts_turn: bool) -> None:
    """Append a message, or merge it into the last one if both belong to one model turn."""
    last = messages[-1] if messages else None
    # A turn has its reasoning first, then text, then calls; any other order starts a new turn.
    same_turn = (
        last is not None
        and last.role == message.role == "assistant"
        and not starts_turn
        and not (message.parts and (last.parts or last.tool_calls))
    )
    if last is None or not same_turn:
        messages.append(message)
        return
    last.parts += message.parts
    last.tool_calls += message.tool_calls


def _read_item(item: Mapping[str, Any], path: str) -> ParsedMessage:
    kind = item.get("type", "message")
    if kind == "message":
        return _message(item, path)
    if kind == "function_call":
        return ParsedMessage("assistant", tool_calls=[_function_call(item, path)])
    if kind == "function_call_output":
        check_keys(item, ("type", "id", "call_id", "output", "status"), path)
        call_id = string(f"{path}.call_id", item.get("call_id"))
        if item.get("output") is None:
            raise invalid_value(f"{path}.output", "a string or a list of parts", None)
        return ParsedMessage("tool", read_parts(item["output"], path), tool_call_id=call_id)
    if kind == "reasoning":
        return _reasoning(item, path)
    if isinstance(kind, str) and kind in server_calls.ITEM_TYPES:
        return ParsedMessage("assistant", tool_calls=[server_calls.read_call(item, path)])
    known = ("message", "function_call", "function_call_output", "reasoning", *_PART_TYPES)
    supported = ", ".join(map(repr, known))
    raise TranslationError(
        f"{path} has type {short_repr(kind)}; supported types are {supported}", key=path
    )


def _message(item: Mapping[str, Any], path: str) -> ParsedMessage:
    if item.get("role") == "tool":
        raise TranslationError(
            f"{path}: the Responses API has no tool messages. Pass the result of a call as a "
            "function_call_output item",
            key=path,
        )
    other_api = [k for k in ("tool_calls", "name", "reasoning_content") if item.get(k)]
    if other_api and not unknown_keys_ignored():
        raise unsupported(f"{path}.{other_api[0]}", f"a message item has no {other_api[0]}")
    return read_message({k: value for k, value in item.items() if k not in other_api}, path)


def _function_call(item: Mapping[str, Any], path: str) -> chat_pb2.ToolCall:
    # "parsed_arguments" comes from openai's parsing helpers.
    allowed = ("type", "id", "call_id", "name", "arguments", "status", "parsed_arguments")
    check_keys(item, allowed, path)
    function = chat_pb2.FunctionCall(
        name=string(f"{path}.name", item.get("name")),
        arguments=string(f"{path}.arguments", item.get("arguments")),
    )
    call_id = string(f"{path}.call_id", item.get("call_id"))
    return chat_pb2.ToolCall(id=call_id, type=_CLIENT_SIDE, function=function)


def _reasoning(item: Mapping[str, Any], path: str) -> ParsedMessage:
    reasons = {"content": "send reasoning back as summary or encrypted_content"}
    known = ("type", "id", "summary", "encrypted_content", "status")
    check_keys({**item, "content": item.get("content") or None}, known, path, reasons)
    summaries = [
        _summary(part, f"{path}.summary[{index}]")
        for index, part in enumerate(sequence(f"{path}.summary", item.get("summary") or ()))
    ]
    encrypted = item.get("encrypted_content") or ""
    # An item without any text still needs a reasoning field: it starts a turn of its own.
    reasoning = "\n".join(summaries) if any(summaries) or not encrypted else None
    encrypted = string(f"{path}.encrypted_content", encrypted)
    return ParsedMessage("assistant", reasoning=reasoning, encrypted_content=encrypted)


def _summary(part: Any, path: str) -> str:
    check_type(mapping(path, part), "summary_text", path)
    check_keys(part, ("type", "text"), path)
    return string(f"{path}.text", part.get("text"))


def from_messages(messages: list[chat_pb2.Message], start: int = 0) -> list[dict[str, Any]]:
    """Write messages as items.

    Args:
        messages: The messages.
        start: The index of the first message in its request, for errors.

    Raises:
        TranslationError: The Responses API cannot express a field; the message names it.
    """
    items: list[dict[str, Any]] = []
    for index, message in enumerate(messages, start):
        items += _items(message, f"messages[{index}]")
    return items


def _items(message: chat_pb2.Message, path: str) -> list[dict[str, Any]]:
    if message.name:
        raise unsupported(f"{path}.name", "the Responses API has no names")
    check_role_fields(message, path)
    if message.role != chat_pb2.ROLE_ASSISTANT and message.encrypted_content:
        raise unsupported(
            f"{path}.encrypted_content", "only messages of ROLE_ASSISTANT can have it"
        )
    if message.role == chat_pb2.ROLE_TOOL:
        if not message.HasField("tool_call_id"):
            raise unsupported(f"{path}.tool_call_id", "a function_call_output item needs it")
        output = write_parts(message, "responses", path)
        call_id = message.tool_call_id
        return [{"type": "function_call_output", "call_id": call_id, "output": output}]
    role = enum_name(f"{path}.role", message.role, ROLES)
    items: list[dict[str, Any]] = []
    if role == "assistant" and (message.HasField("reasoning_content") or message.encrypted_content):
        items.append(write_reasoning(message))
    if message.content:
        items.append({"role": role, "content": write_parts(message, "responses", path)})
    items += [_call_item(call, f"{path}.tool_calls") for call in message.tool_calls]
    return items


def write_reasoning(message: chat_pb2.Message | chat_pb2.CompletionMessage) -> dict[str, Any]:
    """Write a message's reasoning as an item without an id."""
    text = message.reasoning_content
    summary = [{"type": "summary_text", "text": text}] if text else []
    item: dict[str, Any] = {"type": "reasoning", "summary": summary}
    if message.encrypted_content:
        item["encrypted_content"] = message.encrypted_content
    return item


def _call_item(call: chat_pb2.ToolCall, path: str) -> dict[str, Any]:
    if server_calls.is_server_side(call):
        return server_calls.lossless_item(call, path)
    if call.error_message:
        raise unsupported(f"{path}.error_message", "a function call has no error message")
    return write_function_call(call)


def write_function_call(call: chat_pb2.ToolCall) -> dict[str, Any]:
    """Write a function call as an item without an id."""
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.function.name,
        "arguments": call.function.arguments,
    }
