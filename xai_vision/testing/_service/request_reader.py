"""Reads the messages of a request: opens the images and counts the tokens."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.testing._calls.images import CallImage, ImageCache
from xai_vision.testing._calls.record import ToolResult
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._files.store import FileStore
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector
from xai_vision.testing._service.image_sources import (
    SourceTable,
    decode_data_url,
    fetch_file,
    fetch_url,
)
from xai_vision.testing._service.response import encrypted_content, tokens
from xai_vision.testing._settings import Settings

_DETAILS = {image_pb2.DETAIL_LOW: "low", image_pb2.DETAIL_HIGH: "high"}
_ROLES_WITH_CONTENT = (chat_pb2.ROLE_USER, chat_pb2.ROLE_SYSTEM, chat_pb2.ROLE_DEVELOPER)
_CLIENT_SIDE = (chat_pb2.TOOL_CALL_TYPE_INVALID, chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL)
_TOKENS_PER_MESSAGE = 4  # the delimiters around the text
_LARGE_REQUEST_BYTES = 64 * 1024
_RequestT = TypeVar("_RequestT", chat_pb2.GetCompletionsRequest, chat_pb2.CompactContextRequest)


@dataclass
class ConversationSummary:
    """The parts of a conversation that the response depends on.

    Attributes:
        prompt: The text of the last user message, its parts joined by newlines.
        images: All images, in order.
        files: The names or ids of the files that are not images.
        system: The text of the system and developer messages, joined by newlines.
        functions: The functions that the model's last answer calls: names by the id of the call.
        tool_results: The results of functions after the last answer.
        answer_count: The number of the model's answers. Consecutive messages of the model and of
            server-side tools are one answer.
        message_count: The number of messages.
        text_tokens: The number of text tokens, including those for delimiters.
        last_response: The text of the last assistant message, or "".
    """

    prompt: str = ""
    images: list[CallImage] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    system: str = ""
    functions: dict[str, str] = field(default_factory=dict)
    tool_results: list[ToolResult] = field(default_factory=list)
    answer_count: int = 0
    message_count: int = 0
    text_tokens: int = 0
    last_response: str = ""

    @property
    def image_tokens(self) -> int:
        """The number of image tokens."""
        return sum(image.tokens for image in self.images)

    def appended_to(self, earlier: ConversationSummary) -> ConversationSummary:
        """Return the summary of ``earlier`` continued by this conversation."""
        return ConversationSummary(
            prompt=self.prompt,
            images=[*(image.continued(image.turn) for image in earlier.images), *self.images],
            files=[*earlier.files, *self.files],
            system=self.system or earlier.system,
            functions=self.functions,
            tool_results=self.tool_results,
            answer_count=earlier.answer_count + self.answer_count,
            message_count=earlier.message_count + self.message_count,
            text_tokens=earlier.text_tokens + self.text_tokens,
            last_response=self.last_response or earlier.last_response,
        )


@dataclass(frozen=True)
class RequestReader:
    """Reads messages with the settings and sources of one tenant."""

    settings: Settings
    inspector: ImageInspector
    image_cache: ImageCache
    urls: SourceTable
    files: FileStore

    def read(
        self, messages: Iterable[chat_pb2.Message], earlier: ConversationSummary | None = None
    ) -> ConversationSummary:
        """Read messages and open their images.

        Args:
            messages: The messages of the request.
            earlier: The conversation that the request continues.

        Raises:
            ServiceError: INVALID_ARGUMENT for an invalid message or image; DATA_LOSS or NOT_FOUND
                for an image that cannot be fetched.
        """
        summary = ConversationSummary(functions=dict(earlier.functions) if earlier else {})
        in_answer = False
        for turn, message in enumerate(messages, earlier.message_count if earlier else 0):
            is_answer = message.role == chat_pb2.ROLE_ASSISTANT or _is_server_tool_result(message)
            if is_answer and not in_answer:
                summary.answer_count += 1
                summary.functions.clear()
            in_answer = is_answer
            self._read_message(message, turn, summary)
            summary.message_count += 1
        return summary

    def image_tokens(self, data: bytes) -> int:
        """Return the number of tokens of an image with the detail "auto".

        Raises:
            ServiceError: INVALID_ARGUMENT if the service does not accept the image.
        """
        info = self.inspector.inspect(data, "", self.settings)
        return tokens.image_tokens(info.width, info.height, "auto", self.settings)

    def _read_message(
        self, message: chat_pb2.Message, turn: int, summary: ConversationSummary
    ) -> None:
        if message.role == chat_pb2.INVALID_ROLE:
            raise invalid_argument(f"Message {turn} has no role.")
        if message.role in _ROLES_WITH_CONTENT and not (
            message.content or message.encrypted_content
        ):
            raise invalid_argument(f"Message {turn} has no content.")
        texts = []
        for index, content in enumerate(message.content):
            kind = content.WhichOneof("content")
            if kind == "text":
                texts.append(content.text)
            elif kind == "image_url":
                summary.images.append(self.read_image(content.image_url, turn))
            elif kind == "file":
                self._read_file(content.file, turn, summary)
            else:
                raise invalid_argument(f"Content {index} of message {turn} is empty.")
        text = "\n".join(texts)
        for counted in (text, *(call.function.arguments for call in message.tool_calls)):
            summary.text_tokens += tokens.count(counted) + _TOKENS_PER_MESSAGE
        self._read_compaction(message.encrypted_content, turn, summary)
        if message.role == chat_pb2.ROLE_USER:
            summary.prompt = text
        elif message.role in (chat_pb2.ROLE_SYSTEM, chat_pb2.ROLE_DEVELOPER):
            summary.system = f"{summary.system}\n{text}" if summary.system else text
        elif message.role == chat_pb2.ROLE_TOOL and not _is_server_tool_result(message):
            summary.tool_results.append(ToolResult(_function_name(message, summary), text))
        elif message.role == chat_pb2.ROLE_ASSISTANT:
            summary.last_response = text
            summary.functions.update(client_functions(message.tool_calls))
            # The assistant has already responded to the earlier results.
            summary.tool_results.clear()

    def read_image(self, content: image_pb2.ImageUrlContent, turn: int = 0) -> CallImage:
        """Open an image of a request.

        Raises:
            ServiceError: The service does not accept the image, or cannot fetch it.
        """
        data, source, media_type = self._fetch_image(content)
        info = self._inspect(data, media_type)
        if info.size <= self.settings.keep_image_bytes:
            self.image_cache.put(info.sha256, data)
        detail = _DETAILS.get(content.detail, "auto")
        return CallImage(
            info,
            self.image_cache,
            detail=detail,
            source=source,
            declared_media_type=media_type,
            tokens=tokens.image_tokens(info.width, info.height, detail, self.settings),
            turn=turn,
        )

    def _inspect(self, data: bytes, media_type: str) -> ImageInfo:
        return self.inspector.inspect(data, media_type, self.settings)

    def _fetch_image(self, content: image_pb2.ImageUrlContent) -> tuple[bytes, str, str]:
        """Return the bytes of an image, ``CallImage.source`` and the declared media type."""
        if content.WhichOneof("source") == "file_id":
            return fetch_file(self.files, content.file_id), content.file_id, ""
        url = content.image_url
        scheme = url[:8].lower()
        if scheme.startswith("data:"):
            data, media_type = decode_data_url(url, self.settings)
            return data, "data", media_type
        if scheme.startswith(("http://", "https://")):
            public = self.files.fetch_public(url)
            data = fetch_url(self.urls, url, self.settings) if public is None else public
            return data, url, ""
        raise invalid_argument(
            f"Invalid image URL {url[:40]!r}: it is neither http(s) nor a data URL."
        )

    def _read_file(
        self, content: chat_pb2.FileContent, turn: int, summary: ConversationSummary
    ) -> None:
        name = content.filename or content.url or content.file_id or "file"
        data = content.data
        if content.file_id:
            data = fetch_file(self.files, content.file_id)
        elif content.url:
            data = fetch_url(self.urls, content.url, self.settings)
        elif not data:
            raise invalid_argument(f"File {name!r} in message {turn} is empty.")
        summary.files.append(f"{name} ({len(data):,} bytes)")
        summary.text_tokens += max(1, len(data) // 4)

    def _read_compaction(self, content: str, turn: int, summary: ConversationSummary) -> None:
        """Add the images of a compacted conversation, which cost no image tokens."""
        state = encrypted_content.decode(content)
        summary.text_tokens += state.get("tokens", 0)
        for info, detail in state.get("images", ()):
            image = CallImage(
                ImageInfo.from_json(info),
                self.image_cache,
                detail=detail,
                source="compacted",
                declared_media_type="",
                tokens=0,
                turn=turn,
                earlier=True,
            )
            summary.images.append(image)


def client_functions(calls: Iterable[chat_pb2.ToolCall]) -> dict[str, str]:
    """Return the names of the client's functions that are called, by the id of the call."""
    return {call.id: call.function.name for call in calls if call.type in _CLIENT_SIDE}


