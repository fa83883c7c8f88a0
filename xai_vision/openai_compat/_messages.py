"""Messages of Chat Completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xai_vision._validation import short_repr
from xai_vision.openai_compat._parsed_message import ROLES, ParsedMessage
from xai_vision.openai_compat._parts import read_parts, refusal_error, write_parts
from xai_vision.openai_compat._server_calls import is_server_side
from xai_vision.openai_compat._values import (
    TranslationError,
    check_keys,
    check_type,
    enum_name,
    read_object,
    sequence,
    string,
    unsupported,
)
from xai_vision.proto import chat_pb2

_KEYS: Final = {"role", "content", "name", "type", "id", "status"}
# A response's message has these besides; it can be sent back unchanged.
_ASSISTANT_KEYS: Final = {"tool_calls", "refusal", "reasoning_content"}
_EMPTY_KEYS: Final = {"annotations", "audio", "function_call", "parsed"}


def read_message(value: Mapping[str, Any], path: str = "") -> ParsedMessage:
    """Read a message.

    Args:
        value: ``role`` (user, assistant, system, developer or tool), ``content`` (a string, or a
            list of parts: text, input_text, output_text, image_url, input_image, input_file,
            file), and depending on the role ``name``, ``tool_calls``, ``tool_call_id``,
            ``reasoning_content``. ``id``, ``status``, ``annotations`` and ``parsed`` of a
            response that is sent back are ignored, as the service does not read them. A
            ``refusal`` is not supported.
        path: The message's path for errors; "" names the message by its role.

    Raises:
        TranslationError: A key, role or part is not supported; the message names it.
    """
    role = value.get("role")
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(map(repr, ROLES))
        prefix = f"{path}: " if path else ""
        raise TranslationError(
            f"{prefix}a message's role must be one of {known}, not {short_repr(role)}",
            key=path or "role",
        )
    path = path or f"the {role} message"
    check_type(value, "message", path)
    check_keys(value, _allowed(role, value), path)
    if value.get("refusal"):
        raise refusal_error(f"{path}.refusal")
    message = ParsedMessage(role, read_parts(value.get("content"), path))
    if value.get("name") is not None:
        message.name = string(f"{path}: name", value["name"])
    if value.get("reasoning_content"):
        message.reasoning = string(f"{path}: reasoning_content", value["reasoning_content"])
    if value.get("tool_call_id") is not None:
        message.tool_call_id = string(f"{path}: tool_call_id", value["tool_call_id"])
    calls = sequence(f"{path}.tool_calls", value.get("tool_calls") or ())
    message.tool_calls = [_read_tool_call(call, path) for call in calls]
    if role != "tool" and not (message.parts or message.tool_calls or message.reasoning):
        raise TranslationError(f"{path} has no content", key=path)
    return message


def _allowed(role: str, value: Mapping[str, Any]) -> set[str]:
    if role == "tool":
        return _KEYS | {"tool_call_id"}
    if role != "assistant":
        return _KEYS
    # Empty values carry no information; "parsed" repeats the content.
    empty = {key for key in _EMPTY_KEYS if not value.get(key) or key in ("annotations", "parsed")}
    return _KEYS | _ASSISTANT_KEYS | empty


def _read_tool_call(value: Any, path: str) -> chat_pb2.ToolCall:
    if not isinstance(value, Mapping) or not isinstance(value.get("function"), Mapping):
        raise TranslationError(f"{path}: a tool call is a dict with id and function", key=path)
    path = f"{path}, tool call"
    call = read_object(path, value, ("id", "type", "function", "index"))
    check_type(call, "function", path)
    # "parsed_arguments" comes from openai's parsing helpers.
    keys = ("name", "arguments", "parsed_arguments")
    function = read_object(f"{path} function", call["function"], keys)
    return chat_pb2.ToolCall(
        id=string(f"{path} id", call.get("id", "")),
        type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        function=chat_pb2.FunctionCall(
            name=string(f"{path} name", function.get("name", "")),
            arguments=string(f"{path} arguments", function.get("arguments", "")),
        ),
    )


def from_message(message: chat_pb2.Message, path: str) -> dict[str, Any]:
    """Write a message.

    Raises:
        TranslationError: Chat Completions cannot express a field; the message names it.
    """
    role = enum_name(f"{path}.role", message.role, ROLES)
    if message.encrypted_content:
        raise unsupported(f"{path}.encrypted_content", "not supported by Chat Completions")
    check_role_fields(message, path)
    result: dict[str, Any] = {"role": role, "content": write_parts(message, "chat", path)}
    if message.name:
        result["name"] = message.name
    if message.reasoning_content:
        result["reasoning_content"] = message.reasoning_content
    if message.HasField("tool_call_id"):
        result["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        result["tool_calls"] = [_from_tool_call(call, path) for call in message.tool_calls]
    return result


def check_role_fields(message: chat_pb2.Message, path: str) -> None:
    """Reject fields that a proto of the message's role can have, but JSON cannot.

    Raises:
        TranslationError: Such a field is set; the message names it.
    """
    is_assistant = message.role == chat_pb2.ROLE_ASSISTANT
    for name in ("reasoning_content", "tool_calls"):
        if getattr(message, name) and not is_assistant:
            raise unsupported(f"{path}.{name}", "only messages of ROLE_ASSISTANT can have it")
    is_tool = message.role == chat_pb2.ROLE_TOOL
    if message.tool_call_id and not is_tool:
        raise unsupported(f"{path}.tool_call_id", "only messages of ROLE_TOOL can have it")
    has_content = message.content or message.tool_calls or message.encrypted_content
    if not (has_content or message.HasField("reasoning_content") or is_tool):
        raise unsupported(f"{path}.content", "JSON cannot express an empty message")


def _from_tool_call(call: chat_pb2.ToolCall, path: str) -> dict[str, Any]:
    if is_server_side(call):
        raise unsupported(f"{path}.tool_calls", "Chat Completions has only calls of functions")
    if call.error_message:
        raise unsupported(
            f"{path}.tool_calls.error_message", "a function call has no error message"
        )
    return write_tool_call(call)


def write_tool_call(call: chat_pb2.ToolCall) -> dict[str, Any]:
    """Write a function call as an entry of ``tool_calls``."""
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}
