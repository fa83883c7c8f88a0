"""Streamed answers as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from xai_vision.openai_compat import ChatStream, ResponseStream
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._http.errors import error_body
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._service.active_call import ActiveCall

__all__ = [
    "EVENT_STREAM",
    "MALFORMED",
    "ChatEncoder",
    "Encoder",
    "ResponseEncoder",
    "stream_events",
]

EVENT_STREAM: Final = "text/event-stream"
_DONE: Final = b"data: [DONE]\n\n"
# An event, but no JSON: it ends in the middle.
MALFORMED: Final = b'data: {"id": "broken", "choices": [{"delta": {"content": "\n\n'


class Encoder(Protocol):
    """Turns the pieces of an answer into events."""

    def feed(self, piece: chat_pb2.GetChatCompletionChunk) -> bytes:
        """The events that a piece makes."""

    def finish(self) -> bytes:
        """The end of a stream that ended well."""

    def fail(self, error: ServiceError) -> bytes:
        """The end of one that breaks off."""


class ChatEncoder:
    """Chunks of Chat Completions.

    Args:
        stream: Makes them.
        form: How errors are told: "xai" or "openai".
    """

    def __init__(self, stream: ChatStream, form: str) -> None:
        self._stream, self._form = stream, form

    def feed(self, piece: chat_pb2.GetChatCompletionChunk) -> bytes:
        """The chunks that a piece makes."""
        return _events(self._stream.feed(piece))

    def finish(self) -> bytes:
        """The mark that the stream is complete."""
        return _DONE

    def fail(self, error: ServiceError) -> bytes:
        """An object with "error", which clients raise for."""
        return _events([error_body(error, self._form)])


class ResponseEncoder:
    """Events of the Responses API.

    Args:
        stream: Makes them.
        metadata: What the request noted beside the answer; it is given back.
    """

    def __init__(self, stream: ResponseStream, metadata: Mapping[str, Any]) -> None:
        self._stream, self._metadata = stream, metadata

    def feed(self, piece: chat_pb2.GetChatCompletionChunk) -> bytes:
        """The events that a piece makes."""
        return self._written(self._stream.feed(piece))

    def finish(self) -> bytes:
        """The whole answer, and the mark that the stream is complete."""
        return self._written(self._stream.finish()) + _DONE

    def fail(self, error: ServiceError) -> bytes:
        """An event of type "error", and none that completes the answer."""
        return _events(self._stream.fail(error.code.name.lower(), error.details))

    def _written(self, events: Sequence[dict[str, Any]]) -> bytes:
        for event in events:
            if "response" in event:
                event["response"]["metadata"] = self._metadata
        return _events(events)


def _events(values: Sequence[dict[str, Any]]) -> bytes:
    # Data only, as xAI documents it: no "event:" lines.
    lines = [f"data: {json.dumps(value, separators=(',', ':'))}\n\n" for value in values]
    return "".join(lines).encode()


def stream_events(
    call: ActiveCall,
    response: chat_pb2.GetChatCompletionResponse,
    encoder: Encoder,
    mistaken: Callable[[str], ServiceError],
) -> Iterator[bytes]:
    """Perform a streamed answer: its events when they are due, its faults where they belong.

    Args:
        call: The call, whose delivery has the pacing and the faults.
        response: The response.
        encoder: Makes events of it.
        mistaken: Notes a mistake, and makes the error that the client sees.

    Raises:
        ClientDisconnected: The client disconnected, or the server was stopped.
    """
    try:
        for piece in call.delivery.stream(response):
            if isinstance(piece, bytes):
                yield MALFORMED
                continue
            events = encoder.feed(piece)
            if events:
                yield events
            call.record.chunks_sent += 1
    except ClientDisconnected:
        raise
    except Exception as fault:  # noqa: BLE001 - becomes the call's status
        error = fault
        if not isinstance(error, ServiceError):
            error = mistaken(f"{call!r}: {type(fault).__name__}: {fault}")
        call.finish(error.code.name, error.details)
        yield encoder.fail(error)
        return
    # One that is cut short ends without a word.
    if not any(fault.kind == "truncate" for fault in call.delivery.faults):
        last = encoder.finish()
        # Noted before the last byte leaves: a client that has its answer finds the log complete.
        call.finish("OK")
        yield last
    call.finish("OK")
