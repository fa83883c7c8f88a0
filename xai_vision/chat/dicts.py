"""Messages as dicts in OpenAI's forms: the Chat Completions API's and the Responses API's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from xai_vision.chat.content import file, image
from xai_vision.chat.message import (
    Message,
    Saying,
    assistant,
    developer,
    system,
    tool_result,
    user,
)
from xai_vision.errors import ImageError, InvalidRequestError
from xai_vision.proto import chat_pb2

_MAKERS: dict[str, Callable[..., Message]] = {
    "user": user,
    "assistant": assistant,
    "system": system,
    "developer": developer,
}


def message_from(value: Mapping[str, Any]) -> Message:
    """Build a message from its dict.

    Args:
        value: ``role`` (user, assistant, system, developer or tool), ``content`` (a string, or a
            list of parts: text, input_text, output_text, image_url, input_image, input_file), and
            where they belong ``name``, ``tool_calls``, ``tool_call_id``.

    Raises:
        InvalidRequestError: A key, role or part that has no place in a message; the text names it.
    """
    role = value.get("role")
    if role not in (*_MAKERS, "tool"):
        raise InvalidRequestError(
            f"a message's role must be one of {', '.join(map(repr, [*_MAKERS, 'tool']))}, "
            f"not {role!r}"
        )
    where = f"the {role} message"
    allowed = {"role", "content", "name", "type", "id", "status"}
    allowed |= {"tool": {"tool_call_id"}, "assistant": {"tool_calls", "refusal"}}.get(role, set())
    check_keys(value, allowed, where)
    parts = _parts(value.get("content"), where)
    if role == "tool":
        return tool_result(parts or [""], value.get("tool_call_id"))
    calls = [_tool_call(call, where) for call in value.get("tool_calls") or ()]
    if not parts and not calls:
        raise InvalidRequestError(f"{where} has no content")
    message = _MAKERS[role](*(parts or [""]))
    if value.get("name"):
        message.proto.name = value["name"]
    if calls:
        message.proto.tool_calls.extend(calls)
    return message


def _parts(content: Any, where: str) -> list[Saying]:
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    if not isinstance(content, (list, tuple)):
        raise InvalidRequestError(
            f"{where}: content must be a string or a list of parts, not {type(content).__name__}"
        )
    return [_part(part, f"{where}, part {place}") for place, part in enumerate(content, 1)]


def _part(part: Any, where: str) -> Saying:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise InvalidRequestError(f"{where} must be a dict, not {type(part).__name__}")
    kind = part.get("type")
    make = _PARTS.get(str(kind))
    if make is None:
        known = ", ".join(map(repr, _PARTS))
        raise InvalidRequestError(f"{where} has type {kind!r}; there are {known}")
    try:
        return make(part, where)
    except ImageError as error:
        error.source = f"{where}: {error.source}"
        raise


def _text(part: Mapping[str, Any], where: str) -> str:
    check_keys(part, {"type", "text", "annotations", "logprobs"}, where)
    if not isinstance(part.get("text"), str):
        raise InvalidRequestError(f"{where}: text must be a string, not {part.get('text')!r:.40}")
    return str(part["text"])


def _image(part: Mapping[str, Any], where: str) -> Saying:
    check_keys(part, {"type", "image_url", "detail"}, where)
    source: Any = part.get("image_url")
    detail: Any = part.get("detail", "auto")
    if isinstance(source, Mapping):
        check_keys(source, {"url", "detail"}, f"{where}, image_url")
        source, detail = source.get("url"), source.get("detail", detail)
    if source is None:
        raise InvalidRequestError(f"{where} has no image_url")
    return image(source, detail=detail)


def _file(part: Mapping[str, Any], where: str) -> Saying:
    check_keys(part, {"type", "file_id", "file_url"}, where)
    return file(part.get("file_id"), url=part.get("file_url"))


_PARTS: dict[str, Callable[[Mapping[str, Any], str], Saying]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "image_url": _image,
    "input_image": _image,
    "input_file": _file,
}


def _tool_call(call: Any, where: str) -> chat_pb2.ToolCall:
    if not isinstance(call, Mapping) or not isinstance(call.get("function"), Mapping):
        raise InvalidRequestError(f"{where}: a tool call is a dict with id and function")
    check_keys(call, {"id", "type", "function", "index"}, f"{where}, tool call")
    function = call["function"]
    check_keys(function, {"name", "arguments"}, f"{where}, tool call function")
    return chat_pb2.ToolCall(
        id=call.get("id") or "",
        type=chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL,
        function=chat_pb2.FunctionCall(
            name=function.get("name") or "", arguments=function.get("arguments") or ""
        ),
    )


def check_keys(value: Mapping[str, Any], allowed: set[str], where: str) -> None:
    """Refuse a key that would be ignored; most are misspelt.

    Raises:
        InvalidRequestError: It names the key, and a likely one where there is any.
    """
    for key in value:
        if key not in allowed:
            near = get_close_matches(str(key), allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InvalidRequestError(f"{where} has no key {key!r}{hint}")
