"""What is known of a picture without its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from xai_vision.imaging._formats.sniff import MEDIA_TYPES


@dataclass(frozen=True)
class ImageHeader:
    """What a picture's header says.

    Attributes:
        format: Its format as Pillow names it: "JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", ...
        width: Pixels across, as stored.
        height: Pixels down, as stored.
        orientation: The orientation in its EXIF, or in its XMP if that says nothing: 1 to 8, where
            1 is upright.
        mode: The pixels' kind in Pillow's terms ("L", "RGB", "RGBA", "P", "CMYK", ...); "" if
            not told by the header.
        bits: Bits per channel.
        animated: Whether there is more than one picture in it: frames, pages, or in a JPEG further
            pictures behind the first (MPO; gain maps of telephones are kept so, too).
        body_at: Where the compressed pixels start, in bytes; 0 if not known.
        doubtful: Whether something in it makes some decoders give up, so that only decoding tells.
        ended: Whether its end was seen, of a PNG; of other formats that is looked for later.
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

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels as people see it, the orientation obeyed."""
        if self.orientation >= 5:
            return self.height, self.width
        return self.width, self.height

    @property
    def media_type(self) -> str:
        """The media type, such as "image/jpeg"."""
        return MEDIA_TYPES.get(self.format, "application/octet-stream")
