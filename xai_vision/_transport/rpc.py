"""Describe gRPC calls without performing them.

Other packages build ``RpcCall`` objects; the transports (``sync`` and ``aio``) perform them. So
everything except the waiting has one implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

from xai_vision._transport.options import NO_OPTIONS, CallOptions
from xai_vision.proto._method import Method

if TYPE_CHECKING:
    from xai_vision._transport.metadata import MetadataPairs
    from xai_vision._transport.request_stream import RequestSource

Res = TypeVar("Res", bound=Message)
Out = TypeVar("Out")


class CallInfo:
    """The facts of a call besides its response; the transport fills it.

    Attributes:
        attempts: The number of times the request was sent.
        initial_metadata: The metadata that the service sent before its response, as pairs.
        trailing_metadata: The metadata after the response; empty while a stream goes on.
    """

    __slots__ = ("attempts", "initial_metadata", "trailing_metadata")

    def __init__(self) -> None:
        self.attempts = 0
        self.initial_metadata: MetadataPairs = ()
        self.trailing_metadata: MetadataPairs = ()


class RpcCall(Generic[Res, Out]):
    """A prepared call: one request, and how to read its response or stream. Immutable.

    Attributes:
        method: The RPC to call.
        body: The serialized request.
        read: Converts each response message into the caller's result.
        options: The options of this call.
        info: The object that the transport fills with the facts of the call, or None.
        partial: For a stream, returns the result so far, to be attached to an error.
        finish: For a stream, called when it closes with OK; raises if the result is incomplete.
        request_attributes: Returns the span attributes of the request.
        response_attributes: Returns the span attributes of the result of ``read`` or ``partial``.
        source: The messages of a client-streaming request, in place of ``body``.
    """

    # A plain class and not a dataclass: creating a dataclass adds a millisecond to every
    # program's start, and freezing an instance costs more than the rest of preparing a call.
    __slots__ = (
        "body",
        "finish",
        "info",
        "method",
        "options",
        "partial",
        "read",
        "request_attributes",
        "response_attributes",
        "source",
    )

    def __init__(
        self,
        method: Method[Any, Res],
        body: bytes,
        read: Callable[[Res], Out],
        options: CallOptions = NO_OPTIONS,
        *,
        info: CallInfo | None = None,
        partial: Callable[[], object] | None = None,
        finish: Callable[[], None] | None = None,
        request_attributes: Callable[[], dict[str, Any]] | None = None,
        response_attributes: Callable[[Any], dict[str, Any]] | None = None,
        source: RequestSource | None = None,
    ) -> None:
        self.method = method
        self.body = body
        self.read = read
        self.options = options
        self.info = info
        self.partial = partial
        self.finish = finish
        self.request_attributes = request_attributes
        self.response_attributes = response_attributes
        self.source = source


class SourceError(Exception):
    """The source of a request, or its callback, raised ``error``.

    A wrapper, because the error may be one of grpc, which transports would take for their call's.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Sleep:
    """A step that waits for a number of seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


CallSequence: TypeAlias = Generator["RpcCall[Any, Any] | Sleep", Any, Out]
"""A task of several calls: a generator that yields calls and sleeps, is sent the result of each
call, and returns the result of the task."""


class SequenceRunner(Generic[Out]):
    """Advances a ``CallSequence`` for a transport, which performs the steps.

    Attributes:
        step: The next step to perform.
        done: Whether there is no further step.
        result: The result of the sequence, once ``done``.
    """

    __slots__ = ("_sequence", "done", "result", "step")

    result: Out

    def __init__(self, sequence: CallSequence[Out]) -> None:
        self._sequence = sequence
        self.done = False
        self._advance(lambda: next(sequence))

    def send(self, result: object) -> None:
        """Continue with the result of the step."""
        self._advance(lambda: self._sequence.send(result))

    def throw(self, error: Exception) -> None:
        """Continue with the error of the step, which the sequence may handle."""
        self._advance(lambda: self._sequence.throw(error))

    def _advance(self, resume: Callable[[], RpcCall[Any, Any] | Sleep]) -> None:
        try:
            self.step = resume()
        except StopIteration as end:
            self.done = True
            self.result = end.value
