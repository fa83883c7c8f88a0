"""How an answer is performed: when its parts come, and where it breaks off.

No transport is named here: a face asks for the parts one after the other, and turns the errors
that come instead into its own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xai_vision.testing._service.response import tokens

if TYPE_CHECKING:
    from xai_vision.proto import chat_pb2
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._rules.reply import Reply

__all__ = ["GARBAGE", "Gone", "Staging"]

# No protobuf message: a length of 2**63 and nothing behind it.
GARBAGE = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
_FOREVER = 1e6
_CHANCE = random.Random(0)  # noqa: S311 - until the engine gives its own


class Gone(Exception):  # noqa: N818 - nothing failed: there is nobody left to answer
    """The client went away, or the server was stopped, while the answer was waited for."""


@dataclass(slots=True)
class Staging:
    """What is to happen on the way to one call's answer.

    Attributes:
        faults: What goes wrong.
        reply: Has the pacing, where the answer is made from a reply.
        chance: Where jitter is drawn from.
        spoilt: Whether what is sent is no message.
        lost: Whether its client is not to hear of any answer.
    """

    faults: Sequence[Fault] = ()
    reply: Reply | None = None
    chance: random.Random = _CHANCE
    spoilt: bool = False
    lost: bool = False
    # At most one, in a list: of two threads that pop, one gets it.
    _owed: list[Callable[[bool], None]] = field(default_factory=list)

    def owe(self, give_back: Callable[[bool], None]) -> None:
        """Note that the answer is one of a rule, and how to give it back."""
        self._owed.append(give_back)
        if self.lost:
            self.forfeit()

    def keep(self) -> None:
        """Note that what happens is what the rule has to give."""
        self._owed.clear()

    def forfeit(self, *, perhaps: bool = False) -> None:
        """Give the answer back to its rule, for a fault keeps it from its client.

        To be called before the client can notice: it may ask again at once. ``perhaps`` says
        that nobody can tell whether the client has it.
        """
        with suppress(IndexError):
            self._owed.pop()(perhaps)

    @property
    def wire_fault(self) -> Fault | None:
        """What is to happen to the connection, if anything."""
        return next((fault for fault in self.faults if fault.on_wire), None)

    def before(self, call: Call) -> None:
        """Fail if the call is to fail before there is any answer.

        Raises:
            ServiceError: So it is.
        """
        for fault in self.faults:
            if fault.kind == "status" and (fault.chunks is None or not call.stream):
                # A test that has waited for "slow, then refused" gets both.
                self._wait(call, self._delay())
                raise fault.error()

    def single(self, call: Call) -> bool:
        """Wait as long as a whole answer takes.

        Returns:
            Whether the answer is to be sent as garbage.

        Raises:
            Gone: Nobody waits any more.
        """
        reply = self.reply
        seconds = self._delay()
        if reply and reply.tps:
            seconds += self._about(tokens.count(reply.text) / reply.tps, reply.jitter)
        self._wait(call, seconds)
        if any(fault.kind == "hang" for fault in self.faults):
            self.forfeit()
            self._wait(call, _FOREVER)
        self.spoilt = any(fault.kind == "garble" for fault in self.faults)
        if self.spoilt:
            self.forfeit()
        return self.spoilt

    def stream(
        self, call: Call, chunks: Sequence[chat_pb2.GetChatCompletionChunk]
    ) -> Iterator[chat_pb2.GetChatCompletionChunk | bytes]:
        """Give the parts of a streamed answer when they are due.

        Yields:
            Chunks, or bytes that are none.

        Raises:
            ServiceError: The stream breaks off with a status.
            Gone: Nobody waits any more.
        """
        self._wait(call, self._delay())
        ends = {self._place(fault, len(chunks)): fault for fault in reversed(self.faults)}
        for number in range(len(chunks) + 1):
            if call.cancelled:
                raise Gone
            fault = ends.get(number)
            if fault is not None:
                self.forfeit()
                if fault.kind == "truncate":
                    return
                if fault.kind == "garble":
                    self.spoilt = True
                    yield GARBAGE
                self._break(call, fault)
            if number < len(chunks):
                self._pace(call, chunks[number], first=number == 0)
                yield chunks[number]

    def _place(self, fault: Fault, count: int) -> int:
        """Before which chunk a fault happens; -1 for none."""
        if fault.kind == "latency" or fault.on_wire:
            return -1
        # A truncated stream lacks its last chunk, which has the finish reason.
        most = count - 1 if fault.kind == "truncate" else count
        return min(fault.chunks or 0, most)

    def _break(self, call: Call, fault: Fault) -> None:
        if fault.kind == "hang":
            self._wait(call, _FOREVER)
        if fault.kind == "status":
            raise fault.error()

    def _pace(self, call: Call, chunk: chat_pb2.GetChatCompletionChunk, *, first: bool) -> None:
        reply = self.reply
        if first or reply is None or not (reply.tps or reply.jitter):
            return
        words = sum(tokens.count(part.delta.content) for part in chunk.outputs)
        self._wait(call, self._about(words / reply.tps if reply.tps else 0.0, reply.jitter))

    def _delay(self) -> float:
        """Seconds until the first part."""
        seconds = 0.0
        reply = self.reply  # which goes when the call ends, whoever ends it
        if reply:
            seconds = self._about(reply.ttft, reply.jitter if reply.ttft else 0.0)
        for fault in self.faults:
            if fault.kind == "latency":
                seconds += self._about(fault.seconds, fault.jitter)
        return seconds

    def _about(self, seconds: float, jitter: float) -> float:
        return max(0.0, seconds + self.chance.uniform(-jitter, jitter)) if jitter else seconds

    def _wait(self, call: Call, seconds: float) -> None:
        if seconds > 0 and call.pause(seconds):
            raise Gone
