"""The rules of a tenant: which of them answers a call, and why others do not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import hidden
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules import schema_check as misfit
from xai_vision.testing._rules.conditions import schema_of
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.rule import Outcome, Rule, as_outcome

__all__ = ["Choice", "RuleTable"]


@dataclass(frozen=True)
class Choice:
    """The rule chosen to answer a call.

    Attributes:
        return_reply: Gives the reply back to the rule, because a fault keeps it from the client;
            takes whether that is uncertain.
    """

    table: RuleTable
    rule: Rule
    reply: Any
    return_reply: Callable[[bool], None]

    def outcome(self, call: Call) -> Outcome:
        """Return the reply or fault for ``call``.

        Raises:
            ServiceError: The rule's function raised it, or the rule itself is wrong.
        """
        try:
            return _made(self.reply, call)
        except ServiceError:
            raise
        except Exception as error:
            raise self.table.rule_error(self.rule, error) from error


class RuleTable:
    """The rules of one tenant.

    Attributes:
        mistakes: What is wrong with the test's own rules, found while they were used.
    """

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> Rule:
        """Add a rule, behind others of its priority."""
        with self._lock:
            self._rules.append(rule)
            self._rules.sort(key=lambda rule: -rule.priority)
        return rule

    def choose(self, call: Call) -> Choice | None:
        """Use the first rule that matches, and record it in ``call``; None if none matches.

        Raises:
            ServiceError: A condition raised it, or the rule itself is wrong.
        """
        late: Rule | None = None
        # Conditions are asked without the lock: a test's own functions may take their time, and
        # may ask the server. In between another call may use a rule up.
        for rule in self.rules:
            if not rule.ready or not self._holds(rule, call):
                continue
            with self._lock:
                if not rule.spent:
                    chosen, turn = rule.use()
                    break
            late = late or rule
        else:
            if late is not None:
                with self._lock:
                    late.refuse(call)
            return None
        call.rule = rule
        return Choice(self, rule, chosen, partial(self._give_back, rule, turn))

    def _give_back(self, rule: Rule, turn: int, perhaps: bool) -> None:
        with self._lock:
            rule.give_back(turn, perhaps=perhaps)

    def _holds(self, rule: Rule, call: Call) -> bool:
        try:
            return rule.conditions.matches(call)
        except ServiceError:
            raise
        except Exception as fault:
            raise self.rule_error(rule, fault) from fault

    @property
    def rules(self) -> list[Rule]:
        """All of them, in the order they are asked in."""
        with self._lock:
            return list(self._rules)

    def explain(self, call: Call) -> str:
        """Say rule by rule why it did not answer ``call``."""
        lines = [f"{rule!r}: {'; '.join(rule.faults(call)) or 'fits'}" for rule in self.rules]
        return "\n".join(lines) or "There are no rules."

    def nearest(self, call: Call) -> str:
        """The rule that lacks least to answer ``call``, and what it lacks."""
        lacking = [(rule, rule.faults(call)) for rule in self.rules]
        if not lacking:
            return "There are no rules."
        # Of two that lack as much, the one that says more has more that fits.
        rule, faults = min(lacking, key=lambda pair: (len(pair[1]), -len(pair[0].conditions)))
        return f"Nearest: {rule!r}: {'; '.join(faults) or 'fits, but was made later'}."

    def clear(self) -> None:
        """Forget all rules and mistakes."""
        with self._lock:
            self._rules.clear()
            self.mistakes.clear()

    def rule_error(self, rule: Rule, fault: Exception) -> ServiceError:
        with self._lock:
            self.mistakes.append(hidden(f"{rule!r}: {type(fault).__name__}: {fault}"))
        return ServiceError("INTERNAL", hidden(f"{rule!r} is mistaken: {fault}"))


def _made(chosen: Any, call: Call) -> Outcome:
    if isinstance(chosen, tuple):
        value, reply = chosen
        wrong = misfit.misfit(schema_of(call), value)
        if wrong:
            raise ValueError(f"its JSON does not fit the schema asked for: {wrong}")
        return reply  # type: ignore[no-any-return]
    if isinstance(chosen, (Reply, Fault)):
        return chosen
    return as_outcome(chosen(call))
