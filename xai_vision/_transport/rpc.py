"""What a call is, apart from performing it.

The rest of the house describes exchanges; the two wires (sync and aio) perform them. So there is
one implementation of everything but the waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

from xai_vision._transport.options import NO_OPTIONS, CallOptions
from xai_vision.proto._method import Method

Res = TypeVar("Res", bound=Message)
Out = TypeVar("Out")


class RpcCall(Generic[Res, Out]):
    """One request, and what to make of its reply or of each reply of a stream. Never changed.

    Attributes:
        method: Which RPC.
        body: The request, as protobuf's wire bytes.
        read: Makes what the caller gets of a reply.
        options: What the caller said about this call.
        partial: For a stream: what has come so far, kept on the error when it breaks.
        finish: For a stream that ended well by the wire's account: raises if it did not.
        spoken: Describes the request for a span: attributes by name.
        heard: Describes the answer, given what ``read`` or ``partial`` made, likewise.
    """

    # No dataclass: making one takes a millisecond of every program's start, and freezing its
    # instances more than all the rest of describing a call.
    __slots__ = ("body", "finish", "response_attributes", "method", "options", "partial", "read", "request_attributes")

    def __init__(
        self,
        method: Method[Any, Res],
        body: bytes,
        read: Callable[[Res], Out],
        options: CallOptions = NO_OPTIONS,
        *,
        partial: Callable[[], object] | None = None,
        finish: Callable[[], None] | None = None,
        request_attributes: Callable[[], dict[str, Any]] | None = None,
        response_attributes: Callable[[Any], dict[str, Any]] | None = None,
    ) -> None:
        self.method = method
        self.body = body
        self.read = read
        self.options = options
        self.partial = partial
        self.finish = finish
        self.request_attributes = request_attributes
        self.response_attributes = response_attributes


class Sleep:
    """Wait this many seconds before the next step."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


CallSequence: TypeAlias = Generator["RpcCall[Any, Any] | Sleep", Any, Out]
"""Work of several calls: yields each exchange or pause, is sent what came of it, returns Out."""


class SequenceRunner(Generic[Out]):
    """Walks through ``Steps`` for a wire, which only has to wait.

    ``step`` is what to do next; ``done`` when there is nothing, and then ``result`` is set.
    """

    __slots__ = ("_steps", "done", "result", "step")

    result: Out

    def __init__(self, steps: CallSequence[Out]) -> None:
        self._steps = steps
        self.done = False
        self._advance(lambda: next(steps))

    def send(self, reply: object) -> None:
        """Go on with what the step gave."""
        self._advance(lambda: self._steps.send(reply))

    def throw(self, error: Exception) -> None:
        """Go on with the error the step ended in; the work may handle or pass it."""
        self._advance(lambda: self._steps.throw(error))

    def _advance(self, move: Callable[[], RpcCall[Any, Any] | Sleep]) -> None:
        try:
            self.step = move()
        except StopIteration as end:
            self.done = True
            self.result = end.value
