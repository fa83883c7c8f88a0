"""The faults that a tenant injects, and the conditions that select their calls."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from xai_vision.testing import _validation
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.conditions import Conditions


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

    def try_fire(self, rng: random.Random) -> bool:
        """Return whether to inject the fault into a call that meets the conditions; count it."""
        if self.exhausted:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._rate < 1 and rng.random() >= self._rate:
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
        self._rng = random.Random(seed)  # noqa: S311 - repeatable on purpose

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
        for rule in self.rules:
            kind = rule.fault.kind
            # Only a stream can be truncated. The rule keeps the fault for the next stream.
            unsuitable = kind == "truncate" and not call.stream
            excess = has_other and kind != "latency"
            if rule.exhausted or unsuitable or excess or not _matches(rule, call):
                continue
            with self._lock:
                fires = rule.try_fire(self._rng)
            if fires:
                selected.append(rule.fault)
                has_other = has_other or kind != "latency"
        return selected

    def clear(self) -> None:
        """Remove all rules and reset the random numbers to the seed."""
        with self._lock:
            self._rules.clear()
            self._rng.seed(self._seed)


def _matches(rule: FaultRule, call: Call) -> bool:
    try:
        return rule.conditions.matches(call)
    except ServiceError:
        raise
    except Exception as error:
        raise RuntimeError(f"{rule!r} raised {type(error).__name__}: {error}") from error
