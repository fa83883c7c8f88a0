"""The faults that a tenant injects, and the conditions that select their calls."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from xai_vision.testing import _validation
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.conditions import Conditions

# The number of requests to count the arrivals of, which bounds the memory of long runs.
_MAX_ARRIVALS: Final = 100_000


class FaultRule:
    """A fault, with conditions that select its calls. ``server.fault(...)`` creates one.

    Attributes:
        fault: The fault.
        fired: The number of calls that the fault was injected into.
        conditions: The conditions on the calls.
        is_optional: Whether ``verify()`` accepts that the fault never fires: after
            ``optional()`` or ``stop()``, and always for a ``rate`` below 1.
    """

    def __init__(
        self,
        fault: Fault,
        conditions: Conditions,
        *,
        count: int | None,
        after: int,
        rate: float,
        reset_frozen: Callable[[Fault], None],
    ) -> None:
        if not isinstance(fault, Fault):
            name = getattr(fault, "__qualname__", "")
            if name:
                raise TypeError(f"fault: the function {name} is not a Fault. Call it: {name}()")
            raise TypeError(f"fault must be a Fault, not {_validation.short_repr(fault)}")
        self.fault = fault
        self.fired = 0
        self._reset_frozen = reset_frozen
        self.conditions = conditions
        self._remaining = None if count is None else _validation.integer("fault: next", count, 1)
        self._skip = _validation.integer("fault: after", after, 0)
        self._rate = _validation.number("fault: rate", rate, max_=1)
        self.is_optional = self._rate < 1

    @property
    def exhausted(self) -> bool:
        """Whether the fault can no longer fire."""
        return self._remaining is not None and self._remaining <= 0

    def try_fire(self, draw: Callable[[], float]) -> bool:
        """Return whether to inject the fault into a call that meets the conditions; count it.

        Args:
            draw: Returns a random number from 0 to 1 for the call.
        """
        if self.exhausted:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._rate < 1 and draw() >= self._rate:
            return False
        if self._remaining:
            self._remaining -= 1
        self.fired += 1
        return True

    def optional(self) -> FaultRule:
        """Let ``verify()`` accept that the fault never fires.

        Returns:
            This rule.
        """
        self.is_optional = True
        return self

    def stop(self) -> None:
        """Stop injecting the fault, and let ``verify()`` accept that it never fired.

        Connections that the fault has frozen are reset.
        """
        self._remaining = 0
        self.is_optional = True
        if self.fault.kind == "freeze":
            self._reset_frozen(self.fault)

    def __repr__(self) -> str:
        conditions = f", {self.conditions}" if len(self.conditions) else ""
        return redact(f"fault({self.fault!r}{conditions})")


class FaultRegistry:
    """The fault rules of one tenant.

    Args:
        seed: The seed for the rules with a ``rate``.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()
        # How often each request has arrived, by the position of the rule and the request's hash.
        self._arrivals: dict[tuple[int, bytes], int] = {}

    @property
    def rules(self) -> list[FaultRule]:
        """All rules, in the order they were added."""
        with self._lock:
            return list(self._rules)

    def add(self, rule: FaultRule) -> FaultRule:
        """Add a rule and return it."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def select(self, call: Call) -> list[Fault]:
        """Return the due faults for ``call``: every latency, and at most one of another kind.

        Raises:
            ServiceError: A function of the test raised it.
            RuntimeError: A function of the test raised another error.
        """
        selected: list[Fault] = []
        has_other = False
        # Conditions run without the lock: a function of the test may block, or may use the
        # server. The counts and the random numbers need the lock.
        for position, rule in enumerate(self.rules):
            kind = rule.fault.kind
            # Only a stream can be truncated. The rule keeps the fault for the next stream.
            unsuitable = kind == "truncate" and not call.stream
            excess = has_other and kind != "latency"
            if rule.exhausted or unsuitable or excess or not _matches(rule, call):
                continue
            with self._lock:
                fires = rule.try_fire(partial(self._draw, position, call))
            if fires:
                selected.append(rule.fault)
                has_other = has_other or kind != "latency"
        return selected

    def clear(self) -> None:
        """Remove all rules and reset the random numbers to the seed."""
        with self._lock:
            self._rules.clear()
            self._arrivals.clear()

    def _draw(self, position: int, call: Call) -> float:
        """Return a number from 0 to 1 that depends on the seed and the request.

        A number for each arrival would depend on the order of the threads of the test.
        """
        key = position, _request_hash(call)
        if len(self._arrivals) > _MAX_ARRIVALS:
            self._arrivals.clear()
        count = self._arrivals[key] = self._arrivals.get(key, 0) + 1
        seed = f"{self._seed} {position} {key[1].hex()} {count}"
        return random.Random(seed).random()  # noqa: S311 - repeatable on purpose


def _request_hash(call: Call) -> bytes:
    proto = call.request
    content = proto.SerializeToString(deterministic=True) if proto is not None else b""
    return hashlib.sha256(call.method.encode() + b"\0" + content).digest()


def _matches(rule: FaultRule, call: Call) -> bool:
    try:
        return rule.conditions.matches(call)
    except ServiceError:
        raise
    except Exception as error:
        message = f"the test's rule {rule!r} raised {type(error).__name__}: {error}"
        raise RuntimeError(message) from error
