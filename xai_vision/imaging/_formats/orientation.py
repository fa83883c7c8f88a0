"""The orientation of an image: from EXIF, or else from XMP, as Pillow reads it."""

from __future__ import annotations

import re

from xai_vision.imaging._formats.tiff import ORIENTATION, read_tag, valid_orientation

EXIF = b"Exif\0\0"
"""The prefix of EXIF in a JPEG, and by mistake in some PNG files."""

_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_PROFILE_HEAD = 3  # lines: an empty one, the profile's name, its length


def orientation(exif: bytes = b"", xmp: bytes = b"") -> int:
    """Return the orientation, 1 to 8, from EXIF or XMP; 1 if neither has it."""
    value = read_tag(exif.removeprefix(EXIF), ORIENTATION)
    if value is not None:
        return valid_orientation(value)
    match = _XMP.search(xmp)
    return valid_orientation(int(match[1])) if match else 1


def exif_of_raw_profile(text: bytes) -> bytes:
    """Return the EXIF in a PNG's text "Raw profile type exif" (ImageMagick); empty if invalid."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[_PROFILE_HEAD:]).decode("ascii"))
    except ValueError:
        return b""


def orientation_exif(value: int) -> bytes:
    """Return EXIF data that contains only the orientation."""
    entry = ORIENTATION.to_bytes(2, "big") + b"\0\x03\0\0\0\x01" + value.to_bytes(2, "big")
    return b"MM\0*\0\0\0\x08" + b"\0\x01" + entry + b"\0\0" + b"\0\0\0\0"
