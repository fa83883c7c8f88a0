"""A conversation as the Responses API has it: a text, or a list of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision.openai_compat import _server_calls as server_calls
from xai_vision.openai_compat._messages import misplaced, read_message
from xai_vision.openai_compat._parsed_message import ROLES, Part, Said
from xai_vision.openai_compat._parts import read_part, read_parts, responses_parts
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    check_type,
    listed,
    text,
    unsupported,
    wrong,
)
from xai_vision.proto import chat_pb2

__all__ = ["from_messages", "read_input"]

_BARE: Final = ("input_text", "input_image", "input_file")
_WORDS: Final = {number: word for word, number in ROLES.items() if word != "tool"}
_CLIENT_SIDE = chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL


def read_input(value: Any, where: str = "input") -> list[Said]:
    """Read ``input``.

    Besides what is documented, parts may stand where messages do, as in xAI's own example: those
    that follow each other are one message of the user.

    Items that are one turn of the model (its reasoning, its text, its calls) become one message,
    as they are over gRPC. ``id`` and ``status`` of items say nothing to the service.

    Raises:
        TranslationError: It holds something that is no item; the text says where.
    """
    if isinstance(value, str):
        return [Said("user", [text(where, value)])]
    said: list[Said] = []
    bare: list[Part] | None = None
    for place, item in enumerate(listed(where, value)):
        spot = f"{where}[{place}]"
        if not isinstance(item, Mapping):
            raise wrong(spot, "an object", item)
        if item.get("type") in _BARE:
            if bare is None:
                bare = []
                said.append(Said("user", bare))
            bare.append(read_part(item, spot))
            continue
        bare = None
        _add(said, _read_item(item, spot), new=item.get("type") == "reasoning")
    return said


def _add(said: list[Said], one: Said, *, new: bool) -> None:
    """Put a turn behind the others, or into the last one if it goes on with it."""
    last = said[-1] if said else None
    # Thought first, then words, then calls: what does not come in that order is a turn of its own.
    goes_on = (
        last is not None
        and last.role == one.role == "assistant"
        and not new
        and not (one.parts and (last.parts or last.tool_calls))
    )
    if last is None or not goes_on:
        said.append(one)
        return
    last.parts += one.parts
    last.tool_calls += one.tool_calls


def _read_item(item: Mapping[str, Any], where: str) -> Said:
    kind = item.get("type", "message")
    if kind == "message":
        return _message(item, where)
    if kind == "function_call":
        return Said("assistant", tool_calls=[_function_call(item, where)])
    if kind == "function_call_output":
        check_keys(item, ("type", "id", "call_id", "output", "status"), where)
        call_id = text(f"{where}.call_id", item.get("call_id"))
        if item.get("output") is None:
            raise wrong(f"{where}.output", "a string or a list of parts", None)
        return Said("tool", read_parts(item["output"], where), tool_call_id=call_id)
    if kind == "reasoning":
        return _reasoning(item, where)
    if isinstance(kind, str) and kind in server_calls.ITEM_TYPES:
        return Said("assistant", tool_calls=[server_calls.read_call(item, where)])
    known = ("message", "function_call", "function_call_output", "reasoning", *_BARE)
    shown = ", ".join(map(repr, known))
    raise TranslationError(f"{where} has type {checks.shown(kind)}; there are {shown}", key=where)


def _message(item: Mapping[str, Any], where: str) -> Said:
    if item.get("role") == "tool":
        raise TranslationError(
            f"{where}: the result of a call is a function_call_output item here", key=where
        )
    for key in ("tool_calls", "name", "reasoning_content"):
        if item.get(key):
            raise unsupported(f"{where}.{key}", f"a message item has no {key}")
    return read_message(item, where)


def _function_call(item: Mapping[str, Any], where: str) -> chat_pb2.ToolCall:
    # "parsed_arguments" comes with an answer that openai's helpers have parsed.
    allowed = ("type", "id", "call_id", "name", "arguments", "status", "parsed_arguments")
    check_keys(item, allowed, where)
    function = chat_pb2.FunctionCall(
        name=text(f"{where}.name", item.get("name")),
        arguments=text(f"{where}.arguments", item.get("arguments")),
    )
    call_id = text(f"{where}.call_id", item.get("call_id"))
    return chat_pb2.ToolCall(id=call_id, type=_CLIENT_SIDE, function=function)


def _reasoning(item: Mapping[str, Any], where: str) -> Said:
    why = {"content": "a thought is sent back as summary or encrypted_content"}
    known = ("type", "id", "summary", "encrypted_content", "status")
    check_keys({**item, "content": item.get("content") or None}, known, where, why)
    thoughts = [
        _thought(part, f"{where}.summary[{place}]")
        for place, part in enumerate(listed(f"{where}.summary", item.get("summary") or ()))
    ]
    encrypted = item.get("encrypted_content") or ""
    # One without a word is still a turn, or the others of that turn would be no longer one.
    thought = "\n".join(thoughts) if any(thoughts) or not encrypted else None
    encrypted = text(f"{where}.encrypted_content", encrypted)
    return Said("assistant", reasoning=thought, encrypted=encrypted)


def _thought(part: Any, where: str) -> str:
    if not isinstance(part, Mapping):
        raise wrong(where, "an object", part)
    check_type(part, "summary_text", where)
    check_keys(part, ("type", "text"), where)
    return text(f"{where}.text", part.get("text"))


def from_messages(messages: list[chat_pb2.Message], first: int = 0) -> list[dict[str, Any]]:
    """Write messages as items.

    Args:
        messages: Which.
        first: The number of the first, for errors.

    Raises:
        TranslationError: One has something that form has no words for; the text names it.
    """
    items: list[dict[str, Any]] = []
    for place, message in enumerate(messages, first):
        items += _items(message, f"messages[{place}]")
    return items


def _items(message: chat_pb2.Message, where: str) -> list[dict[str, Any]]:
    if message.name:
        raise unsupported(f"{where}.name", "the Responses API has no names")
    misplaced(message, where)
    if message.role != chat_pb2.ROLE_ASSISTANT and message.encrypted_content:
        raise unsupported(f"{where}.encrypted_content", "only the model's turns can have it")
    if message.role == chat_pb2.ROLE_TOOL:
        if not message.HasField("tool_call_id"):
            raise unsupported(f"{where}.tool_call_id", "a function_call_output item needs it")
        output, call_id = responses_parts(message, where), message.tool_call_id
        return [{"type": "function_call_output", "call_id": call_id, "output": output}]
    word = _WORDS.get(message.role)
    if word is None:
        role = chat_pb2.MessageRole.Name(message.role)
        raise unsupported(f"{where}.role", f"the Responses API has no role for {role}")
    items: list[dict[str, Any]] = []
    if word == "assistant" and (message.HasField("reasoning_content") or message.encrypted_content):
        items.append(_reasoning_item(message))
    if message.content:
        items.append({"role": word, "content": responses_parts(message, where)})
    items += [_call_item(call, f"{where}.tool_calls") for call in message.tool_calls]
    return items


def _reasoning_item(message: chat_pb2.Message) -> dict[str, Any]:
    thought = message.reasoning_content
    item: dict[str, Any] = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": thought}] if thought else [],
    }
    if message.encrypted_content:
        item["encrypted_content"] = message.encrypted_content
    return item


def _call_item(call: chat_pb2.ToolCall, where: str) -> dict[str, Any]:
    if server_calls.is_server_side(call):
        return server_calls.kept_item(call, where)
    if call.error_message:
        raise unsupported(f"{where}.error_message", "a call of a function has none")
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.function.name,
        "arguments": call.function.arguments,
    }
