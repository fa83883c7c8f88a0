"""A call in progress: its record, and the delivery of its response."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xai_vision.testing._calls.record import Call, call_ended
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._service.delivery import ResponseDelivery

if TYPE_CHECKING:
    from xai_vision.testing._calls.log import CallLog
    from xai_vision.testing._faults.fault import Fault


def attempt_number(previous_attempts: str) -> int:
    """Return the number of the attempt that follows ``previous_attempts``, a header's value.

    A value that is not a number counts as 0 previous attempts.
    """
    text = previous_attempts
    return 1 + int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1


class ActiveCall:
    """A call that the engine and a transport work on.

    Attributes:
        record: The entry of the call log, filled in while the call is handled.
        delivery: The timing of the response and the faults on its way.

    Args:
        record: The record; it is added to the log.
        log: The tenant's log.
        jitter: The source of random delays.
        on_end: A function that is called with this object when the call ends.
    """

    def __init__(
        self,
        record: Call,
        log: CallLog,
        jitter: random.Random,
        on_end: Callable[[ActiveCall], None] = lambda call: None,
    ) -> None:
        self.record = record
        self.delivery = ResponseDelivery(record, jitter)
        self._log = log
        self._on_end = on_end
        log.add(record)

    def finish(self, status: str, details: str = "", *, cancelled: bool = False) -> None:
        """Record the end of the call. Only the first end is recorded.

        Args:
            status: The name of the gRPC status.
            details: The status message.
            cancelled: Whether the client ended the call.
        """
        record = self.record
        with call_ended:
            if record.ended is None:
                if status == "OK" and self.delivery.malformed:
                    status, details = "INTERNAL", "The test injected a malformed response."
                record.status, record.details = status, redact(details)
                record.cancelled = cancelled
                record.ended = time.monotonic()
                call_ended.notify_all()
        self.release()
        self._log.update_size(record)
        self._on_end(self)

    def record_response(self, response: Any) -> None:
        """Record the response. The call may have ended before, if the client disconnected."""
        self.record.response = response
        if self.record.ended is not None:
            self._log.update_size(self.record)

    def record_fault(self, *faults: Fault) -> None:
        """Record injected faults, each once."""
        record = self.record
        with call_ended:
            record.faults += tuple(fault for fault in faults if fault not in record.faults)

    def mark_lost(self, fault: Fault) -> None:
        """Record that a fault keeps the response from the client, even if it was sent before."""
        self.delivery.lost = True
        self.delivery.return_reply()
        self.record_fault(fault)
        self.finish("CANCELLED", cancelled=True)
        with call_ended:
            if self.record.status == "OK":
                self.record.status, self.record.cancelled = "CANCELLED", True

    def mark_maybe_lost(self, fault: Fault) -> None:
        """Record that a fault meant for another call broke this call's connection."""
        with call_ended:
            sent = self.record.status == "OK"
        if not sent:
            self.mark_lost(fault)
            return
        # The response may have arrived just in time. If not, the client retries and gets it.
        self.record_fault(fault)
        self.delivery.return_reply(uncertain=True)

    def release(self) -> None:
        """End the pauses of the delivery, as nobody waits for the response any more."""
        self.delivery.release()

    def __repr__(self) -> str:
        return repr(self.record)
