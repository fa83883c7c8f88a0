"""Prepare a request for a server with OpenAI's API: images inside, and only what it can have."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from xai_vision.openai_compat import TranslationError, from_request
from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._service.image_inspection import detect_format

if TYPE_CHECKING:
    from xai_vision.testing._upstream._openai.sources import Sources

# They have no effect on the answer of a model that runs elsewhere.
_DROPPED: Final = (
    "store_messages",
    "previous_response_id",
    "use_encrypted_content",
    "include",
    "max_turns",
    "service_tier",
    "user",
    "safety_identifier",
)
_EFFORTS: Final = {chat_pb2.EFFORT_XHIGH: chat_pb2.EFFORT_HIGH}


def request_json(
    request: chat_pb2.GetCompletionsRequest, model: str | None, sources: Sources, name: str
) -> dict[str, Any]:
    """Return the body of a request for one choice.

    Args:
        request: The request with all messages of the conversation; it is changed.
        model: The model to name; None means that of the request.
        sources: The sources of images and files.
        name: The name of the upstream in errors.

    Raises:
        ServiceError: UNIMPLEMENTED for a tool or a setting that such a server does not have,
            INVALID_ARGUMENT or DATA_LOSS for a source that cannot be read.
    """
    for field in _DROPPED:
        request.ClearField(field)
    request.ClearField("n")
    request.model = model or request.model
    if request.reasoning_effort in _EFFORTS:
        request.reasoning_effort = _EFFORTS[request.reasoning_effort]
    _check_tools(request, name)
    for message in request.messages:
        _prepare_message(message, sources)
    try:
        return from_request(request, api="chat")
    except TranslationError as error:
        code = "UNIMPLEMENTED" if error.unsupported else "INVALID_ARGUMENT"
        raise ServiceError(code, f"The upstream {name} cannot get this request: {error}") from None


def _check_tools(request: chat_pb2.GetCompletionsRequest, name: str) -> None:
    for tool in request.tools:
        kind = tool.WhichOneof("tool") or "a tool"
        if kind != "function":
            raise ServiceError(
                "UNIMPLEMENTED",
                f"The tool {kind} runs at xAI; the upstream {name} has only functions of the "
                "client. Leave the tool out.",
            )
    search = request.search_parameters
    if request.HasField("search_parameters") and search.mode == chat_pb2.ON_SEARCH_MODE:
        raise ServiceError(
            "UNIMPLEMENTED",
            f"The upstream {name} cannot search. Leave search_parameters out.",
        )
    request.ClearField("search_parameters")


def _prepare_message(message: chat_pb2.Message, sources: Sources) -> None:
    # Only xAI can read them.
    message.ClearField("encrypted_content")
    message.ClearField("reasoning_content")
    if message.role == chat_pb2.ROLE_DEVELOPER:
        message.role = chat_pb2.ROLE_SYSTEM  # Most servers do not know the new name.
    for content in message.content:
        kind = content.WhichOneof("content")
        if kind == "image_url":
            _inline_image(content.image_url, sources)
        elif kind == "file":
            _inline_file(content, sources)


def _inline_image(image: image_pb2.ImageUrlContent, sources: Sources) -> None:
    if image.image_url[:5].lower() == "data:":
        return
    data = sources.read(file_id=image.file_id, url=image.image_url)
    format_ = detect_format(data).lower()
    if not format_:
        shown = image.file_id or image.image_url
        raise invalid_argument(f"Invalid image: {shown[:200]} is not an image.")
    encoded = base64.b64encode(data).decode()
    detail = image.detail
    image.CopyFrom(
        image_pb2.ImageUrlContent(image_url=f"data:image/{format_};base64,{encoded}", detail=detail)
    )


def _inline_file(content: chat_pb2.Content, sources: Sources) -> None:
    file = content.file
    data = file.data or sources.read(file_id=file.file_id, url=file.url)
    name = file.filename or file.url or file.file_id or "file"
    format_ = detect_format(data)
    if format_ not in ("", "PDF"):
        encoded = base64.b64encode(data).decode()
        url = f"data:image/{format_.lower()};base64,{encoded}"
        content.image_url.CopyFrom(image_pb2.ImageUrlContent(image_url=url))
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise ServiceError(
            "UNIMPLEMENTED",
            f"The file {name[:200]} is neither text nor an image, and the upstream cannot read "
            "other files. Send its text, or its pages as images.",
        ) from None
    content.text = f"{name}:\n{text}"
