"""The log of calls: what arrived, what was answered, and when."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, overload

from xai_vision.testing.album import Album, CallImage

__all__ = ["Call", "CallLog"]


class Call:
    """One attempt of one request, from its arrival on.

    Attributes:
        method: The RPC's name, such as "GetCompletion".
        service: The service's full name, such as "xai_api.Chat".
        stream: Whether the answer is streamed.
        attempt: 1, or more where the client said that it tries again.
        metadata: What came with it, as (key, value) pairs; the key's value reads "Bearer ***".
        peer: The client's address.
        key_id: Which of the server's keys was used; "" if none of them was.
        request: The request's proto. In one of more than 64 KiB the pictures' data URLs are
            replaced by their hashes; the pictures are in ``images``.
        model: The model asked for, as asked; "" where the method has none.
        prompt: The text of the last user message, its parts joined by newlines.
        images: Pictures of this request, in order; those of earlier turns that were brought
            back by previous_response_id are in ``earlier_images``.
        rule: The rule that answered, or None.
        response: The reply's proto: the whole answer, also of a stream; None until there is one.
        status: The status' name, "OK" or such; "" while the call is under way.
        details: The text that went with the status.
        chunks_sent: Messages handed to the transport so far.
        cancelled: Whether the client went away, or its deadline passed, before the end.
        started: Seconds on ``time.monotonic()`` when it arrived.
        ended: Likewise when it was over, or None.
    """

    def __init__(self, method: str, service: str, *, stream: bool = False) -> None:
        self.method = method
        self.service = service
        self.stream = stream
        self.attempt = 1
        self.metadata: tuple[tuple[str, str | bytes], ...] = ()
        self.peer = ""
        self.key_id = ""
        self.request: Any = None
        self.model = ""
        self.prompt = ""
        self.images: list[CallImage] = []
        self.earlier_images: list[CallImage] = []
        self.rule: Any = None
        self.response: Any = None
        self.status = ""
        self.details = ""
        self.chunks_sent = 0
        self.cancelled = False
        self.started = time.monotonic()
        self.ended: float | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()

    @property
    def messages(self) -> Sequence[Any]:
        """The request's messages, where it has any."""
        for field in ("messages", "input"):
            if hasattr(self.request, field):
                return tuple(getattr(self.request, field))
        return ()

    @property
    def duration(self) -> float | None:
        """Seconds from arrival to end, or None while it is under way."""
        return None if self.ended is None else self.ended - self.started

    def header(self, key: str) -> str | bytes | None:
        """The first value of a metadata key, or None."""
        return next((value for k, value in self.metadata if k == key.lower()), None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the call is over, at most ``timeout`` seconds; returns whether it is."""
        return self._over.wait(timeout)

    def wait_cancelled(self, timeout: float = 5.0) -> bool:
        """Wait until the client has gone away from this call.

        Args:
            timeout: Seconds at most.

        Returns:
            Whether the call is over and ended that way.
        """
        return self._over.wait(timeout) and self.cancelled

    def finish(self, status: str, details: str = "", *, cancelled: bool = False) -> None:
        """Note how the call ended; only the first note counts."""
        with self._lock:
            if self.ended is not None:
                return
            self.status, self.details, self.cancelled = status, details, cancelled
            self.ended = time.monotonic()
        self._over.set()

    def __repr__(self) -> str:
        parts = [f"{self.method}"]
        if self.model:
            parts.append(self.model)
        if self.prompt:
            shown = self.prompt if len(self.prompt) <= 60 else f"{self.prompt[:59]}…"
            parts.append(repr(shown))
        parts += [repr(image) for image in self.images[:3]]
        if len(self.images) > 3:
            parts.append(f"and {len(self.images) - 3} more pictures")
        parts.append(self.status or "under way")
        return f"<Call {', '.join(parts)}>"


class CallLog(Sequence[Call]):
    """Calls in order of arrival; safe to read while calls come in.

    Attributes:
        total: How many calls there ever were, dropped ones included.
    """

    def __init__(self, keep: int, keep_bytes: int) -> None:
        self._calls: deque[Call] = deque(maxlen=keep)
        self._lock = threading.Condition()
        self.album = Album(keep_bytes)
        self.total = 0

    def add(self, call: Call) -> None:
        """Append a call."""
        with self._lock:
            self._calls.append(call)
            self.total += 1
            self._lock.notify_all()

    @property
    def last(self) -> Call:
        """The newest call.

        Raises:
            LookupError: There was none.
        """
        with self._lock:
            if not self._calls:
                raise LookupError("the server was not called")
            return self._calls[-1]

    def wait_for(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until ``count`` calls have arrived in all, at most ``timeout`` seconds."""
        with self._lock:
            return self._lock.wait_for(lambda: self.total >= count, timeout)

    def clear(self) -> None:
        """Forget every call and picture."""
        with self._lock:
            self._calls.clear()
            self.total = 0
        self.album.clear()

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        with self._lock:
            return list(self._calls)[index]

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        with self._lock:
            return len(self._calls)

    def __repr__(self) -> str:
        return f"<CallLog of {len(self)}: {list(self)[-5:]!r}>"
