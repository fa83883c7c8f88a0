"""Make calls without the client, and note what the service does.

The client would refuse many of these requests before it sends them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc

from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_pb2_grpc import Chat

if TYPE_CHECKING:
    from xai_vision.proto._method import Method

_UNLIMITED: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
_CALL_SECONDS: Final = 300.0
_ATTEMPTS: Final = 3
_RETRIED: Final = ("RESOURCE_EXHAUSTED", "UNAVAILABLE")
_DEFAULT_PAUSE: Final = 5.0
_MAX_PAUSE: Final = 60.0


@dataclass
class Outcome:
    """The outcome of a call.

    Attributes:
        status: The name of the gRPC status.
        details: Its message.
        messages: The messages of the response.
        trailing: The trailing metadata.
        initial: The names of the initial metadata.
    """

    status: str
    details: str = ""
    messages: list[Any] = field(default_factory=list)
    trailing: dict[str, Any] = field(default_factory=dict)
    initial: list[str] = field(default_factory=list)

    @property
    def message(self) -> Any:
        """The only message of a response; None after an error."""
        return self.messages[0] if self.messages else None


class Session:
    """Calls of one service with one key and one model.

    Attributes:
        model: The model.
        calls: The number of calls so far.
        prompt_tokens: The prompt tokens of all responses so far.
        completion_tokens: The tokens of all responses so far, reasoning included.

    Args:
        channel: The channel.
        key: The key.
        model: The model.
        sleep: A function that waits before a call is made again.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        key: str,
        model: str,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.model = model
        self.calls = self.prompt_tokens = self.completion_tokens = 0
        self._channel, self._key, self._sleep = channel, key, sleep

    def invoke(self, method: Method[Any, Any], request: Any, *, key: str | None = None) -> Outcome:
        """Make a call; make it again after a rate limit, or if the service is not available.

        Args:
            method: The method.
            request: The message, or a list of messages.
            key: The key. None means that of the session, "" means no key.
        """
        key = self._key if key is None else key
        outcome = self._attempt(method, request, key)
        for attempt in range(1, _ATTEMPTS):
            if outcome.status in _RETRIED:
                self._sleep(_pause(outcome.trailing.get("retry-after"), attempt))
                outcome = self._attempt(method, request, key)
        self._count(outcome)
        return outcome

    def _attempt(self, method: Method[Any, Any], request: Any, key: str) -> Outcome:
        self.calls += 1
        sends_many = isinstance(request, list)
        multicallable: Any = getattr(
            self._channel, "stream_stream" if sends_many else "unary_stream"
        )(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        metadata = (("authorization", f"Bearer {key}"),) if key else ()
        call = multicallable(
            iter(request) if sends_many else request, metadata=metadata, timeout=_CALL_SECONDS
        )
        outcome = Outcome("OK")
        try:
            outcome.initial = sorted(key for key, _ in call.initial_metadata() or ())
            outcome.messages.extend(call)
        except grpc.RpcError as error:
            failed: Any = error
            outcome.status, outcome.details = failed.code().name, failed.details() or ""
        outcome.trailing = dict(call.trailing_metadata() or ())
        return outcome

    def _count(self, outcome: Outcome) -> None:
        for message in outcome.messages:
            usage = getattr(message, "usage", None)
            self.prompt_tokens += getattr(usage, "prompt_tokens", 0)
            self.completion_tokens += getattr(usage, "completion_tokens", 0)
            self.completion_tokens += getattr(usage, "reasoning_tokens", 0)

    def pause(self, seconds: float) -> None:
        """Wait between two polls."""
        self._sleep(seconds)

    def request(
        self, *parts: str | chat_pb2.Content, **fields: Any
    ) -> chat_pb2.GetCompletionsRequest:
        """Return a request with one message of the user; ``messages`` takes its place."""
        contents = [chat_pb2.Content(text=p) if isinstance(p, str) else p for p in parts]
        message = chat_pb2.Message(role=chat_pb2.ROLE_USER, content=contents)
        values = {"model": self.model, "max_tokens": 16, "messages": [message], **fields}
        return chat_pb2.GetCompletionsRequest(**values)

    def complete(self, *parts: str | chat_pb2.Content, **fields: Any) -> Outcome:
        """Request a completion."""
        return self.invoke(Chat.GetCompletion, self.request(*parts, **fields))

    def stream(self, *parts: str | chat_pb2.Content, **fields: Any) -> Outcome:
        """Request a completion as a stream."""
        return self.invoke(Chat.GetCompletionChunk, self.request(*parts, **fields))


def _pause(retry_after: Any, attempt: int) -> float:
    try:
        return min(float(retry_after), _MAX_PAUSE)
    except (TypeError, ValueError):
        return _DEFAULT_PAUSE * attempt


@contextmanager
def open_session(
    target: str, key: str, model: str, *, tls: bool, root_certificate: bytes | None = None
) -> Iterator[Session]:
    """Open a channel to a service, and yield a session on it."""
    if tls:
        credentials = grpc.ssl_channel_credentials(root_certificate)
        channel = grpc.secure_channel(target, credentials, _UNLIMITED)
    else:
        channel = grpc.insecure_channel(target, _UNLIMITED)
    with channel:
        yield Session(channel, key, model)
