"""A call in progress: its record, and the delivery of its response."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xai_vision.testing._calls.changes import call_ended
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._calls.upload import ReceivedUpload
from xai_vision.testing._service.delivery import ResponseDelivery
from xai_vision.testing._upstream.exchange import Incoming, Metadata

if TYPE_CHECKING:
    from xai_vision.testing._calls.log import CallLog
    from xai_vision.testing._faults.fault import Fault


def attempt_number(retries: str) -> int:
    """Return the number of an attempt, from the header in which clients count their retries.

    An invalid value counts as 0 retries.
    """
    valid = retries.isascii() and retries.isdecimal() and len(retries) < 10
    return 1 + int(retries) if valid else 1


def _ignore(_: Metadata) -> None:
    pass


class ActiveCall:
    """A call that the engine and a transport work on.

    Attributes:
        record: The entry in the call log, filled in while the call is handled.
        delivery: The delays and faults of the response.
        rate_limited: Whether the call counts against the rate limit.
        request_id: The id of the call in the metadata ``x-request-id`` of its response.
        incoming: The parts of the call that its transport knows, for an upstream.
        send_initial_metadata: A function that sends metadata before the response. Over REST it
            does nothing.
        trailing: The metadata to send after the response.

    Args:
        record: The record, which is added to the log.
        log: The tenant's log.
        rng: The source of random delays.
        on_end: A function that is called with this object when the call ends.
        request_id: The id for the metadata of the response.
    """

    def __init__(
        self,
        record: Call,
        log: CallLog,
        rng: random.Random,
        on_end: Callable[[ActiveCall], None],
        request_id: str,
    ) -> None:
        self.record = record
        self.request_id = request_id
        self.incoming = Incoming()
        self.send_initial_metadata: Callable[[Metadata], None] = _ignore
        self.trailing: Metadata = ()
        self.delivery = ResponseDelivery(record, rng)
        self.rate_limited = True
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
        self.delivery.release()
        self._log.update_size(record)
        self._on_end(self)

    def start_upload(self) -> ReceivedUpload:
        """Record that the request's content begins; return the record of the content."""
        upload = self.record.upload = ReceivedUpload()
        self._log.note_change()
        return upload

    def record_response(self, response: Any) -> None:
        """Record the response. If the client disconnected, the call may have ended already."""
        self.record.response = response
        if self.record.ended is not None:
            self._log.update_size(self.record)

    def record_fault(self, *faults: Fault) -> None:
        """Record injected faults, each once."""
        record = self.record
        with call_ended:
            new = tuple(fault for fault in faults if fault not in record.faults)
            record.faults += new
        for fault in new:
            self.note("fault", fault)
        self._log.note_change()

    def note(self, kind: str, what: object = "") -> None:
        """Add an event to the call's trace, if there is one."""
        if self.record.trace is not None:
            self.record.trace.add_event(kind, str(what))

    def mark_lost(self, fault: Fault) -> None:
        """Record that the client does not get the response, even if the response was sent."""
        self.delivery.lost = True
        self.delivery.return_reply()
        self.record_fault(fault)
        self.finish("CANCELLED", cancelled=True)
        with call_ended:
            if self.record.status == "OK":
                self.record.status, self.record.cancelled = "CANCELLED", True
        self._log.note_change()

    def mark_maybe_lost(self, fault: Fault) -> None:
        """Record that a fault of another call broke the connection of this call."""
        with call_ended:
            sent = self.record.status == "OK"
        if not sent:
            self.mark_lost(fault)
            return
        # The client may not have received the response, and then retries.
        self.record_fault(fault)
        self.delivery.return_reply(uncertain=True)

    def __repr__(self) -> str:
        return repr(self.record)
