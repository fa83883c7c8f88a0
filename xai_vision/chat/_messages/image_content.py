"""The image part of a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, TypeAlias, cast

from xai_vision import _validation as checks
from xai_vision.chat._messages.lazy_proto import ProtoBacked, build_lock
from xai_vision.imaging._image_url import ImageUrlSource, TextImageUrl
from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.proto._wire_format import Write, length_prefix, varint_field

ImageDetail: TypeAlias = Literal["auto", "low", "high"]

DETAILS: dict[ImageDetail, image_pb2.ImageDetail.ValueType] = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}

OnImage: TypeAlias = "Callable[[ImageContent, ImageUrlSource], object]"

# Field numbers of xai_api.Content and xai_api.ImageUrlContent.
_CONTENT_IMAGE_URL = 2
_IMAGE_URL = 1
_DETAIL = 2


class ImageUrl(ProtoBacked[image_pb2.ImageUrlContent]):
    """The ``image_url`` of a part; changes to ``.proto`` change the part."""

    __slots__ = ("_part",)
    _own: ClassVar[frozenset[str]] = frozenset({"_proto", "_part"})

    def __init__(self, part: ImageContent) -> None:
        self._proto = None
        self._part = part

    @property
    def image_url(self) -> str:
        """The http(s) or data URL; a data URL may be built at each read."""
        return self._part.source.url() if self._proto is None else self._proto.image_url

    @property
    def detail(self) -> image_pb2.ImageDetail.ValueType:
        """The detail, a number of ``image_pb2.ImageDetail``."""
        return self._part.detail if self._proto is None else self._proto.detail

    def _build(self) -> image_pb2.ImageUrlContent:
        return self._part.proto.image_url

    def _as_proto(self) -> image_pb2.ImageUrlContent:
        return self._part._as_proto().image_url


class ImageContent(ProtoBacked[chat_pb2.Content]):
    """An image in a message. Behaves like ``chat_pb2.Content``; ``.proto`` is one."""

    __slots__ = ("_detail", "_source")
    _own: ClassVar[frozenset[str]] = frozenset({"_proto", "_source", "_detail", "detail"})

    # None once the proto contains it. The proto is set first, so a reader finds one of the two.
    _source: ImageUrlSource | None

    def __init__(self, source: ImageUrlSource, detail: image_pb2.ImageDetail.ValueType) -> None:
        self._proto = None
        self._source = source
        self._detail = detail

    @property
    def source(self) -> ImageUrlSource:
        """The image; once the proto is built, its URL."""
        source = self._source
        return TextImageUrl(self.proto.image_url.image_url) if source is None else source

    @property
    def detail(self) -> image_pb2.ImageDetail.ValueType:
        """The detail, a number of ``image_pb2.ImageDetail``."""
        return self._detail if self._proto is None else self._proto.image_url.detail

    @detail.setter
    def detail(self, value: image_pb2.ImageDetail.ValueType) -> None:
        if self._proto is None:
            self._detail = value
        else:
            self._proto.image_url.detail = value

    @property
    def image_url(self) -> ImageUrl | image_pb2.ImageUrlContent:
        """The URL and the detail."""
        return ImageUrl(self) if self._proto is None else self._proto.image_url

    @property
    def text(self) -> str:
        """Always empty."""
        return ""

    def _build(self) -> chat_pb2.Content:
        content = chat_pb2.Content()
        content.image_url.image_url = self.source.url()
        content.image_url.detail = self.detail
        return content

    def _drop_source(self) -> None:
        self._source = None

    def _url_content_size(self, source: ImageUrlSource) -> int:
        size = source.url_size
        return len(length_prefix(_IMAGE_URL, size)) + size + len(varint_field(_DETAIL, self.detail))

    @property
    def encoded_size(self) -> int:
        """The number of bytes that ``write`` writes."""
        source = self._source
        if source is None:
            return self.proto.ByteSize()
        size = self._url_content_size(source)
        return len(length_prefix(_CONTENT_IMAGE_URL, size)) + size

    def write(self, write: Write, on_image: OnImage | None = None) -> None:
        """Write the protobuf encoding of this part in steps.

        Args:
            write: Called with the bytes.
            on_image: Called before the bytes of the image's ``url()`` are written.
        """
        source = self._source
        if source is None:
            write(self.proto.SerializeToString())
            return
        write(length_prefix(_CONTENT_IMAGE_URL, self._url_content_size(source)))
        write(length_prefix(_IMAGE_URL, source.url_size))
        if on_image is not None:
            on_image(self, source)
        source.write_url(write)
        write(varint_field(_DETAIL, self.detail))

    def replace_image(self, source: ImageUrlSource, instead_of: ImageUrlSource) -> None:
        """Replace the image by an equal one, unless it has changed in the meantime."""
        with build_lock():
            if self._source is instead_of:
                self._source = source

    def __copy__(self) -> ImageContent:
        copied = object.__new__(ImageContent)
        # Images are immutable, so copies of a conversation share them.
        copied._source = self._source
        copied._detail = self._detail
        copied._proto = None
        if self._proto is not None:
            copied._source = None
            copied._proto = chat_pb2.Content()
            copied._proto.CopyFrom(self._proto)
        return copied

    def __deepcopy__(self, memo: dict[int, object]) -> ImageContent:
        return self.__copy__()

    def __repr__(self) -> str:
        return f"image({self.source.describe()}, detail={detail_from_proto(self.detail)!r})"

    __str__ = __repr__


def detail_to_proto(detail: str | None) -> image_pb2.ImageDetail.ValueType:
    """Convert an ``ImageDetail`` to its number.

    Raises:
        InvalidRequestError: The detail is not "auto", "low" or "high".
    """
    if detail is None:
        return image_pb2.DETAIL_AUTO
    return DETAILS[cast("ImageDetail", checks.enum("detail", detail, DETAILS))]


def detail_from_proto(detail: image_pb2.ImageDetail.ValueType) -> ImageDetail:
    """Convert a number to an ``ImageDetail``; unknown numbers become "auto"."""
    for name, value in DETAILS.items():
        if value == detail:
            return name
    return "auto"
