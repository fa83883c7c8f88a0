"""Encode streamed responses as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xai_vision.openai_compat import ChatStream, ResponseStream
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._http.errors import error_body
from xai_vision.testing._service.call_errors import to_service_error
from xai_vision.testing._service.delivery import ClientDisconnected

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.engine import Engine


EVENT_STREAM: Final = "text/event-stream"
_DONE: Final = b"data: [DONE]\n\n"
# An event whose JSON is cut off in the middle.
MALFORMED: Final = b'data: {"id": "broken", "choices": [{"delta": {"content": "\n\n'

# A body whose JSON is cut off, in place of an error.
MALFORMED_BODY: Final = b'{"error": '


class ChatEncoder:
    """Encodes chunks of Chat Completions.

    Args:
        stream: Translates the chunks.
        error_form: The form of errors: "xai" or "openai".
    """

    def __init__(self, stream: ChatStream, error_form: str) -> None:
        self._stream, self._error_form = stream, error_form

    def feed(self, chunk: chat_pb2.GetChatCompletionChunk) -> bytes:
        """Encode the events of the next chunk."""
        return _events(self._stream.feed(chunk))

    def finish(self) -> bytes:
        """Encode the end marker."""
        return _DONE

    def fail(self, error: ServiceError) -> bytes:
        """Encode an object with "error", for which clients raise an exception."""
        return _events([error_body(error, self._error_form)])


class ResponseEncoder:
    """Encodes events of the Responses API.

    Args:
        stream: Translates the chunks.
        metadata: The request's metadata, which the response repeats.
    """

    def __init__(self, stream: ResponseStream, metadata: Mapping[str, Any]) -> None:
        self._stream, self._metadata = stream, metadata

    def feed(self, chunk: chat_pb2.GetChatCompletionChunk) -> bytes:
        """Encode the events of the next chunk."""
        return self._encode(self._stream.feed(chunk))

    def finish(self) -> bytes:
        """Encode the event with the whole response, and the end marker."""
        return self._encode(self._stream.finish()) + _DONE

    def fail(self, error: ServiceError) -> bytes:
        """Encode an event of type "error"; no event completes the response."""
        return _events(self._stream.fail(error.code.name.lower(), error.details))

    def _encode(self, events: Sequence[dict[str, Any]]) -> bytes:
        for event in events:
            if "response" in event:
                event["response"]["metadata"] = self._metadata
        return _events(events)


Encoder: TypeAlias = ChatEncoder | ResponseEncoder


def _events(values: Sequence[dict[str, Any]]) -> bytes:
    # xAI documents "data:" lines only, without "event:" lines.
    lines = [f"data: {json.dumps(value, separators=(',', ':'))}\n\n" for value in values]
    return "".join(lines).encode()


def interrupted_events(call: ActiveCall) -> Iterator[bytes]:
    """Yield the events of a stream that a fault ends before its first chunk."""
    malformed = call.delivery.malformed
    call.finish("OK")
    if malformed:
        yield MALFORMED


def stream_events(
    engine: Engine,
    call: ActiveCall,
    chunks: Iterator[Any],
    encoder: Encoder,
) -> Iterator[bytes]:
    """Yield the events of a streamed response when they are due, with the call's faults.

    Raises:
        ClientDisconnected: The client disconnected, or the server was stopped.
    """
    try:
        for chunk in chunks:
            if isinstance(chunk, bytes):
                yield MALFORMED
                continue
            events = encoder.feed(chunk)
            if events:
                yield events
            call.record.chunks_sent += 1
    except ClientDisconnected:
        raise
    except Exception as error:  # noqa: BLE001 - becomes the call's status
        status = to_service_error(engine, call, error)
        call.finish(status.code.name, status.details)
        yield encoder.fail(status)
        return
    truncated = any(fault.kind == "truncate" for fault in call.delivery.faults)
    last = b"" if truncated else encoder.finish()
    # Finish the call before the last byte, so that a client with its response finds the log
    # complete.
    call.finish("OK")
    if last:
        yield last
