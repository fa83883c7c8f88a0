"""The cost of parsing data, counted instead of timed."""

from __future__ import annotations

import sys
from collections.abc import Callable

from xai_vision.imaging._formats.byte_reader import ByteReader


def parsing_cost(parse: Callable[[ByteReader], object], data: bytes) -> tuple[int, int]:
    """Return the number of executed lines and of bytes read."""
    lines = read = 0

    def trace(frame, event, arg):
        nonlocal lines
        lines += event == "line"
        return trace

    def read_at(start, length):
        nonlocal read
        read += length
        return data[start : start + length]

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse(ByteReader(read_at, len(data)))
    finally:
        sys.settrace(before)
    return lines, read
