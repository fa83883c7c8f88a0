"""Reading a request: its images opened, its texts counted, before anything is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.testing._calls.images import CallImage, ImageCache
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service import image_sources as sources
from xai_vision.testing._service.image_inspection import ImageInfo, ImageInspector
from xai_vision.testing._service.image_sources import SourceTable
from xai_vision.testing._service.response import encrypted_content as opaque
from xai_vision.testing._service.response import tokens
from xai_vision.testing._settings import Settings

_DETAILS = {image_pb2.DETAIL_LOW: "low", image_pb2.DETAIL_HIGH: "high"}
_ROLES_WITH_CONTENT = (chat_pb2.ROLE_USER, chat_pb2.ROLE_SYSTEM, chat_pb2.ROLE_DEVELOPER)
# What a message costs besides its text: the marks around it.
_TOKENS_PER_MESSAGE = 4
_SLIM_ABOVE = 64 * 1024
_R = TypeVar("_R", chat_pb2.GetCompletionsRequest, chat_pb2.CompactContextRequest)


@dataclass
class ConversationSummary:
    """What a conversation holds, as far as answering it goes.

    Attributes:
        prompt: Text of the last user message, its parts joined by newlines.
        images: Every image, in order.
        files: Names or ids of files that are not images.
        tool_results: Texts of tool messages after the last assistant message.
        messages: How many messages.
        text_tokens: Tokens of all text, marks around messages included.
        last_answer: The last assistant text, or "".
    """

    prompt: str = ""
    images: list[CallImage] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    tool_results: list[str] = field(default_factory=list)
    message_count: int = 0
    text_tokens: int = 0
    last_response: str = ""

    @property
    def image_tokens(self) -> int:
        """Tokens of all images."""
        return sum(image.tokens for image in self.images)

    def appended_to(self, earlier: ConversationSummary) -> ConversationSummary:
        """Return the conversation of ``earlier`` with this one's messages behind it."""
        return ConversationSummary(
            prompt=self.prompt,
            images=[
                *(image.continued(image.turn) for image in earlier.images),
                *self.images,
            ],
            files=[*earlier.files, *self.files],
            tool_results=self.tool_results,
            message_count=earlier.message_count + self.message_count,
            text_tokens=earlier.text_tokens + self.text_tokens,
            last_response=self.last_response or earlier.last_response,
        )


