"""Messages as Chat Completions has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision.openai_compat._parsed_message import ROLES, Said
from xai_vision.openai_compat._parts import chat_parts, read_parts, refused
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    check_type,
    listed,
    mapping,
    text,
    unsupported,
)
from xai_vision.proto import chat_pb2

__all__ = ["from_message", "misplaced", "read_message", "tool_call"]

_KEYS: Final = {"role", "content", "name", "type", "id", "status"}
# What an answer's message has besides, so that it can be sent back as it came.
_ASSISTANT_KEYS: Final = {"tool_calls", "refusal", "reasoning_content"}
_EMPTY_KEYS: Final = {"annotations", "audio", "function_call", "parsed"}
_WORDS: Final = {number: word for word, number in ROLES.items()}


def read_message(value: Mapping[str, Any], where: str = "") -> Said:
    """Read a message.

    Args:
        value: ``role`` (user, assistant, system, developer or tool), ``content`` (a string, or a
            list of parts: text, input_text, output_text, image_url, input_image, input_file,
            file), and where they belong ``name``, ``tool_calls``, ``tool_call_id``,
            ``reasoning_content``. ``id``, ``status``, ``annotations`` and ``parsed``, which come
            with an answer that is sent back, say nothing to the service and are left out. A
            ``refusal`` has no place.
        where: What to call it in errors; "" calls it by its role.

    Raises:
        TranslationError: A key, role or part that has no place in a message; the text names it.
    """
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(map(repr, ROLES))
        prefix = f"{where}: " if where else ""
        raise TranslationError(
            f"{prefix}a message's role must be one of {known}, not {checks.shown(role)}",
            key=where or "role",
        )
    where = where or f"the {role} message"
    check_type(value, "message", where)
    check_keys(value, _allowed(role, value), where)
    if value.get("refusal"):
        raise refused(f"{where}.refusal")
    said = Said(role, read_parts(value.get("content"), where))
    if value.get("name") is not None:
        said.name = text(f"{where}: name", value["name"])
    if value.get("reasoning_content"):
        said.reasoning = text(f"{where}: reasoning_content", value["reasoning_content"])
    if value.get("tool_call_id") is not None:
        said.tool_call_id = text(f"{where}: tool_call_id", value["tool_call_id"])
    calls = value.get("tool_calls") or ()
    said.tool_calls = [tool_call(call, where) for call in listed(f"{where}.tool_calls", calls)]
    if role != "tool" and not (said.parts or said.tool_calls or said.reasoning):
        raise TranslationError(f"{where} has no content", key=where)
    return said


def _allowed(role: str, value: Mapping[str, Any]) -> set[str]:
    if role == "tool":
        return _KEYS | {"tool_call_id"}
    if role != "assistant":
        return _KEYS
    # What is there but empty says nothing; "parsed" repeats the content.
    empty = {key for key in _EMPTY_KEYS if not value.get(key) or key in ("annotations", "parsed")}
    return _KEYS | _ASSISTANT_KEYS | empty


def tool_call(call: Any, where: str) -> chat_pb2.ToolCall:
    """Read a call of one of the program's own functions.

    Raises:
        TranslationError: It is none.
    """
    if not isinstance(call, Mapping) or not isinstance(call.get("function"), Mapping):
        raise TranslationError(f"{where}: a tool call is a dict with id and function", key=where)
    check_keys(call, ("id", "type", "function", "index"), f"{where}, tool call")
    if call.get("type", "function") != "function":
        raise unsupported(
            f"{where}, tool call", f"type {checks.shown(call['type'])} is no function"
        )
    function = mapping(f"{where}, tool call function", call["function"])
    # "parsed_arguments" comes with an answer that openai's helpers have parsed.
    check_keys(function, ("name", "arguments", "parsed_arguments"), f"{where}, tool call function")
    return chat_pb2.ToolCall(
        id=text(f"{where}, tool call id", _some(call, "id")),
        type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        function=chat_pb2.FunctionCall(
            name=text(f"{where}, tool call name", _some(function, "name")),
            arguments=text(f"{where}, tool call arguments", _some(function, "arguments")),
        ),
    )


def _some(value: Mapping[str, Any], key: str) -> Any:
    return "" if value.get(key) is None else value[key]


def from_message(message: chat_pb2.Message, where: str) -> dict[str, Any]:
    """Write a message.

    Raises:
        TranslationError: It has something that form has no words for; the text names it.
    """
    word = _WORDS.get(message.role)
    if word is None:
        role = chat_pb2.MessageRole.Name(message.role)
        raise unsupported(f"{where}.role", f"Chat Completions has no role for {role}")
    if message.encrypted_content:
        raise unsupported(f"{where}.encrypted_content", "Chat Completions has no place for it")
    misplaced(message, where)
    written: dict[str, Any] = {"role": word, "content": chat_parts(message, where)}
    if message.name:
        written["name"] = message.name
    if message.reasoning_content:
        written["reasoning_content"] = message.reasoning_content
    if message.HasField("tool_call_id"):
        written["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        written["tool_calls"] = [from_tool_call(call, where) for call in message.tool_calls]
    return written


def misplaced(message: chat_pb2.Message, where: str) -> None:
    """Refuse what messages of that role cannot have in JSON, though protos can.

    Raises:
        TranslationError: It names the field.
    """
    spoken = message.role == chat_pb2.ROLE_ASSISTANT
    for name in ("reasoning_content", "tool_calls"):
        if getattr(message, name) and not spoken:
            raise unsupported(f"{where}.{name}", "only messages of ROLE_ASSISTANT can have it")
    if message.tool_call_id and message.role != chat_pb2.ROLE_TOOL:
        raise unsupported(f"{where}.tool_call_id", "only messages of ROLE_TOOL can have it")
    said = message.content or message.tool_calls or message.encrypted_content
    if not (said or message.HasField("reasoning_content") or message.role == chat_pb2.ROLE_TOOL):
        raise unsupported(f"{where}.content", "an empty message has no form in JSON")


def from_tool_call(call: chat_pb2.ToolCall, where: str) -> dict[str, Any]:
    """Write a call of one of the program's own functions.

    Raises:
        TranslationError: It is a call of a tool that the service runs.
    """
    if call.type not in (
        chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        chat_pb2.TOOL_CALL_TYPE_INVALID,
    ):
        kind = chat_pb2.ToolCallType.Name(call.type)
        raise unsupported(f"{where}.tool_calls", f"Chat Completions has no call of type {kind}")
    if call.error_message:
        raise unsupported(f"{where}.tool_calls.error_message", "a call of a function has none")
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}
