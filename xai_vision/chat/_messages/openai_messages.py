"""Messages and whole requests in OpenAI's forms: Chat Completions' and the Responses API's.

What their keys mean is said in ``xai_vision.openai_compat``; here images become this package's
own, checked and kept out of protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xai_vision.chat._messages.content import file, image
from xai_vision.chat._messages.message import (
    Message,
    ContentLike,
    assistant,
    developer,
    system,
    tool_result,
    user,
)
from xai_vision.errors import ImageError, InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.openai_compat._parsed_message import FilePart, Part, ImagePart, ParsedMessage

_MAKERS: dict[str, Callable[..., Message]] = {
    "user": user,
    "assistant": assistant,
    "system": system,
    "developer": developer,
    "tool": lambda *parts: tool_result(list(parts)),
}


def from_openai_message(value: Any) -> Message:
    """Build a message from its dict.

    Args:
        value: The dict, or what the openai package makes of one: ``role`` (user, assistant,
            system, developer or tool), ``content`` (a string, or a list of parts: text,
            input_text, output_text, image_url, input_image, input_file, file), and where they
            belong ``name``, ``tool_calls``, ``tool_call_id``, ``reasoning_content``.

    Raises:
        InvalidRequestError: A key, role or part that has no place in a message; the text names it.
    """
    # Imported on use: programs that use user(...) and its kin need none of it.
    from xai_vision.openai_compat._messages import read_message
    from xai_vision.openai_compat._values import to_json

    return _message(read_message(to_json(value)))


def from_openai_request(body: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[Message]]:
    """Take the arguments of ``chat.completions.create`` or ``responses.create`` apart.

    Returns:
        The model, the parameters of this package's ``create()``, and the messages.

    Raises:
        InvalidRequestError: Something in it has no place here; the text names it.
    """
    from xai_vision.openai_compat._request import read_request

    given = _arguments(body)
    shape = _shape(given)
    if given.get("n") == 1:
        given.pop("n")
    fields, said = read_request(given)
    if "n" in fields:
        raise InvalidRequestError("n: several answers come from chat.sample_batch(n)")
    if given.get("tools") is not None:
        # As they were given: here they are checked more closely than in translation.
        fields["tools"] = given["tools"]
    if shape is not None:
        fields["response_format"] = shape
    return fields.pop("model"), fields, [_message(one) for one in said]


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """What openai's method would send of its arguments, or say what this package has instead."""
    from xai_vision.openai_compat._values import to_json

    given: dict[str, Any] = to_json(body)
    given |= given.pop("extra_body", None) or {}
    for key, instead in _INSTEAD.items():
        if given.pop(key, None):
            raise InvalidRequestError(f"{key}: {instead}")
    return given


def _shape(given: dict[str, Any]) -> type | None:
    """Take out the Pydantic class that openai's parse() takes in place of a form, if there is one.

    Raises:
        InvalidRequestError: Two forms are given.
    """
    for key, other in (("response_format", "text_format"), ("text_format", "text")):
        if not isinstance(given.get(key), type):
            continue
        also = given.get(other)
        if other == "text" and isinstance(also, Mapping):
            also = also.get("format")
        if also is not None:
            raise InvalidRequestError(f"{key} and {other} both give the answer's form")
        shape: type = given.pop(key)
        return shape
    return None


_INSTEAD = {
    "extra_headers": "give it to the client: Client(metadata=...)",
    "extra_query": "gRPC has no query",
    "stream": "a stream comes from chat.stream()",
    "stream_options": "every stream brings its usage: response.usage",
    "deferred": "a deferred answer comes from chat.defer()",
    "timeout": "give it to the call: chat.sample(timeout=...)",
}


def _message(said: ParsedMessage) -> Message:
    message = _MAKERS[said.role](*([_part(part) for part in said.parts] or [""]))
    rest = message._fields_proto
    rest.name = said.name
    rest.tool_calls.extend(said.tool_calls)
    rest.encrypted_content = said.encrypted_content
    if said.reasoning:
        rest.reasoning_content = said.reasoning
    if said.tool_call_id is not None:
        rest.tool_call_id = said.tool_call_id
    return message


def _part(part: Part) -> ContentLike:
    from xai_vision.openai_compat._parsed_message import ImagePart

    if isinstance(part, str):
        return part
    return _image(part) if isinstance(part, ImagePart) else _file(part)


def _image(part: ImagePart) -> ContentLike:
    source: Any = part.source
    detail: Any = part.detail
    try:
        if part.file_id is not None:
            return image(file_id=part.file_id, detail=detail)
        return image(source, detail=detail)
    except ImageError as error:
        error.source = f"{part.path}: {error.source}"
        raise
    except InvalidRequestError as error:
        raise InvalidRequestError(f"{part.path}: {error}") from error.__cause__


def _file(part: FilePart) -> ContentLike:
    filename, mime_type = part.filename or None, part.mime_type or None
    return file(part.file_id, data=part.data, url=part.url, filename=filename, mime_type=mime_type)