@dataclass(frozen=True)
class RequestReader:
    """Reads messages with what one tenant's server has: its tables, its limits, its album."""

    settings: Settings
    inspector: ImageInspector
    image_cache: ImageCache
    urls: SourceTable
    files: SourceTable

    def read(
        self, messages: Iterable[chat_pb2.Message], *, first_turn: int = 0
    ) -> ConversationSummary:
        """Read messages, opening every image.

        Args:
            messages: The request's.
            first_turn: How many messages of an earlier conversation come before them.

        Raises:
            ServiceError: INVALID_ARGUMENT for a message or image that is not taken,
                DATA_LOSS or NOT_FOUND for an image that is not there.
        """
        reading = ConversationSummary()
        for turn, message in enumerate(messages, first_turn):
            self._message(message, turn, reading)
            reading.message_count += 1
        return reading

    def image_tokens(self, data: bytes) -> int:
        """How many image tokens an image counts as.

        Raises:
            ServiceError: INVALID_ARGUMENT, it is none.
        """
        facts = self.inspector.inspect(data, "", self.settings)
        return tokens.image_tokens(facts.width, facts.height, "auto", self.settings)

    def _message(self, message: chat_pb2.Message, turn: int, reading: ConversationSummary) -> None:
        if message.role == chat_pb2.INVALID_ROLE:
            raise invalid_argument(f"Message {turn} has no role.")
        if message.role in _ROLES_WITH_CONTENT and not (
            message.content or message.encrypted_content
        ):
            raise invalid_argument(f"Message {turn} has no content.")
        texts = []
        for number, content in enumerate(message.content):
            kind = content.WhichOneof("content")
            if kind == "text":
                texts.append(content.text)
            elif kind == "image_url":
                reading.images.append(self._image(content.image_url, turn))
            elif kind == "file":
                self._file(content.file, turn, reading)
            else:
                raise invalid_argument(f"Content {number} of message {turn} is empty.")
        text = "\n".join(texts)
        reading.text_tokens += tokens.count(text) + _TOKENS_PER_MESSAGE
        for call in message.tool_calls:
            reading.text_tokens += tokens.count(call.function.arguments) + _TOKENS_PER_MESSAGE
        if message.encrypted_content:
            self._compacted(opaque.decode(message.encrypted_content), turn, reading)
        _note_role(message, text, reading)

    def _image(self, content: image_pb2.ImageUrlContent, turn: int) -> CallImage:
        detail = _DETAILS.get(content.detail, "auto")
        label = ""
        if content.WhichOneof("source") == "file_id":
            source = content.file_id
            data = sources.fetch_file(self.files, source)
        else:
            url = content.image_url
            scheme = url[:8].lower()
            if scheme.startswith("data:"):
                source = "data"
                data, label = sources.decode_data_url(url, self.settings)
            elif scheme.startswith(("http://", "https://")):
                source = url
                data = sources.fetch_url(self.urls, url, self.settings)
            else:
                raise invalid_argument(
                    f"Invalid image URL {url[:40]!r}: it is neither http(s) nor a data URL."
                )
        return self._seen(data, detail=detail, source=source, label=label, turn=turn)

    def _seen(self, data: bytes, *, detail: str, source: str, label: str, turn: int) -> CallImage:
        facts = self.inspector.inspect(data, label, self.settings)
        if facts.size <= self.settings.keep_image_bytes:
            self.image_cache.put(facts.sha256, data)
        count = tokens.image_tokens(facts.width, facts.height, detail, self.settings)
        return CallImage(
            facts,
            self.image_cache,
            detail=detail,
            source=source,
            declared_media_type=label,
            tokens=count,
            turn=turn,
        )

    def _file(self, content: chat_pb2.FileContent, turn: int, reading: ConversationSummary) -> None:
        name = content.filename or content.url or content.file_id or "file"
        data = content.data
        if content.file_id:
            data = sources.fetch_file(self.files, content.file_id)
        elif content.url:
            data = sources.fetch_url(self.urls, content.url, self.settings)
        elif not data:
            raise invalid_argument(f"File {name!r} in message {turn} is empty.")
        reading.files.append(f"{name} ({len(data):,} bytes)")
        reading.text_tokens += max(1, len(data) // 4)

    def _compacted(self, found: dict[str, Any], turn: int, reading: ConversationSummary) -> None:
        """Take in what a compaction of ours remembers: its images cost nothing any more."""
        reading.text_tokens += found.get("tokens", 0)
        for facts, detail in found.get("images", ()):
            seen = CallImage(
                ImageInfo.from_json(facts),
                self.image_cache,
                detail=detail,
                source="compacted",
                declared_media_type="",
                tokens=0,
                turn=turn,
                earlier=True,
            )
            reading.images.append(seen)


def compaction_state(reading: ConversationSummary) -> dict[str, Any]:
    """What a compaction remembers of a conversation; ``Reader`` takes it in again."""
    images = [(image.facts.to_json(), image.detail) for image in reading.images]
    return {"kind": "compaction", "images": images, "tokens": 16 + 8 * len(images)}


def _note_role(message: chat_pb2.Message, text: str, reading: ConversationSummary) -> None:
    if message.role == chat_pb2.ROLE_USER:
        reading.prompt = text
    elif message.role == chat_pb2.ROLE_TOOL:
        reading.tool_results.append(text)
    elif message.role == chat_pb2.ROLE_ASSISTANT:
        reading.last_response = text
        # Results of calls that were answered already are not news.
        reading.tool_results.clear()


def without_image_data(request: _R, images: list[CallImage]) -> _R:
    """Return ``request`` for the log: the data URLs of a large one replaced by their hashes.

    Copied, since protobuf frees nothing of a message as long as any of it lives.
    """
    if request.ByteSize() <= _SLIM_ABOVE:
        return request
    seen = iter(images)
    messages = (
        request.messages if isinstance(request, chat_pb2.GetCompletionsRequest) else request.input
    )
    for message in messages:
        for content in message.content:
            if content.WhichOneof("content") != "image_url":
                continue
            facts = next(seen).facts
            if content.image_url.image_url[:5].lower() == "data:":
                content.image_url.image_url = (
                    f"data:image/{facts.format.lower()};sha256,{facts.sha256}"
                )
    small = type(request)()
    small.CopyFrom(request)
    return small
