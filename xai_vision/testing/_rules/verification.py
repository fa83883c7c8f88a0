"""Verification at the end of a test: expectations of rules and faults that were not met.

Each message describes the nearest call and its mismatches, so that a misspelt expectation is
easy to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xai_vision.proto import chat_pb2
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._rules.rule import Rule
from xai_vision.testing._validation import pluralize, short_repr

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._faults.injection import FaultRule
    from xai_vision.testing._rules.table import RuleTable


_HINT = " (add .optional(), or set unused='allow', to accept that)"


def explain_call(rules: RuleTable, call: Call) -> str:
    """Describe which rule answered a call, with what, or which was nearest."""
    if call.rule is not None:
        count = call.rule.reply_count
        number = f", reply {call.reply_number} of {count}" if count > 1 else ""
        answer = _describe_answer(call.response)
        return f"answered by {call.rule!r}{number}{answer and f': {answer}'}"
    if call.unmatched:
        faults = f"it got {call.faults[0]!r}, and " if call.faults else ""
        return f"{faults}no rule answered it. {rules.nearest(call)}"
    return _why_not_consulted(call)


def _describe_answer(response: Any) -> str:
    """Describe the text and the function calls of a response in a few words."""
    outputs = getattr(response, "outputs", None)
    if not outputs:
        return ""
    message = outputs[-1].message
    calls = [
        f"a call of {call.function.name}({short_repr(redact(call.function.arguments))})"
        for call in message.tool_calls
        if call.type == chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL
    ]
    text = [short_repr(redact(message.content))] if message.content or not calls else []
    return " and ".join([*text, *calls])


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
            if not rule.reply_count:
                yield f"{rule!r} has no reply, so it was never used. Add .reply(...)."
                continue
            yield f"{rule!r} was never used{hint}. {_nearest(rule, calls)}"
            hint = ""
        elif strict and rule.expected_calls is None and rule.remaining_replies:
            used = rule.reply_count - rule.remaining_replies
            others = [call for call in calls if call.rule is not rule]
            yield (
                f"{rule!r} has {rule.reply_count} replies, but calls got only {used} of them"
                f"{hint}. {_nearest(rule, others)}"
            )
            hint = ""
    for fault in faults:
        if strict and not fault.fired and not fault.is_optional:
            yield f"{fault!r} was never injected{hint}. {_nearest(fault, calls)}"
            hint = ""


def _nearest(expectation: Rule | FaultRule, calls: Sequence[Call]) -> str:
    if not calls:
        return "There were no other calls."
    call = min(calls, key=lambda call: _distance(expectation, call))
    return f"Nearest call: {call!r}: {'; '.join(_mismatches(expectation, call))}."


def _distance(expectation: Rule | FaultRule, call: Call) -> tuple[int, bool]:
    """Return how far a call is from a rule or fault: a call that matches is the nearest.

    Of two calls with as many mismatches, the one that was answered is nearer.
    """
    expected = expectation if isinstance(expectation, Rule) else expectation.conditions
    mismatches = expected.mismatches(call)
    return len(mismatches), call.rule is None and not call.unmatched


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
        return mismatches or [f"it matches, but {call.rule!r} answered it (priority= decides)"]
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