def _is_server_tool_result(message: chat_pb2.Message) -> bool:
    return message.role == chat_pb2.ROLE_TOOL and bool(message.tool_calls)


def _function_name(message: chat_pb2.Message, summary: ConversationSummary) -> str:
    """Return the function that a message is the result of; "" if that is not known."""
    if message.tool_call_id:
        return summary.functions.get(message.tool_call_id, "")
    # Without ids, results are in the order of the calls.
    names = list(summary.functions.values())[len(summary.tool_results) :]
    return names[0] if names else ""


def compaction_state(summary: ConversationSummary) -> dict[str, Any]:
    """Return what the encrypted content of a compacted conversation stores, as JSON values."""
    images = [(image.facts.to_json(), image.detail) for image in summary.images]
    return {"kind": "compaction", "images": images, "tokens": 16 + 8 * len(images)}


def without_image_data(request: _RequestT, images: Sequence[CallImage]) -> _RequestT:
    """Return the request for the log. In a large one, hashes replace the data of images.

    Args:
        request: The request. The data of its images is removed.
        images: The images of the request, in order.
    """
    # ByteSize() writes the whole message. Images alone often show that a request is large.
    largest = max((image.size for image in images if image.source == "data"), default=0)
    if largest <= _LARGE_REQUEST_BYTES and request.ByteSize() <= _LARGE_REQUEST_BYTES:
        return request
    remaining = iter(images)
    messages = (
        request.messages if isinstance(request, chat_pb2.GetCompletionsRequest) else request.input
    )
    for message in messages:
        for content in message.content:
            if content.WhichOneof("content") != "image_url":
                continue
            info = next(remaining).facts
            if content.image_url.image_url[:5].lower() == "data:":
                content.image_url.image_url = (
                    f"data:image/{info.format.lower()};sha256,{info.sha256}"
                )
    # protobuf frees the memory of a message only as a whole, so only a copy is small.
    return copy.deepcopy(request)
