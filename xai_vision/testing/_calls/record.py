"""The record of one call: the request, the response and the times, as tests read them."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol

from xai_vision.testing._calls.changes import call_ended, refuse_in_event_loop
from xai_vision.testing._calls.images import CallImage
from xai_vision.testing._calls.json_form import image_to_json, message_to_json, to_json_value
from xai_vision.testing._calls.notebook import notebook_html
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._calls.trace import CallTrace
from xai_vision.testing._calls.upload import ReceivedUpload

if TYPE_CHECKING:
    from xai_vision.testing._faults.fault import Fault


# Not the global generator, which test plugins seed again for each test.
_call_ids = random.Random()  # noqa: S311 - not secret


@dataclass(frozen=True)
class RuleRecord:
    """The rule of a pickled or copied call.

    Attributes:
        text: The rule's repr.
        uses: The number of calls that the rule had answered when the call was copied.
        reply_count: The number of replies that the rule has.
    """

    text: str
    uses: int
    reply_count: int = 1

    def record(self) -> RuleRecord:
        """Return this record."""
        return self

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ToolResult:
    """The result of a function, which the client sends back to the model.

    Attributes:
        name: The name of the function; "" if the conversation does not contain its call.
        text: The result.
    """

    name: str
    text: str


class AnsweringRule(Protocol):
    """The rule that answered a call: a ``Rule``, or a ``RuleRecord`` in a copy of the call."""

    uses: int

    @property
    def reply_count(self) -> int:
        """The number of replies that the rule has."""
        ...

    def record(self) -> RuleRecord:
        """Return a copy that can be pickled."""
        ...


@dataclass(eq=False, repr=False, slots=True)
class Call:
    """One attempt of one request.

    Calls can be pickled and copied. A copy does not change any more, has a ``RuleRecord`` as its
    rule, and contains the bytes of its images as far as the log stored them. A call equals its
    copies; two calls with the same content are different. Compare contents by ``to_dict()``.

    Attributes:
        method: The RPC's name, such as "GetCompletion", or the REST endpoint, such as
            "POST /v1/responses" or "GET /v1/responses/{id}".
        service: The full name of the gRPC service, such as "xai_api.Chat", or "REST".
        stream: Whether the response is streamed.
        attempt: 1, or more if the client reports that it retries.
        metadata: The request's metadata as (key, value) pairs, or its HTTP headers. The API key
            is replaced: "Bearer ***".
        peer: The client's address.
        key_id: The id of the API key used; "" if the server does not know the key.
        request: The request's proto. Over REST, the proto that the JSON was translated to. In
            requests over 64 KiB, hashes replace the data URLs of images; see ``images``. Of an
            upload, the first message.
        upload: The size and the hash of an uploaded file; None in other calls, and until the
            upload has begun.
        body: Over REST, the request's JSON with data URLs shortened; None over gRPC.
        model: The model as named in the request; "" if the method has no model.
        prompt: The text of the last user message, with its parts joined by newlines.
        system: The text of the system and developer messages, joined by newlines.
        tool_results: The results of the functions that the model called in its last answer.
        turn: The number of the answer that the conversation asks for: 1 for the first; 0 if the
            method has no conversation. Server-side tool calls are a part of an answer.
        images: The images of this request, in order.
        earlier_images: The images of earlier turns, which ``previous_response_id`` refers to.
        model_names: The model as named in the request, then its own name and its aliases.
        rule: The rule that answered, or None; in a copy a ``RuleRecord``.
        reply_number: The position of the rule's reply in ``replies(...)``, from 1; 0 without a
            rule.
        unmatched: Whether the rules were consulted and none matched.
        passed_on: Whether the upstream was called.
        faults: The faults that were injected into this call.
        response: The response's proto, complete even if the response was streamed; None before
            there is one.
        status: The gRPC status name, such as "OK"; "" while the call is in progress. Over REST,
            the gRPC status that stands for the same outcome.
        http_status: Over REST, the HTTP status; None over gRPC, or without a response.
        details: The status message.
        chunks_sent: The number of messages passed to the transport so far.
        cancelled: Whether the client cancelled the call, disconnected, or reached its deadline.
        started: The arrival time, as ``time.monotonic()`` seconds.
        ended: The end time, likewise; None while the call is in progress.
        trace: The times of the call's events and chunks, for the inspector; None if it is off.
    """

    method: str
    service: str
    stream: bool = False
    attempt: int = 1
    metadata: tuple[tuple[str, str | bytes], ...] = ()
    peer: str = ""
    key_id: str = ""
    request: Any = None
    upload: ReceivedUpload | None = None
    body: Any = None
    model: str = ""
    model_names: tuple[str, ...] = ("",)
    prompt: str = ""
    system: str = ""
    tool_results: Sequence[ToolResult] = ()
    turn: int = 0
    images: Sequence[CallImage] = ()
    earlier_images: Sequence[CallImage] = ()
    rule: AnsweringRule | None = None
    reply_number: int = 0
    unmatched: bool = False
    passed_on: bool = False
    faults: tuple[Fault, ...] = ()
    response: Any = None
    status: str = ""
    http_status: int | None = None
    details: str = ""
    chunks_sent: int = 0
    cancelled: bool = False
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    trace: CallTrace | None = None
    _is_copy: bool = field(default=False, init=False)
    _id: int = field(default_factory=lambda: _call_ids.getrandbits(64), init=False)
    # The CallLog. Its module imports this one.
    _log: weakref.ref[Any] | None = field(default=None, init=False)

    @property
    def messages(self) -> Sequence[Any]:
        """The request's messages; empty if the method has none."""
        return tuple(getattr(self.request, "messages", getattr(self.request, "input", ())))

    @property
    def duration(self) -> float | None:
        """Seconds from arrival to end, or None while the call is in progress."""
        return None if self.ended is None else self.ended - self.started

    def header(self, key: str) -> str | bytes | None:
        """Return the first value of a metadata key, or None."""
        return next((value for k, value in self.metadata if k == key.lower()), None)

    def to_dict(self, *, volatile: bool = False) -> dict[str, Any]:
        """Return the call as values of JSON, for snapshots and other programs.

        The result has the attributes of the call, without API keys. The SHA-256 of the data
        replaces images and other long base64 data. ``request`` and ``response`` have the names of
        their protos; ``rule`` and ``faults`` are the reprs. With the setting ``fixed_ids`` and a
        frozen clock, the result is the same in each run.

        Args:
            volatile: Whether to add what differs between runs and versions: ``metadata``,
                ``peer``, ``duration`` and ``chunks_sent``. Default: False.
        """
        start = ("method", "service", "stream", "attempt", "key_id", "model", "system", "prompt")
        end = ("unmatched", "passed_on", "status", "http_status", "details", "cancelled")
        values = {
            **{name: to_json_value(getattr(self, name)) for name in (*start, "turn")},
            "tool_results": [to_json_value(asdict(result)) for result in self.tool_results],
            "images": [image_to_json(image) for image in self.images],
            "earlier_images": [image_to_json(image) for image in self.earlier_images],
            "request": message_to_json(self.request),
            "body": to_json_value(self.body),
            "rule": redact(repr(self.rule)) if self.rule else None,
            "reply_number": self.reply_number,
            "faults": [repr(fault) for fault in self.faults],
            "response": message_to_json(self.response),
            **{name: to_json_value(getattr(self, name)) for name in end},
        }
        if volatile:
            names = ("metadata", "peer", "duration", "chunks_sent")
            values |= {name: to_json_value(getattr(self, name)) for name in names}
        return values

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the call has ended.

        A copy of a call in progress never ends; for a copy the method returns at once.

        Args:
            timeout: Seconds to wait at most; None means no limit.

        Returns:
            Whether the call has ended.

        Raises:
            RuntimeError: An event loop runs in this thread. Use ``await call.wait_async()``.
        """
        if not self._is_copy:
            refuse_in_event_loop("call.wait()", "call.wait_async()")
            call_ended.wait_until(self._has_ended, timeout)
        return self._has_ended()

    async def wait_async(self, timeout: float | None = None) -> bool:
        """Wait in an async test until the call has ended; see ``wait``."""
        if not self._is_copy:
            await call_ended.wait_until_async(self._has_ended, timeout)
        return self._has_ended()

    def wait_cancelled(self, timeout: float = 5.0) -> bool:
        """Wait until the client has cancelled the call or disconnected.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            Whether the call has ended that way.

        Raises:
            RuntimeError: An event loop runs in this thread. Use
                ``await call.wait_cancelled_async()``.
        """
        if not self._is_copy:
            refuse_in_event_loop("call.wait_cancelled()", "call.wait_cancelled_async()")
        return self.wait(timeout) and self.cancelled

    async def wait_cancelled_async(self, timeout: float = 5.0) -> bool:
        """Wait in an async test until the client has cancelled; see ``wait_cancelled``."""
        return await self.wait_async(timeout) and self.cancelled

    def _has_ended(self) -> bool:
        with call_ended:
            return self.ended is not None

    def __getstate__(self) -> dict[str, Any]:
        state = {item.name: getattr(self, item.name) for item in fields(self)}
        state["rule"] = self.rule and self.rule.record()
        state["_is_copy"] = True
        state["_log"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return self._id == other._id if isinstance(other, Call) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._id)

    def _repr_html_(self) -> str | None:
        return notebook_html([self], repr(self))

    def __repr__(self) -> str:
        parts = [self.method]
        if self.model:
            parts.append(self.model)
        if self.prompt:
            # Redacted before it is shortened: the pattern does not match half a key.
            prompt = redact(self.prompt)
            parts.append(repr(prompt if len(prompt) <= 60 else f"{prompt[:59]}…"))
        if self.tool_results:
            names = dict.fromkeys(result.name for result in self.tool_results)
            functions = f"of {' and '.join(names)}" if all(names) else "of a tool"
            parts.append(f"after the result {functions}")
        parts += [repr(image) for image in self.images[:3]]
        if len(self.images) > 3:
            parts.append(f"and {len(self.images) - 3} more images")
        parts.append(self.status or "in progress")
        return redact(f"<Call {', '.join(parts)}>")
