"""Messages and requests in the formats of Chat Completions and the Responses API.

``xai_vision.openai_compat`` interprets their keys. Here images are validated and kept out of
protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xai_vision.chat._messages.content import file, image
from xai_vision.chat._messages.factories import (
    ContentLike,
    assistant,
    developer,
    system,
    tool_result,
    user,
)
from xai_vision.chat._messages.message import Message
from xai_vision.errors import ImageError, InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.openai_compat._parsed_message import FilePart, ImagePart, ParsedMessage, Part

_FACTORIES: dict[str, Callable[..., Message]] = {
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

    options = _arguments(body)
    output_type = _pop_output_type(options)
    if options.get("n") == 1:
        options.pop("n")
    fields, messages = read_request(options)
    if "n" in fields:
        raise InvalidRequestError("n: use chat.sample_batch(n) for several responses")
    if options.get("tools") is not None:
        # The original value: create() checks tools more closely than the conversion.
        fields["tools"] = options["tools"]
    if output_type is not None:
        fields["response_format"] = output_type
    return fields.pop("model"), fields, [_message(message) for message in messages]


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that openai would send; refuse arguments that this package has elsewhere."""
    from xai_vision.openai_compat._values import to_json

    options: dict[str, Any] = to_json(body)
    options |= options.pop("extra_body", None) or {}
    for key, instead in _INSTEAD.items():
        if options.pop(key, None):
            raise InvalidRequestError(f"{key}: {instead}")
    return options


def _pop_output_type(options: dict[str, Any]) -> type | None:
    """Remove and return the Pydantic class of openai's parse(), if there is one.

    Raises:
        InvalidRequestError: There are two response formats.
    """
    for key, other in (("response_format", "text_format"), ("text_format", "text")):
        if not isinstance(options.get(key), type):
            continue
        also = options.get(other)
        if other == "text" and isinstance(also, Mapping):
            also = also.get("format")
        if also is not None:
            raise InvalidRequestError(f"{key} and {other} both define the response format")
        output_type: type = options.pop(key)
        return output_type
    return None


_INSTEAD = {
    "extra_headers": "pass it to the client: Client(metadata=...)",
    "extra_query": "gRPC has no query",
    "stream": "use chat.stream()",
    "stream_options": "every stream has its usage in response.usage",
    "deferred": "use chat.defer()",
    "timeout": "pass it to the call: chat.sample(timeout=...)",
}


def _message(parsed: ParsedMessage) -> Message:
    message = _FACTORIES[parsed.role](*([_part(part) for part in parsed.parts] or [""]))
    fields = message._fields_proto
    fields.name = parsed.name
    fields.tool_calls.extend(parsed.tool_calls)
    fields.encrypted_content = parsed.encrypted_content
    if parsed.reasoning:
        fields.reasoning_content = parsed.reasoning
    if parsed.tool_call_id is not None:
        fields.tool_call_id = parsed.tool_call_id
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
