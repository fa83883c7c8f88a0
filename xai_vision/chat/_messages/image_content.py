"""A picture in a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, TypeAlias

from xai_vision import _validation as checks
from xai_vision.chat._messages.lazy_proto import ProtoBacked, building
from xai_vision.chat._messages.wire_format import Write, head, number
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging._image_url import Picture, TextPicture
from xai_vision.proto import chat_pb2, image_pb2

ImageDetail: TypeAlias = Literal["auto", "low", "high"]

DETAILS: dict[ImageDetail, image_pb2.ImageDetail.ValueType] = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}

Placed: TypeAlias = "Callable[[ImageContent, Picture], object]"

# Field numbers of xai_api.Content and xai_api.ImageUrlContent.
_CONTENT_IMAGE_URL = 2
_IMAGE_URL = 1
_DETAIL = 2


class ImageUrl(ProtoBacked[image_pb2.ImageUrlContent]):
    """The ``image_url`` of a part; ``.proto`` is the part's own, so changes to it are kept."""

    __slots__ = ("_part",)
    _own: ClassVar[frozenset[str]] = frozenset({"_proto", "_part"})

    def __init__(self, part: ImageContent) -> None:
        self._proto = None
        self._part = part

    @property
    def image_url(self) -> str:
        """The http(s) or data URL; made anew at each read where the picture is not held so."""
        return self._part.picture.url() if self._proto is None else self._proto.image_url

    @property
    def detail(self) -> image_pb2.ImageDetail.ValueType:
        """The level of detail, as the number of ``image_pb2.ImageDetail``."""
        return self._part.detail if self._proto is None else self._proto.detail

    def _build(self) -> image_pb2.ImageUrlContent:
        return self._part.proto.image_url

    def _as_proto(self) -> image_pb2.ImageUrlContent:
        return self._part._as_proto().image_url


class ImageContent(ProtoBacked[chat_pb2.Content]):
    """A picture in a message. Reads like ``chat_pb2.Content``; ``.proto`` is one."""

    __slots__ = ("_detail", "_picture")
    _own: ClassVar[frozenset[str]] = frozenset({"_proto", "_picture", "_detail", "detail"})

    # None once the proto holds it, which is set first: read in the other order, one is there.
    _picture: Picture | None

    def __init__(self, picture: Picture, detail: image_pb2.ImageDetail.ValueType) -> None:
        self._proto = None
        self._picture = picture
        self._detail = detail

    @property
    def picture(self) -> Picture:
        """The picture; once ``.proto`` was asked for, the text that stands there."""
        picture = self._picture
        return TextPicture(self.proto.image_url.image_url) if picture is None else picture

    @property
    def detail(self) -> image_pb2.ImageDetail.ValueType:
        """How closely the model looks, as the number of ``image_pb2.ImageDetail``."""
        return self._detail if self._proto is None else self._proto.image_url.detail

    @detail.setter
    def detail(self, value: image_pb2.ImageDetail.ValueType) -> None:
        if self._proto is None:
            self._detail = value
        else:
            self._proto.image_url.detail = value

    @property
    def image_url(self) -> ImageUrl | image_pb2.ImageUrlContent:
        """The picture's URL and detail."""
        return ImageUrl(self) if self._proto is None else self._proto.image_url

    @property
    def text(self) -> str:
        """Always empty: a picture is no text."""
        return ""

    def _build(self) -> chat_pb2.Content:
        content = chat_pb2.Content()
        content.image_url.image_url = self.picture.url()
        content.image_url.detail = self.detail
        return content

    def _let_go(self) -> None:
        self._picture = None

    def _url_content_size(self, picture: Picture) -> int:
        size = picture.url_size
        return len(head(_IMAGE_URL, size)) + size + len(number(_DETAIL, self.detail))

    @property
    def encoded_size(self) -> int:
        """How many bytes ``write`` hands over."""
        picture = self._picture
        if picture is None:
            return self.proto.ByteSize()
        size = self._url_content_size(picture)
        return len(head(_CONTENT_IMAGE_URL, size)) + size

    def write(self, write: Write, placed: Placed | None = None) -> None:
        """Hand over the wire bytes of this part, in steps.

        Args:
            write: Is given them.
            placed: Is told that what comes next is the ``url()`` of this part's picture.
        """
        picture = self._picture
        if picture is None:
            write(self.proto.SerializeToString())
            return
        write(head(_CONTENT_IMAGE_URL, self._url_content_size(picture)))
        write(head(_IMAGE_URL, picture.url_size))
        if placed is not None:
            placed(self, picture)
        picture.write_url(write)
        write(number(_DETAIL, self.detail))

    def hold(self, picture: Picture, instead_of: Picture) -> None:
        """Hold the same picture in another form, if it has not come to hold another one."""
        with building():
            if self._picture is instead_of:
                self._picture = picture

    def __copy__(self) -> ImageContent:
        twin = object.__new__(ImageContent)
        # The picture itself never changes, so copies of a conversation share it.
        twin._picture = self._picture
        twin._detail = self._detail
        twin._proto = None
        if self._proto is not None:
            twin._picture = None
            twin._proto = chat_pb2.Content()
            twin._proto.CopyFrom(self._proto)
        return twin

    def __deepcopy__(self, memo: dict[int, object]) -> ImageContent:
        return self.__copy__()

    def __repr__(self) -> str:
        return f"image({self.picture.describe()}, detail={detail_name(self.detail)!r})"

    __str__ = __repr__


def detail_number(detail: str | None) -> image_pb2.ImageDetail.ValueType:
    """The number for a word of ``ImageDetail``.

    Raises:
        InvalidRequestError: It is none of the three.
    """
    if detail is None:
        return image_pb2.DETAIL_AUTO
    try:
        return DETAILS[detail]  # type: ignore[index]  # any text may come in
    except (KeyError, TypeError):
        allowed = ", ".join(repr(name) for name in DETAILS)
        raise InvalidRequestError(
            f"detail must be one of {allowed}, not {checks.shown(detail)}"
        ) from None


def detail_name(detail: image_pb2.ImageDetail.ValueType) -> ImageDetail:
    """The word for a level of detail; "auto" for one the service would choose."""
    return next((name for name, value in DETAILS.items() if value == detail), "auto")
