"""The hashes by which a ledger knows a row.

The key of a line is 80 hexadecimal digits: the content (32), the row (16), the stamp (16) and the
question (16).

* The question is the hash of prompt, model, settings and image options, the same in all lines.
* The content is the hash of the question and of the row's images, or of its whole request.
* The row is the hash of its id and its content.
* The stamp is the hash of its id and of the size and time of its files; zeros if it has others.
  A row with a known stamp is skipped without reading its files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from xai_vision.bulk._row import Row

NO_STAMP = bytes(8)
KEY_DIGITS = 80
_BLOCK = 1024 * 1024


def digest(size: int, *parts: bytes) -> bytes:
    """Return a hash of parts; their borders are part of it."""
    value = hashlib.blake2b(digest_size=size)
    for part in parts:
        value.update(len(part).to_bytes(8, "big"))
        value.update(part)
    return value.digest()


def id_bytes(row_id: str) -> bytes:
    """Return the bytes of an id, which may be a file name that is not valid UTF-8."""
    return row_id.encode("utf-8", "surrogatepass")


def row_hash(row_id: str, content: bytes) -> bytes:
    """Return the hash of a row."""
    return digest(8, b"row", id_bytes(row_id), content)


def row_stamp(row: Row) -> bytes:
    """Return the stamp of a row, or zeros if not all of its images are files."""
    if not row.images or not all(isinstance(image, Path) for image in row.images):
        return NO_STAMP
    parts = []
    for image in row.images:
        try:
            state = image.stat()
        except OSError:
            return NO_STAMP
        parts.append(f"{image} {state.st_size} {state.st_mtime_ns}")
    return digest(8, b"stamp", id_bytes(row.id), *map(id_bytes, parts))


def file_sha256(path: Path) -> bytes:
    """Return the SHA-256 of a file, read in blocks."""
    value = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            value.update(block)
    return value.digest()


def sha256_of_all(digests: list[bytes]) -> bytes:
    """Return the digest of a row's only image, or that of the digests in order."""
    return digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()


def join_key(content: bytes, row: bytes, stamp: bytes, question: bytes) -> str:
    """Return the key of a line."""
    return (content + row + stamp + question).hex()
