"""Verification at the end of a test: expectations of rules and faults that were not met.

Each message describes the nearest call and its mismatches, so that a misspelt expectation is
easy to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._validation import pluralize

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._faults.injection import FaultRule
    from xai_vision.testing._rules.table import RuleTable


_HINT = " (add .optional(), or set unused='allow', to accept that)"


def explain_call(rules: RuleTable, call: Call) -> str:
    """Describe which rule answered a call, or which was nearest."""
    if call.rule is not None:
        return f"answered by {call.rule!r}"
    if call.unmatched:
        faults = f"it got {call.faults[0]!r}, and " if call.faults else ""
        return f"{faults}no rule answered it. {rules.nearest(call)}"
    return _why_not_consulted(call)


def unmet_expectations(
    rules: Sequence[Rule], faults: Sequence[FaultRule], calls: Sequence[Call], *, strict: bool
) -> Iterator[str]:
    """Describe the rules and faults that were used less often than expected.

    Args:
        rules: All rules.
        faults: All faults.
        calls: The calls in the log.
        strict: Whether to report unused rules and faults without ``times``.

    Yields:
        A message for each.
    """
    hint = _HINT  # shown once
    for rule in rules:
        if rule.is_optional:
            continue
        if rule.remaining_calls:
            expected = pluralize(rule.expected_calls or 0, "call")
            text = f"{rule!r} was to answer {expected}, but answered {rule.uses}."
            if rule.undelivered:
                text += f" A fault withheld {pluralize(rule.undelivered, 'response')}."
            others = [call for call in calls if call.rule is not rule]
            yield f"{text} {_nearest(rule, others)}"
        elif strict and rule.expected_calls is None and not rule.uses and not rule.undelivered:
            if not rule.has_reply:
                yield f"{rule!r} has no reply, so it was never used. Add .reply(...)."
                continue
            yield f"{rule!r} was never used{hint}. {_nearest(rule, calls)}"
            hint = ""
    for fault in faults:
        if strict and not fault.fired and not fault.is_optional:
            yield f"{fault!r} was never injected{hint}. {_nearest(fault, calls)}"
            hint = ""


def _nearest(expectation: Rule | FaultRule, calls: Sequence[Call]) -> str:
    candidates = [(call, _mismatches(expectation, call)) for call in calls]
    if not candidates:
        return "There were no other calls."
    call, mismatches = min(candidates, key=lambda pair: len(pair[1]))
    return f"Nearest call: {call!r}: {'; '.join(mismatches)}."


def _mismatches(expectation: Rule | FaultRule, call: Call) -> list[str]:
    """Return the reasons why a rule or a fault did not apply to a call; at least one."""
    if not isinstance(expectation, Rule):
        reason = "arrived before the fault was added, or was skipped by after="
        if call.faults:
            reason = f"got {call.faults[0]!r}"
        return expectation.conditions.mismatches(call) or [f"it matches, but {reason}"]
    mismatches = expectation.mismatches(call)
    if call.rule is None and not call.unmatched:
        return [*mismatches, _why_not_consulted(call)]
    if call.rule is not None:
        return mismatches or [f"it matches, but {call.rule!r} answered it"]
    return mismatches or ["it matches, but arrived before the rule was added"]


def _why_not_consulted(call: Call) -> str:
    """Return the reason why the rules were not consulted for a call."""
    if call.faults:
        return f"it got {call.faults[0]!r}"
    if not call.status:
        return "it is in progress"
    if call.status != "OK":
        return f"it ended with {call.status}: {call.details}"
    return f"rules do not apply to {call.method}"
