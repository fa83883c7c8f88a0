"""Messages and requests in the formats of Chat Completions and the Responses API.

``xai_vision.openai_compat`` interprets their keys. Here images are validated and kept out of
protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xai_vision.chat._messages.content import file, image
from xai_vision.chat._messages.message import (
    ContentLike,
    Message,
    assistant,
    developer,
    system,
    tool_result,
    user,
)
from xai_vision.errors import ImageError, InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.openai_compat._parsed_message import FilePart, ImagePart, ParsedMessage, Part

_MAKERS: dict[str, Callable[..., Message]] = {
    "user": user,
    "assistant": assistant,
    "system": system,
    "developer": developer,
    "tool": lambda *parts: tool_result(list(parts)),
}


def from_openai_message(value: Any) -> Message:
    """Convert a dict to a message.

    Args:
        value: The dict, or an object of the openai package: ``role`` (user, assistant, system,
            developer or tool), ``content`` (a string, or a list of parts: text, input_text,
            output_text, image_url, input_image, input_file, file), and, depending on the role,
            ``name``, ``tool_calls``, ``tool_call_id``, ``reasoning_content``.

    Raises:
        InvalidRequestError: A key, role or part is not supported; the message names it.
    """
    # Imported on use, because programs that use user(...) do not need it.
    from xai_vision.openai_compat._messages import read_message
    from xai_vision.openai_compat._values import to_json

    return _message(read_message(to_json(value)))


def from_openai_request(body: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[Message]]:
    """Convert the arguments of ``chat.completions.create`` or ``responses.create``.

    Returns:
        The model, the parameters of this package's ``create()``, and the messages.

    Raises:
        InvalidRequestError: A key is not supported; the message names it.
    """
    from xai_vision.openai_compat._request import read_request

    given = _arguments(body)
    shape = _shape(given)
    if given.get("n") == 1:
        given.pop("n")
    fields, said = read_request(given)
    if "n" in fields:
        raise InvalidRequestError("n: use chat.sample_batch(n) for several responses")
    if given.get("tools") is not None:
        # The original value: create() checks tools more closely than the conversion.
        fields["tools"] = given["tools"]
    if shape is not None:
        fields["response_format"] = shape
    return fields.pop("model"), fields, [_message(one) for one in said]


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that openai would send; refuse arguments that this package has elsewhere."""
    from xai_vision.openai_compat._values import to_json

    given: dict[str, Any] = to_json(body)
    given |= given.pop("extra_body", None) or {}
    for key, instead in _INSTEAD.items():
        if given.pop(key, None):
            raise InvalidRequestError(f"{key}: {instead}")
    return given


def _shape(given: dict[str, Any]) -> type | None:
    """Remove and return the Pydantic class of openai's parse(), if there is one.

    Raises:
        InvalidRequestError: There are two response formats.
    """
    for key, other in (("response_format", "text_format"), ("text_format", "text")):
        if not isinstance(given.get(key), type):
            continue
        also = given.get(other)
        if other == "text" and isinstance(also, Mapping):
            also = also.get("format")
        if also is not None:
            raise InvalidRequestError(f"{key} and {other} both define the response format")
        shape: type = given.pop(key)
        return shape
    return None


_INSTEAD = {
    "extra_headers": "pass it to the client: Client(metadata=...)",
    "extra_query": "gRPC has no query",
    "stream": "use chat.stream()",
    "stream_options": "every stream has its usage in response.usage",
    "deferred": "use chat.defer()",
    "timeout": "pass it to the call: chat.sample(timeout=...)",
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
