"""The content of uploads, and file objects that read it."""

from __future__ import annotations

import io
import os

from xai_vision.services._files.upload import CHUNK_BYTES

DATA = os.urandom(CHUNK_BYTES * 2 + 1000)
CHUNKS = 5
FIVE_CHUNKS = os.urandom(CHUNK_BYTES) * (CHUNKS - 1) + b"end"


class Named(io.BytesIO):
    """A file object with the name of a path."""

    name = "/some/where/data.bin"


class Stream(io.RawIOBase):
    """A file object that cannot be rewound and reads a little at a time, like a socket."""

    name = "data.bin"

    def __init__(self, data, step=100_000):
        self.rest = data
        self.step = step

    def readable(self):
        return True

    def read(self, size=-1):
        part, self.rest = self.rest[: min(size, self.step)], self.rest[min(size, self.step) :]
        return part


def named(data, name):
    """Return a file object with a name."""
    file = io.BytesIO(data)
    file.name = name
    return file
