"""Read a request for the rules and the call log, without refusing anything.

The upstream checks the request. It accepts images that the fake server would refuse, and fetches
those that the fake server does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.image_inspection import ImageInfo
from xai_vision.testing._service.request_reader import ConversationSummary, RequestReader
from xai_vision.testing._settings import FORMATS
from xai_vision.testing._upstream.lazy_image import inspect_header

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2, image_pb2

_UNLIMITED: Final = 2**62
_UNREADABLE: Final = ImageInfo("", 0, "", 0, 0, (), b"")


class LenientReader(RequestReader):
    """Reads what can be read: images of any size and format; the others have no format."""

    @classmethod
    def like(cls, reader: RequestReader) -> LenientReader:
        """Return a reader with the sources of another one."""
        settings = reader.settings.replace(
            image_formats=FORMATS, max_image_bytes=_UNLIMITED, max_url_image_bytes=_UNLIMITED
        )
        return cls(settings, reader.inspector, reader.image_cache, reader.urls, reader.files)

    def read(
        self, messages: Any, earlier: ConversationSummary | None = None
    ) -> ConversationSummary:
        """Read messages; return an empty summary of messages that are not valid."""
        try:
            return super().read(messages, earlier)
        except ServiceError:
            return ConversationSummary()

    def read_image(self, content: image_pb2.ImageUrlContent, turn: int = 0) -> CallImage:
        """Open an image; return one without a format if that fails."""
        try:
            return super().read_image(content, turn)
        except ServiceError:
            source = content.file_id or content.image_url
            source = "data" if source[:5].lower() == "data:" else source
            return CallImage(_UNREADABLE, self.image_cache, "auto", source, "", 0, turn)

    def _inspect(self, data: bytes, media_type: str) -> ImageInfo:
        return inspect_header(data, self.settings, self.inspector, self.image_cache)

    def _read_file(
        self, content: chat_pb2.FileContent, turn: int, summary: ConversationSummary
    ) -> None:
        try:
            super()._read_file(content, turn, summary)
        except ServiceError:
            summary.files.append(content.filename or content.url or content.file_id or "file")


def readable(images: list[CallImage]) -> list[CallImage]:
    """Return the images that could be read."""
    return [image for image in images if image.format]
