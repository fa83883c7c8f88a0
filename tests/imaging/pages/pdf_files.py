"""Small PDF documents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from xai_vision import prepare_pages

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_ID = b"0123456789abcdef"
_PERMISSIONS = -4


@dataclass(frozen=True)
class Page:
    """A white page with a red box.

    Attributes:
        size: Width and height in points, before it is rotated.
        box: The red box as (x0, y0, x1, y1) in the coordinates of the PDF.
        origin: The lower left corner of the page in these coordinates.
        rotate: The page's rotation in degrees, clockwise.
        extra: Further entries of the page's dictionary.
    """

    size: tuple[float, float] = (200, 100)
    box: tuple[float, float, float, float] = (20, 10, 60, 40)
    origin: tuple[float, float] = (0, 0)
    rotate: int = 0
    extra: str = ""


def pdf(
    pages: Sequence[Page] = (Page(),), *, password: str | None = None, catalog: str = ""
) -> bytes:
    """Create a PDF, encrypted (RC4, 40 bits) if there is a password."""
    count = len(pages)
    kids = " ".join(f"{3 + 2 * index} 0 R" for index in range(count))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode(),
    ]
    entry = b""
    key = b""
    if password is not None:
        entry, key = _encryption(password.encode())
    for page in pages:
        x, y = page.origin
        width, height = page.size
        left, bottom, right, top = page.box
        number = len(objects) + 2
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{x} {y} {x + width} {y + height}] "
            f"/Rotate {page.rotate} /Contents {number} 0 R {page.extra} >>".encode()
        )
        content = f"1 0 0 rg {left} {bottom} {right - left} {top - bottom} re f".encode()
        if key:
            content = _rc4(_object_key(key, number), content)
        objects.append(b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content))
    return _file(objects, entry)


def _file(objects: list[bytes], trailer: bytes) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, trailer, len(out))
    )


def _encryption(password: bytes) -> tuple[bytes, bytes]:
    """Return the trailer's entries and the key of the standard security handler, revision 2."""
    padded = (password + _PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    permissions = _PERMISSIONS.to_bytes(4, "little", signed=True)
    key = hashlib.md5(padded + owner + permissions + _ID).digest()[:5]
    user = _rc4(key, _PADDING)
    entries = b"/ID [<%s> <%s>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >>"
    name = _ID.hex().encode()
    values = (name, name, owner.hex().encode(), user.hex().encode(), _PERMISSIONS)
    return entries % values, key


def _object_key(key: bytes, number: int) -> bytes:
    return hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


THREE = pdf([Page((200, 100)), Page((100, 300)), Page((72, 72))])


def page_sizes(*arguments, **options):
    """Prepare the pages and return their sizes in pixels."""
    return [page.size for page in prepare_pages(*arguments, **options)]
