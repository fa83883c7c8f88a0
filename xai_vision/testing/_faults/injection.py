"""When calls fail: faults, the calls they are for, and how often they happen."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from xai_vision.testing import _validation as given
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import hidden
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.conditions import Conditions

__all__ = ["FaultRule", "FaultTable"]


class FaultRule:
    """When a fault happens. Made by ``server.fault(...)``.

    Attributes:
        fault: Which.
        fired: How often it has.
        conditions: To which calls.
        may_be_idle: Whether it need not happen, by ``optional`` or since it was stopped; one of
            a ``rate`` never must.
    """

    def __init__(
        self,
        fault: Fault,
        conditions: Conditions,
        *,
        count: int | None,
        after: int,
        rate: float,
        thaw: Callable[[Fault], None],
    ) -> None:
        if not isinstance(fault, Fault):
            name = getattr(fault, "__qualname__", "")
            seen = f"the function {name}: call it, {name}()" if name else given.shown(fault)
            raise TypeError(f"a fault must be a Fault, not {seen}")
        self.fault = fault
        self.fired = 0
        self._thaw = thaw
        self.conditions = conditions
        self._left = None if count is None else given.whole("fault: next", count, 1)
        self._spare = given.whole("fault: after", after, 0)
        self._rate = given.number("fault: rate", rate, high=1)
        self.may_be_idle = self._rate < 1

    @property
    def spent(self) -> bool:
        """Whether it will happen no more."""
        return self._left is not None and self._left <= 0

    def strike(self, chance: random.Random) -> bool:
        """Decide whether it happens to a call of which its conditions hold."""
        if self.spent:
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

    def optional(self) -> FaultRule:
        """Let ``verify()`` be fine with it never happening; returns the handle."""
        self.may_be_idle = True
        return self

    def stop(self) -> None:
        """Let it happen no more, and ``verify()`` be fine with that.

        A connection it has frozen is reset.
        """
        self._left = 0
        self.may_be_idle = True
        if self.fault.kind == "freeze":
            self._thaw(self.fault)

    def __repr__(self) -> str:
        said = f", {self.conditions}" if len(self.conditions) else ""
        return hidden(f"fault({self.fault!r}{said})")


class FaultTable:
    """The faults of one tenant."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    @property
    def rules(self) -> list[FaultRule]:
        """All of them, in order."""
        with self._lock:
            return list(self._rules)

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
        ended = False
        # Conditions are asked without the lock, as those of rules are; what is counted and drawn
        # is so with it.
        for rule in self.rules:
            late = rule.fault.kind == "latency"
            # An answer that comes in one piece cannot be truncated: the fault is still to come.
            misses = rule.fault.kind == "truncate" and not call.stream
            if rule.spent or misses or (ended and not late) or not _holds(rule, call):
                continue
            with self._lock:
                struck = rule.strike(self._chance)
            if struck:
                taken.append(rule.fault)
                ended = ended or not late
        return taken

    def clear(self) -> None:
        """Take all faults away and start chance anew."""
        with self._lock:
            self._rules.clear()
            self._chance = random.Random(self._seed)  # noqa: S311


def _holds(rule: FaultRule, call: Call) -> bool:
    try:
        return rule.conditions.hold(call)
    except ServiceError:
        raise
    except Exception as error:
        raise RuntimeError(f"{rule!r} raised {type(error).__name__}: {error}") from error
