"""Encode the requests of a batch, and divide them into calls."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from xai_vision import _validation as checks
from xai_vision._transport.options import CallOptions
from xai_vision._transport.rpc import CallSequence, RpcCall, Sleep
from xai_vision.chat._chat_calls import ChatCalls
from xai_vision.chat._messages.content import is_proto
from xai_vision.errors import APIError, InvalidRequestError
from xai_vision.proto import batch_pb2, chat_pb2
from xai_vision.proto._convert import adopt
from xai_vision.proto._wire_format import length_prefix
from xai_vision.proto.batch_pb2_grpc import BatchMgmt as Rpc

MAX_CALL_BYTES: Final = 25_000_000
"""The largest call of ``add`` (documented: 25 MB)."""
MAX_CALLS: Final = 100
"""The largest number of calls of ``add`` in ``PERIOD_SECONDS`` (documented)."""
PERIOD_SECONDS: Final = 30.0


class Pace:
    """Keeps the calls of a client, and of those derived from it, within the service's rate.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MAX_CALLS)
        self._lock = threading.Lock()

    def delay(self) -> float:
        """Count a call and return the seconds to wait before it."""
        with self._lock:
            now = time.monotonic()
            start = now
            if len(self._times) == MAX_CALLS:
                start = max(now, self._times[0] + PERIOD_SECONDS)
            self._times.append(start)
            return start - now


class _Request:
    """A request of a batch, which is encoded on use.

    Attributes:
        request_id: The id; empty if the service makes one.
        size: The number of bytes in a call.
    """

    __slots__ = ("encode", "request_id", "size")

    def __init__(self, name: str, value: Any) -> None:
        self.request_id, self.encode = _reader(name, value)
        body = self.encode()
        self.size = len(length_prefix(2, len(body))) + len(body)


def _reader(name: str, value: Any) -> tuple[str, Callable[[], bytes]]:
    if isinstance(value, ChatCalls):
        request_id = value._batch_request_id
        return request_id or "", lambda: _chat(request_id, value._body(n=None))
    try:
        message = adopt(value, batch_pb2.BatchRequest)
    except TypeError:
        proto = getattr(value, "proto", None)
        if is_proto(proto, chat_pb2.GetCompletionsRequest.DESCRIPTOR.full_name):
            # A chat of xai_sdk.
            request_id = getattr(value, "_batch_request_id", None)
            return request_id or "", lambda: _chat(request_id, value.proto.SerializeToString())
        raise InvalidRequestError(
            f"{name} must be a chat or a BatchRequest, not {checks.short_repr(value)}"
        ) from None
    if message.WhichOneof("request") is None:
        raise InvalidRequestError(f"{name} is empty")
    return message.batch_request_id, message.SerializeToString


def _chat(request_id: str | None, body: bytes) -> bytes:
    head = (
        b""
        if request_id is None
        else batch_pb2.BatchRequest(batch_request_id=request_id).SerializeToString()
    )
    return b"".join((head, length_prefix(2, len(body)), body))


def adding(
    batch_id: str, requests: Iterable[Any], options: CallOptions, pace: Pace
) -> CallSequence[None]:
    """Check the requests and describe the calls that add them.

    Raises:
        InvalidRequestError: A request is not valid or too large, or two have the same id.
    """
    batch_id = checks.string("batch_id", batch_id, empty=False)
    if isinstance(requests, (str, bytes)) or not isinstance(requests, Iterable):
        raise InvalidRequestError(
            f"batch_requests must be a list, not {checks.short_repr(requests)}"
        )
    items = [_Request(f"batch_requests[{i}]", value) for i, value in enumerate(requests)]
    if not items:
        raise InvalidRequestError("batch_requests is empty. Pass at least one request")
    head = batch_pb2.AddBatchRequestsRequest(batch_id=batch_id).SerializeToString()
    _check_ids(items)
    return _steps(head, _divide(items, MAX_CALL_BYTES - len(head)), options, pace)


def _check_ids(items: Sequence[_Request]) -> None:
    positions: dict[str, int] = {}
    for index, item in enumerate(items):
        if item.request_id:
            first = positions.setdefault(item.request_id, index)
            if first != index:
                raise InvalidRequestError(
                    f"batch_requests[{first}] and [{index}] have the same batch_request_id "
                    f"{item.request_id!r}. Results are found by their id"
                )


def _divide(items: Sequence[_Request], max_bytes: int) -> list[list[_Request]]:
    calls: list[list[_Request]] = [[]]
    size = 0
    for index, item in enumerate(items):
        if item.size > max_bytes:
            raise InvalidRequestError(
                f"batch_requests[{index}] has {item.size} bytes; a batch accepts at most "
                f"{max_bytes} bytes a request. Pass max_side= or max_bytes= to image(), or "
                "upload its images with client.files and pass image(file_id=...)"
            )
        if size + item.size > max_bytes:
            calls.append([])
            size = 0
        calls[-1].append(item)
        size += item.size
    return calls


def _steps(
    head: bytes, calls: Sequence[Sequence[_Request]], options: CallOptions, pace: Pace
) -> CallSequence[None]:
    added = 0
    for items in calls:
        delay = pace.delay()
        try:
            if delay:
                yield Sleep(delay)
            parts = [head]
            for item in items:
                body = item.encode()
                parts += (length_prefix(2, len(body)), body)
            yield RpcCall(Rpc.AddBatchRequests, b"".join(parts), lambda reply: None, options)
        except APIError as error:
            error.partial = added
            raise
        added += len(items)
