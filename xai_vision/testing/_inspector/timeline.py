"""The times of a call: when its parts happened, and the answer as it streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xai_vision.testing._inspector.texts import contains_key

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call

_LABELS = {
    "arrived": "arrived",
    "thread": "taken by a thread of the server",
    "read": "request read; faults and rules apply",
    "rule": "rule",
    "fault": "fault",
    "first": "first chunk",
    "last": "last chunk",
    "end": "end",
}


def show_timeline(call: Call) -> list[list[Any]]:
    """Return [milliseconds after the arrival, kind, text] for each event of a call, in order."""
    arrival = _arrival(call)
    events: list[tuple[float, str, str]] = [(arrival, "arrived", "")]
    trace = call.trace
    if trace is not None:
        events += list(trace.events)
        if trace.chunks:
            total = len(trace.chunks) + trace.more_chunks
            events.append((trace.chunks[0][0], "first", f"of {total}"))
            events.append((trace.chunks[-1][0], "last", ""))
    elif call.faults:
        # Without a trace the times of faults are not known.
        events += [(call.started, "fault", repr(fault)) for fault in call.faults]
    events.sort(key=lambda event: event[0])
    if call.ended is not None:
        events.append((call.ended, "end", f"{call.status} {call.details}".strip()))
    return [
        [round((at - arrival) * 1000, 2), kind, f"{_LABELS[kind]} {text}".strip()]
        for at, kind, text in events
    ]


def show_stream(call: Call) -> list[list[Any]]:
    """Return [milliseconds after the arrival, text, reasoning] for each chunk of a stream.

    A key that several chunks share could not be redacted in them. Such chunks become one.
    """
    trace = call.trace
    chunks = [] if trace is None else list(trace.chunks)
    text, reasoning = ("".join(parts) for parts in list(zip(*chunks, strict=True))[1:] or [(), ()])
    if contains_key(text) or contains_key(reasoning):
        chunks = [(chunks[0][0], text, reasoning)]
    arrival = _arrival(call)
    return [[round((at - arrival) * 1000, 2), *parts] for at, *parts in chunks]


def _arrival(call: Call) -> float:
    """Return when a call arrived: before it waited for a thread, if that is known."""
    arrived = None if call.trace is None else call.trace.arrived
    return call.started if arrived is None else min(arrived, call.started)
