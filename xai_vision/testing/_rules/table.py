"""The rules of a tenant: the choice of the rule that answers a call."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError, error_in_test
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.reply_validity import reply_error
from xai_vision.testing._rules.rule import Outcome, Rule, SideEffect, to_outcome
from xai_vision.testing._rules.unmatched import UnmatchedCalls
from xai_vision.testing._thread_pool import release_slot


@dataclass(frozen=True)
class Choice:
    """The rule chosen for a call, and the reply taken from it.

    Attributes:
        table: The rules.
        rule: The rule; None if no rule matches.
        reply: The reply of the rule, or its function; None without a rule.
        return_reply: Gives the reply back to the rule if a fault keeps it from the client. The
            argument says whether that is uncertain.
        nearest: Without a rule, the description of the nearest one, if the table is strict.
    """

    table: RuleTable
    rule: Rule | None
    reply: Outcome | SideEffect | None
    return_reply: Callable[[bool], None]
    nearest: str = ""

    def outcome(self, call: Call) -> Outcome | None:
        """Return the reply or fault for ``call``; None if no rule matches.

        Raises:
            ServiceError: The rule's function raised it, or the function is wrong.
        """
        if self.rule is None or self.reply is None:
            return None
        outcome: Outcome | SideEffect = self.reply
        try:
            if not isinstance(outcome, (Reply, Fault)):
                release_slot()  # The test's function may block.
                outcome = to_outcome(outcome(call))
            problem = reply_error(outcome, call.request) if isinstance(outcome, Reply) else ""
        except ServiceError:
            raise
        except Exception as error:
            raise self.table.rule_error(self.rule, error) from error
        if problem:
            raise self.table.note_error(
                f"the service cannot send the reply of {self.rule!r}: {problem}"
                f"{'' if problem.endswith('?') else '.'} "
                "Use unchecked=True to send it on purpose"
            )
        return outcome


class RuleTable:
    """The rules of one tenant.

    Attributes:
        errors: The errors in the test's own rules, found while the rules were used.

    Args:
        strict: Whether a call that no rule matches is a problem.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.errors: list[str] = []
        self._strict = strict
        self._unmatched = UnmatchedCalls()
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> Rule:
        """Add a rule after the rules of the same priority."""
        with self._lock:
            bisect.insort(self._rules, rule, key=lambda rule: -rule.priority)
        return rule

    def choose(self, call: Call) -> Choice:
        """Use the first rule that matches, and record in ``call`` whether there is one.

        Raises:
            ServiceError: A function of a condition raised it, or the function is wrong.
        """
        exhausted: Rule | None = None
        # Conditions are evaluated without the lock, because functions of the test may be slow or
        # call the server. Meanwhile another call may exhaust the rule.
        for rule in self.rules:
            if not rule.reply_count or not self._matches(rule, call):
                continue
            with self._lock:
                if not rule.exhausted:
                    reply, turn = rule.take_reply()
                    break
            exhausted = exhausted or rule
        else:
            return self._choose_none(call, exhausted)
        call.rule, call.reply_number = rule, min(turn + 1, rule.reply_count)
        return Choice(self, rule, reply, partial(self._return_reply, rule, turn))

    def _choose_none(self, call: Call, exhausted: Rule | None) -> Choice:
        call.unmatched = True
        nearest = self.nearest(call) if self._strict else ""
        if exhausted is not None or self._strict:
            with self._lock:
                self._unmatched.add(call, exhausted, nearest)
        return Choice(self, None, None, partial(self._discard, call, exhausted), nearest)

    def _discard(self, call: Call, exhausted: Rule | None, uncertain: bool) -> None:
        if not uncertain:
            with self._lock:
                self._unmatched.discard(call, exhausted)

    def _return_reply(self, rule: Rule, turn: int, uncertain: bool) -> None:
        with self._lock:
            rule.return_reply(turn, uncertain=uncertain)

    def _matches(self, rule: Rule, call: Call) -> bool:
        try:
            return rule.conditions.matches(call)
        except ServiceError:
            raise
        except Exception as error:
            raise self.rule_error(rule, error) from error

    def problems(self) -> list[str]:
        """Return the errors in the test's rules, and the calls that no rule was to answer."""
        with self._lock:
            return [*self.errors, *self._unmatched.problems(refused=self._strict)]

    @property
    def rules(self) -> list[Rule]:
        """All rules, in the order in which they are consulted."""
        with self._lock:
            return list(self._rules)

    def explain(self, call: Call) -> str:
        """Describe for each rule why it did not answer ``call``."""
        lines = [f"{rule!r}: {reason}" for rule, reason in self.reasons(call)]
        return "\n".join(lines) or "There are no rules."

    def reasons(self, call: Call) -> list[tuple[Rule, str]]:
        """Return each rule with the reason why it did not answer ``call``."""
        reasons, is_later = [], False
        for rule in self.rules:
            if rule is call.rule:
                is_later = True
                reasons.append((rule, "answered it"))
                continue
            mismatches = rule.mismatches(call)
            # The rule was not consulted, so it does not matter whether a call used it up.
            if is_later and rule.reply_count and not rule.conditions.mismatches(call):
                mismatches = []
            matches = "matches"
            if call.rule is not None:
                matches += f", but {call.rule!r} answered the call (priority= decides)"
            reasons.append((rule, "; ".join(mismatches) or matches))
        return reasons

    def nearest(self, call: Call) -> str:
        """Describe the rule with the fewest mismatches for ``call``."""
        candidates = [(rule, rule.mismatches(call)) for rule in self.rules]
        if not candidates:
            return "There are no rules."
        # Of two rules with as many mismatches, the one with more conditions matches more.
        rule, mismatches = min(
            candidates, key=lambda pair: (len(pair[1]), -len(pair[0].conditions))
        )
        return f"Nearest: {rule!r}: {'; '.join(mismatches) or 'matches, but was added later'}."

    def clear(self) -> None:
        """Remove all rules and errors."""
        with self._lock:
            self._rules.clear()
            self._unmatched.clear()
            self.errors.clear()

    def rule_error(self, rule: Rule, error: Exception) -> ServiceError:
        """Note an error in a rule of the test, and return the error for the client."""
        return self.note_error(f"the test's rule {rule!r} raised {type(error).__name__}: {error}")

    def note_error(self, message: str) -> ServiceError:
        """Note an error of the test for ``verify()``, and return the error for the client."""
        message = redact(message)
        with self._lock:
            self.errors.append(message)
        return error_in_test(message)
