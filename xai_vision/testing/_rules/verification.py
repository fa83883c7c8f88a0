"""What a test is told at its end: which rules and faults were not used as they were to be.

Each problem names the nearest call and what it lacked, so that a misspelt expectation is seen
for what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._words import counted

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._faults.injection import FaultRule
    from xai_vision.testing._rules.table import RuleTable

__all__ = ["account", "problems", "surplus"]

_ALLOWED = " (say .optional(), or set unused='allow', if that may be)"


def account(rules: RuleTable, call: Call) -> str:
    """Say what became of a call: which rule answered it, or which was nearest."""
    if call.rule is not None:
        return f"answered by {call.rule!r}"
    if call.unmatched:
        return f"no rule answered it. {rules.nearest(call)}"
    return _fate(call)


def problems(
    rules: Sequence[Rule], faults: Sequence[FaultRule], calls: Sequence[Call], *, strict: bool
) -> Iterator[str]:
    """Say what was not as it was to be.

    Args:
        rules: All rules.
        faults: All faults.
        calls: What arrived.
        strict: Whether what was never used is one.

    Yields:
        A sentence or two for each problem.
    """
    hint = _ALLOWED  # once is enough
    for rule in rules:
        idle = strict and rule.wanted is None and not rule.uses and not rule.kept
        if rule.missing and not rule.may_be_idle:
            wanted = counted(rule.wanted or 0, "call")
            said = f"{rule!r} was to answer {wanted}, but answered {rule.uses}."
            if rule.kept:
                said += f" A fault kept {counted(rule.kept, 'answer')} from the client."
            yield f"{said} {_nearest(rule, [call for call in calls if call.rule is not rule])}"
        elif idle and not rule.may_be_idle:
            if not rule.ready:
                yield f"{rule!r} has no reply, so it was never used: end it with .reply(...)."
                continue
            yield f"{rule!r} was never used{hint}. {_nearest(rule, calls)}"
            hint = ""
    for fault in faults:
        if strict and not fault.fired and not fault.is_optional:
            yield f"{fault!r} never happened{hint}. {_nearest(fault, calls)}"
            hint = ""


def surplus(rules: Iterable[Rule]) -> Iterator[str]:
    """Say which rules had answered all they were to when one more call came."""
    for rule in rules:
        if rule.refused is None:
            continue
        call, count = rule.refused
        wanted = counted(rule.wanted or 0, "call")
        yield (
            f"{rule!r} was to answer {wanted}, but {counted(count, 'call')} more came that no "
            f"other rule answers: {call!r}, which got the default answer."
        )


def _nearest(told: Rule | FaultRule, calls: Sequence[Call]) -> str:
    lacking = [(call, _lacks(told, call)) for call in calls]
    if not lacking:
        return "There were no other calls."
    call, faults = min(lacking, key=lambda pair: len(pair[1]))
    return f"Nearest call: {call!r}: {'; '.join(faults)}."


def _lacks(told: Rule | FaultRule, call: Call) -> list[str]:
    """Why a rule or a fault was not for a call; at least one reason."""
    if not isinstance(told, Rule):
        first = call.faults[0] if call.faults else None
        early = "it came before the fault, or was let through by after="
        why = f"it was met by {first!r}" if first else early
        return told.conditions.mismatches(call) or [f"it fits, but {why}"]
    found = told.faults(call)
    if call.rule is None and not call.unmatched:
        return [*found, _fate(call)]
    if call.rule is not None:
        return found or [f"it fits, but {call.rule!r} answered it"]
    return found or ["it fits, but came before the rule"]


def _fate(call: Call) -> str:
    """Why no rule was asked about a call."""
    if call.faults:
        return f"it was met by {call.faults[0]!r}"
    if not call.status:
        return "it is under way"
    if call.status != "OK":
        return f"it ended with {call.status}: {call.details}"
    return f"rules are not asked about {call.method}"
