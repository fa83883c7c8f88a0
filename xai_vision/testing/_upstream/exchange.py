"""The interface between the fake server and what answers the calls that no rule answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.testing._errors import ServiceError

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._calls.record import Call

Metadata: TypeAlias = "tuple[tuple[str, str | bytes], ...]"
"""Pairs of a key and a value."""


@dataclass(frozen=True)
class Incoming:
    """The parts of a client's call that only its transport knows.

    Attributes:
        body: The bytes of the request; None if they are not known.
        metadata: The metadata to pass on.
        key: The client's own key, if it is not one of the fake server's keys.
        timeout: The seconds until the client's deadline; None without one.
    """

    body: bytes | None = field(default=None, repr=False)
    metadata: Metadata = field(default=(), repr=False)
    key: str | None = field(default=None, repr=False)
    timeout: float | None = None


@dataclass(eq=False)
class Exchange:
    """A call that is passed on.

    Attributes:
        method: The method of the gRPC API. Calls over REST have the method that does the same.
        body: The bytes of the request, or of each of its messages if the client streams them.
        call: The record of the call. Its prompt and its images may be filled in later.
        metadata: The metadata of the client, without its key and without what gRPC itself sends.
        key: The client's own key, if it is not one of the fake server's keys.
        timeout: The seconds until the client's deadline; None without one.
    """

    method: Method[Any, Any]
    body: bytes | Iterator[bytes] = field(repr=False)
    call: Call
    metadata: Metadata = field(default=(), repr=False)
    key: str | None = field(default=None, repr=False)
    timeout: float | None = None

    @cached_property
    def request(self) -> Any:
        """The request's proto with the data of its images; None if the client streams it."""
        return self.method.request.FromString(self.body) if isinstance(self.body, bytes) else None


class UpstreamCall(ABC):
    """A call of an upstream in progress."""

    @abstractmethod
    def initial_metadata(self) -> Metadata:
        """Wait for the metadata before the first message, and return it."""

    @abstractmethod
    def messages(self) -> Iterator[bytes]:
        """Yield the bytes of each message as it comes; a call without a stream has one.

        Raises:
            ServiceError: The call ended with this error and its trailing metadata.
        """

    @abstractmethod
    def trailing_metadata(self) -> Metadata:
        """Return the metadata after the last message. Only valid after ``messages`` has ended."""

    @abstractmethod
    def cancel(self) -> None:
        """Cancel the call, from any thread. It has no effect after the end of the call."""


class Upstream(ABC):
    """Answers the calls that no rule answers.

    Attributes:
        name: The name in error messages.
        accepts_keys: Whether it checks keys itself, so that clients can use keys that the fake
            server does not know.
    """

    name: str
    accepts_keys: bool = False

    @abstractmethod
    def open(self, exchange: Exchange) -> UpstreamCall:
        """Start a call.

        Raises:
            ServiceError: The call cannot be made.
        """

    def handles(self, method: Method[Any, Any]) -> bool:
        """Return whether calls of a method are passed on; otherwise the engine answers them."""
        return True

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Close the connections."""


class FinishedCall(UpstreamCall):
    """A call whose messages are known before it starts.

    Args:
        messages: The bytes of the messages.
        error: The error after them, with its trailing metadata.
        initial: The metadata before them.
        trailing: The metadata after them, if there is no error.
    """

    def __init__(
        self,
        messages: Sequence[bytes],
        error: ServiceError | None = None,
        initial: Metadata = (),
        trailing: Metadata = (),
    ) -> None:
        self._messages, self._error = messages, error
        self._initial, self._trailing = initial, trailing

    def initial_metadata(self) -> Metadata:
        """Return the metadata before the messages."""
        return self._initial

    def messages(self) -> Iterator[bytes]:
        """Yield the messages; raise the error after them."""
        yield from self._messages
        if self._error is not None:
            raise self._error

    def trailing_metadata(self) -> Metadata:
        """Return the metadata after the messages."""
        return self._trailing if self._error is None else self._error.trailing

    def cancel(self) -> None:
        """Do nothing: there is nothing to wait for."""
