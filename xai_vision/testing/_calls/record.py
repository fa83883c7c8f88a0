"""The log of calls: what arrived, what was answered, and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._calls.redaction import hidden
from xai_vision.testing._service.delivery import Staging
from xai_vision.testing._transport.thread_pool import step_aside

if TYPE_CHECKING:
    from xai_vision.testing._calls.log import CallLog
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._rules.rule import Rule, RuleRecord

__all__ = ["Call", "attempt"]

# One for all calls: it is held for moments, and few calls are ever waited for. An event and a
# lock of its own would be most of what a call weighs in the log.
_lock = threading.Lock()


def attempt(before: str) -> int:
    """Which attempt it is, by what a client says of those before; 1 where it says no number."""
    return 1 + int(before) if before.isascii() and before.isdecimal() and len(before) < 10 else 1


class Call:
    """One attempt of one request, from its arrival on.

    It can be pickled and copied. The copy is a record: what was known at that moment, with the
    rule as a ``RuleRecord`` and with the bytes of its pictures as far as the log has them.

    Attributes:
        method: The RPC's name, such as "GetCompletion"; over REST the endpoint's, such as
            "POST /v1/responses" or "GET /v1/responses/{id}".
        service: The service's full name, such as "xai_api.Chat"; over REST "REST".
        stream: Whether the answer is streamed.
        attempt: 1, or more where the client said that it tries again.
        metadata: What came with it, as (key, value) pairs; the key's value reads "Bearer ***".
            Over REST, the headers.
        peer: The client's address.
        key_id: Which of the server's keys was used; "" if none of them was.
        request: The request's proto. In one of more than 64 KiB the pictures' data URLs are
            replaced by their hashes; the pictures are in ``images``. Over REST, what the JSON
            was translated to.
        body: Over REST, the request's JSON, data URLs shortened; None over gRPC.
        model: The model asked for, as asked; "" where the method has none.
        prompt: The text of the last user message, its parts joined by newlines.
        images: Pictures of this request, in order; those of earlier turns that were brought
            back by previous_response_id are in ``earlier_images``.
        model_names: The model as asked for, then its own name and aliases.
        rule: The rule that answered, or None; in a copy a ``RuleRecord``.
        unmatched: Whether rules were asked, and none answered.
        faults: The faults that happened to it.
        response: The reply's proto: the whole answer, also of a stream; None until there is one.
        status: The status' name, "OK" or such; "" while the call is under way. Over REST it is
            that of the same end over gRPC.
        http_status: Over REST, the HTTP status of the answer; None over gRPC, or without answer.
        details: The text that went with the status.
        chunks_sent: Messages handed to the transport so far.
        cancelled: Whether the client went away, or its deadline passed, before the end.
        started: Seconds on ``time.monotonic()`` when it arrived.
        ended: Likewise when it was over, or None.
    """

    __slots__ = (
        "_copied",
        "_log",
        "_over",
        "_wake",
        "attempt",
        "body",
        "cancelled",
        "chunks_sent",
        "details",
        "earlier_images",
        "ended",
        "faults",
        "http_status",
        "images",
        "key_id",
        "metadata",
        "method",
        "model",
        "model_names",
        "peer",
        "prompt",
        "request",
        "response",
        "rule",
        "service",
        "staging",
        "started",
        "status",
        "stream",
        "unmatched",
        "weight",
    )

    def __init__(self, method: str, service: str, *, stream: bool = False) -> None:
        self.method = method
        self.service = service
        self.stream = stream
        self.attempt = 1
        self.metadata: tuple[tuple[str, str | bytes], ...] = ()
        self.peer = ""
        self.key_id = ""
        self.request: Any = None
        self.body: Any = None
        self.model = ""
        self.model_names: tuple[str, ...] = ("",)
        self.prompt = ""
        self.images: Sequence[CallImage] = ()
        self.earlier_images: Sequence[CallImage] = ()
        self.rule: Rule | RuleRecord | None = None
        self.unmatched = False
        self.faults: tuple[Fault, ...] = ()
        self.response: Any = None
        self.status = ""
        self.http_status: int | None = None
        self.details = ""
        self.chunks_sent = 0
        self.cancelled = False
        self.started = time.monotonic()
        self.ended: float | None = None
        self._alone()
        self._wake: threading.Event | bool = False

    def _alone(self) -> None:
        """Set what is not part of the record: what is still to come, and who waits for it."""
        self.staging = Staging()
        self.weight = 0
        self._log: CallLog | None = None
        self._over: threading.Event | None = None
        self._copied = False

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
        """Wait until the call is over, at most ``timeout`` seconds; returns whether it is.

        A copy of a call that was under way stays that way: for it the answer is False at once.
        """
        with _lock:
            if self.ended is not None or self._copied:
                return self.ended is not None
            self._over = self._over or threading.Event()
        return self._over.wait(timeout)

    def wait_cancelled(self, timeout: float = 5.0) -> bool:
        """Wait until the client has gone away from this call.

        Args:
            timeout: Seconds at most.

        Returns:
            Whether the call is over and ended that way.
        """
        return self.wait(timeout) and self.cancelled

    def finish(self, status: str, details: str = "", *, cancelled: bool = False) -> None:
        """Note how the call ended; only the first note counts."""
        with _lock:
            if self.ended is None:
                if status == "OK" and self.staging.spoilt:
                    status, details = "INTERNAL", "The answer was garbled by order of the test."
                self.status, self.details, self.cancelled = status, hidden(details), cancelled
                self.ended = time.monotonic()
                if self._over:
                    self._over.set()
        self.release()
        # What is staged was performed; the log need not hold its text a second time.
        self.staging.reply = None
        log = self._log
        if log is not None:
            log.settle(self)

    def answered(self, response: Any) -> None:
        """Note the answer; it may come when the call is over, its client having left."""
        self.response = response
        log = self._log
        if self.ended is not None and log is not None:
            log.settle(self)

    def share_loss(self, fault: Fault) -> None:
        """Note that a fault of another call has struck the connection this one came by."""
        with _lock:
            sent = self.status == "OK"
        if not sent:
            self.lose(fault)
            return
        # It may just have arrived. Its client may ask again, and then gets it.
        self.suffer(fault)
        self.staging.forfeit(perhaps=True)

    def suffer(self, *faults: Fault) -> None:
        """Note faults that happen to it, each once."""
        with _lock:
            self.faults += tuple(fault for fault in faults if fault not in self.faults)

    def lose(self, fault: Fault) -> None:
        """Note that a fault keeps the answer from the client, also where it was noted as sent."""
        self.staging.lost = True
        self.staging.forfeit()
        self.suffer(fault)
        self.finish("CANCELLED", cancelled=True)
        with _lock:
            if self.status == "OK":
                self.status, self.cancelled = "CANCELLED", True

    def enter(self, log: CallLog | None) -> None:
        """Note which log it stands in."""
        self._log = log

    def stands_in(self, log: CallLog) -> bool:
        """Whether a log has it, or has it still."""
        return self._log is log

    def pause(self, seconds: float) -> bool:
        """Wait on the server's side; returns at once, True, when nobody waits for the answer."""
        with _lock:
            if self._wake is True:
                return True
            wake = self._wake = self._wake or threading.Event()
        step_aside()
        return wake.wait(seconds)

    def release(self) -> None:
        """Have the server stop waiting on its side, as when it is stopped."""
        with _lock:
            if isinstance(self._wake, threading.Event):
                self._wake.set()
            self._wake = True

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in _RECORD}
        if self.rule is not None:
            state["rule"] = self.rule.record()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._alone()
        self._wake = self._copied = True
        for name, value in state.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        parts = [f"{self.method}"]
        if self.model:
            parts.append(self.model)
        if self.prompt:
            prompt = hidden(self.prompt)  # before it is cut, for half a key is none to look for
            shown = prompt if len(prompt) <= 60 else f"{prompt[:59]}…"
            parts.append(repr(shown))
        parts += [repr(image) for image in self.images[:3]]
        if len(self.images) > 3:
            parts.append(f"and {len(self.images) - 3} more pictures")
        parts.append(self.status or "under way")
        return hidden(f"<Call {', '.join(parts)}>")


_RECORD = [name for name in Call.__slots__ if name not in ("staging", "weight") and name[0] != "_"]
