"""Which way up a picture is: by its EXIF, or its XMP if that says nothing, as Pillow has it."""

from __future__ import annotations

import re

from xai_vision.imaging._formats.tiff import ORIENTATION, read_tag, valid_orientation

EXIF = b"Exif\0\0"
"""What EXIF starts with in a JPEG, and by mistake in some PNG and WebP files."""

_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_PROFILE_HEAD = 3  # lines: an empty one, the profile's name, its length


def orientation(exif: bytes = b"", xmp: bytes = b"") -> int:
    """Tell the orientation, 1 to 8, from what a file holds of either; 1 if they do not say."""
    by_exif = _read_exif(exif)
    if by_exif is not None:
        return by_exif
    found = _XMP.search(xmp)
    return valid_orientation(int(found[1])) if found else 1


def _read_exif(exif: bytes) -> int | None:
    """Read the orientation from EXIF, as far as its directory goes; None if it has none."""
    found = read_tag(exif.removeprefix(EXIF), ORIENTATION)
    return None if found is None else valid_orientation(found)


def exif_of_raw_profile(text: bytes) -> bytes:
    """The EXIF in a PNG's text "Raw profile type exif", as ImageMagick wrote it; empty if none."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[_PROFILE_HEAD:]).decode("ascii"))
    except ValueError:
        return b""


def orientation_exif(value: int) -> bytes:
    """EXIF data that says nothing but the orientation."""
    entry = ORIENTATION.to_bytes(2, "big") + b"\0\x03\0\0\0\x01" + value.to_bytes(2, "big")
    return b"MM\0*\0\0\0\x08" + b"\0\x01" + entry + b"\0\0" + b"\0\0\0\0"
