"""The properties of an image that its header contains."""

from __future__ import annotations

from dataclasses import dataclass

from xai_vision.imaging._formats.sniff import MEDIA_TYPES


@dataclass(frozen=True)
class ImageHeader:
    """The header of an image.

    Attributes:
        format: The format with Pillow's name: "JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", ...
        width: Width in pixels as stored.
        height: Height in pixels as stored.
        orientation: The orientation in EXIF, or else in XMP: 1 to 8; 1 means upright.
        mode: The mode with Pillow's name ("L", "RGB", "RGBA", "P", "CMYK", ...); "" if unknown.
        bits: Bits per channel.
        animated: Whether the image has several frames or pages.
        data_offset: Offset of the compressed pixels in bytes; 0 if unknown.
        needs_decode: Whether only decoding can tell if the image is valid.
        has_end: Whether the end of a PNG was found; other formats are checked later.
        multi_image: Whether the file has more than one image: frames, pages, or further images
            after a JPEG (MPO; phones store gain maps this way).
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    mode: str = ""
    bits: int = 8
    animated: bool = False
    data_offset: int = 0
    needs_decode: bool = False
    has_end: bool = True
    multi_image: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels with the orientation applied."""
        if self.orientation >= 5:
            return self.height, self.width
        return self.width, self.height

    @property
    def media_type(self) -> str:
        """The media type, such as "image/jpeg"."""
        return MEDIA_TYPES.get(self.format, "application/octet-stream")
