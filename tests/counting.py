"""Measure work by counting: a count does not depend on the machine's speed."""

from __future__ import annotations

import sys
import tracemalloc


def calls_of(work):
    """Return the number of Python and C functions that ``work`` calls."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def steps_of(work):
    """Return the number of bytecode instructions that ``work`` executes in this thread.

    Unlike the number of calls it contains each pass of a loop.
    """
    count = 0

    def note(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return note

    previous = sys.gettrace()
    sys.settrace(note)
    try:
        work()
    finally:
        sys.settrace(previous)
    return count


def peak_of(work):
    """Return the bytes that ``work`` needs at most, beyond what exists before it.

    Unlike the number of steps it shows copies that C makes.
    """
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
