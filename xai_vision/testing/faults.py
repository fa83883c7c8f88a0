"""Ways to fail, and when."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from xai_vision.testing.calls import Call
from xai_vision.testing.conditions import Conditions
from xai_vision.testing.problems import ServiceError

__all__ = ["Fault", "FaultRule", "FaultTable"]

Kind = Literal["status", "latency", "hang", "truncate", "garble", "reset", "freeze"]


@dataclass(frozen=True)
class Fault:
    """One way for a call to go wrong. Make one with the class methods.

    Attributes:
        kind: Which way.
        code: The status, where it ends with one.
        details: The text that goes with it.
        trailing: Trailing metadata as (key, value) pairs.
        chunks: After how many messages of a stream; None is before the first.
        seconds: How long, for latency.
        jitter: By how many seconds that may be off, drawn from the server's seed.
        after_bytes: After how many bytes of the answer.
    """

    kind: Kind
    code: str = ""
    details: str = ""
    trailing: tuple[tuple[str, str], ...] = ()
    chunks: int | None = None
    seconds: float = 0.0
    jitter: float = 0.0
    after_bytes: int = 0

    @classmethod
    def status(
        cls,
        code: str,
        details: str = "",
        *,
        trailing: Mapping[str, str] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """End the call with a status.

        Args:
            code: Its name, such as "INTERNAL".
            details: The text that goes with it.
            trailing: Trailing metadata.
            after_chunks: After how many messages of a stream; None is before the first. More
                than there are means after the last.
        """
        error = ServiceError(code, details or f"{code} by order of the test")
        pairs = tuple((trailing or {}).items())
        return cls("status", error.code.name, error.details, pairs, after_chunks)

    @classmethod
    def unavailable(cls, details: str = "The service is unavailable.", **more: Any) -> Fault:
        """UNAVAILABLE, which clients try again after. ``more`` as for ``status``."""
        return cls.status("UNAVAILABLE", details, **more)

    @classmethod
    def internal(cls, details: str = "Internal error.", **more: Any) -> Fault:
        """INTERNAL. ``more`` as for ``status``."""
        return cls.status("INTERNAL", details, **more)

    @classmethod
    def rate_limited(
        cls, retry_after: float | None = None, details: str = "Too many requests."
    ) -> Fault:
        """RESOURCE_EXHAUSTED, with ``retry-after`` (seconds) in the trailing metadata."""
        trailing = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        return cls.status("RESOURCE_EXHAUSTED", details, trailing=trailing)

    @classmethod
    def refused_as_unsafe(
        cls, details: str = "Content violates usage guidelines. Failed check: safety_check"
    ) -> Fault:
        """PERMISSION_DENIED the way the service refuses content."""
        return cls.status("PERMISSION_DENIED", details)

    @classmethod
    def after_chunks(
        cls, count: int, *, status: str = "INTERNAL", details: str = "", **more: Any
    ) -> Fault:
        """End a stream with ``status`` after ``count`` messages."""
        return cls.status(status, details, after_chunks=count, **more)

    @classmethod
    def latency(cls, seconds: float, *, jitter: float = 0.0) -> Fault:
        """Wait before the answer; the call goes well otherwise."""
        return cls("latency", seconds=seconds, jitter=jitter)

    @classmethod
    def hang(cls, *, after_chunks: int | None = None) -> Fault:
        """Never answer, or never go on, while the connection stays alive."""
        return cls("hang", chunks=after_chunks)

    @classmethod
    def truncated(cls, *, after_chunks: int = 1) -> Fault:
        """End a stream with OK, but without finish reason and usage."""
        return cls("truncate", chunks=after_chunks)

    @classmethod
    def garbled(cls, *, after_chunks: int = 0) -> Fault:
        """Send bytes that are no message."""
        return cls("garble", chunks=after_chunks)

    @classmethod
    def reset_connection(cls, *, after_bytes: int = 0) -> Fault:
        """Reset the TCP connection after the server has sent so many bytes of this answer.

        0 is before any of it; an answer that has fewer arrives whole. Other calls on the same
        connection go with it, and what they are sent meanwhile counts as well.
        """
        return cls("reset", after_bytes=after_bytes)

    @classmethod
    def freeze_connection(cls, *, after_bytes: int = 0) -> Fault:
        """Let the connection stand, but let nothing through any more: half open.

        As with ``reset_connection``, an answer of fewer bytes arrives whole.
        """
        return cls("freeze", after_bytes=after_bytes)

    @property
    def on_wire(self) -> bool:
        """Whether it happens to the connection, not to the call."""
        return self.kind in ("reset", "freeze")

    def error(self) -> ServiceError:
        """Its status as an error."""
        return ServiceError(self.code, self.details, self.trailing)


class FaultRule:
    """When a fault happens.

    Attributes:
        fault: Which.
        fired: How often it has.
    """

    def __init__(
        self, fault: Fault, conditions: Conditions, *, count: int | None, after: int, rate: float
    ) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"rate is between 0 and 1, not {rate}")
        self.fault = fault
        self.fired = 0
        self._conditions = conditions
        self._left = count
        self._spare = after
        self._rate = rate

    def take(self, call: Call, chance: random.Random) -> bool:
        """Decide whether it happens to ``call``."""
        if self._left == 0 or not self._conditions.hold(call):
            return False
        if self._spare:
            self._spare -= 1
            return False
        if self._rate < 1 and chance.random() >= self._rate:
            return False
        if self._left:
            self._left -= 1
        self.fired += 1
        return True

    def stop(self) -> None:
        """Let it happen no more."""
        self._left = 0


class FaultTable:
    """The faults of one tenant."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def add(self, rule: FaultRule) -> FaultRule:
        """Put a fault in place."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def take(self, call: Call) -> list[Fault]:
        """The faults that happen to ``call``: every latency, and the first of another kind."""
        if not self._rules:
            return []
        taken: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                ended = any(fault.kind != "latency" for fault in taken)
                if ended and rule.fault.kind != "latency":
                    continue
                if rule.take(call, self._chance):
                    taken.append(rule.fault)
        return taken

    def clear(self) -> None:
        """Take all faults away and start chance anew."""
        with self._lock:
            self._rules.clear()
            self._chance = random.Random(self._seed)  # noqa: S311
