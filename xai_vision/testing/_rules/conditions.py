"""Conditions on calls, for rules, faults and questions to the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter, methodcaller
from typing import Any, Final, TypedDict

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._rules.condition_matchers import (
    MATCHER_FACTORIES,
    metadata_matcher,
    tool_result_matcher,
)
from xai_vision.testing.match import Matcher


class ConditionArgs(TypedDict, total=False):
    """Conditions on a call. A call must match all of them.

    Attributes:
        prompt: The text of the last user message, or a matcher.
        model: A name of the model, or a matcher for the name in the request.
        system: The text of the system and developer messages, or a matcher.
        messages: The number of messages in the request, or a matcher for the list of protos.
        turn: The number of the answer that the conversation asks for: 1 for the first.
        tool_result: The result of a function that the model's last answer called, or a matcher.
            Any result of the call may match. ``match.any`` matches every result, and
            ``match.none`` a call without one. A dict contains results by function:
            ``{"stock": match.contains("3")}``.
        image: The bytes of an image, its SHA-256 in hex, or a matcher. Any image of the call may
            match.
        images: The number of images, or a matcher for their list.
        tools: Names of tools that the request must have: kinds such as "web_search", or names
            of functions. () means no tools. Or a matcher for the list of names.
        schema: The JSON schema of the request, or a matcher (``match.any``: any schema).
        metadata: Metadata keys with their values or matchers.
        stream: Whether the response is streamed.
        method: The name of the RPC or of the REST endpoint ("POST /v1/responses"), several
            names, or a matcher.
        status: The status of the call, such as "OK". Only the log accepts this condition.
        when: A function that takes the call and returns whether it matches.
    """

    prompt: str | Matcher
    system: str | Matcher
    messages: int | Matcher
    turn: int
    tool_result: str | Matcher | Mapping[str, str | Matcher]
    model: str | Matcher
    image: bytes | str | Matcher
    images: int | Matcher
    tools: str | Iterable[str] | Matcher
    schema: Mapping[str, Any] | Matcher
    metadata: Mapping[str, Any]
    stream: bool
    method: str | Iterable[str] | Matcher
    status: str | Matcher
    when: Callable[[Call], Any]


_TIMES = "Add .times(n) to the rule for the number of calls"
# What tests write for a condition of another name.
_HINTS: Final = {
    "text": "Use prompt= for the text of the last user message",
    "content": "Use prompt= for the text of the last user message",
    "message": "Use prompt= for the text of the last user message",
    "user": "Use prompt= for the text of the last user message",
    "instructions": "Use system= for the text of the system messages",
    "reply": "Set the reply by .reply(...)",
    "probability": "Use rate= of fault() for the probability of a fault",
}


class Conditions:
    """Conditions on a call, as matchers.

    Attributes:
        model_name: The model that a call must name, if the condition is a name.

    Args:
        function: The function that accepts the conditions, for error messages: "on()".
        conditions: The conditions; see ``ConditionArgs``.
        other_names: The names of the function's other keyword arguments.
        hints: Names that the function does not accept, each with the remedy.

    Raises:
        TypeError: A condition does not exist, or has a wrong type.
        ValueError: No call can match a condition.
    """

    def __init__(
        self,
        function: str,
        conditions: Mapping[str, Any],
        other_names: Iterable[str] = (),
        hints: Mapping[str, str] = _HINTS,
    ) -> None:
        names = list(ConditionArgs.__annotations__)
        for word, hint in hints.items():
            if word in conditions:
                raise TypeError(f"{function} does not accept {word!r}. {hint}")
            names = [name for name in names if name != word]
        check.check_names(function, conditions, [*names, *other_names])
        self._checks: list[tuple[str, Matcher, Callable[[Call], Any]]] = []
        model = conditions.get("model")
        self.model_name = model if isinstance(model, str) else None
        for name, expected in conditions.items():
            if expected is None:
                raise TypeError(
                    f"{function}: {name}=None is not a condition. Omit it, or use "
                    f"{name}=match.none for calls without a value"
                )
            self._add(name, expected)

    @classmethod
    def for_future_calls(
        cls, function: str, conditions: Mapping[str, Any], *other_names: str
    ) -> Conditions:
        """Make conditions on calls that have not arrived yet. Raises the errors of the class."""
        hints = {"status": "A call has no status before its end", **_HINTS}
        counted = "Use next= for the number of calls" if "next" in other_names else _TIMES
        for name in ("times", "count"):
            hints[name] = counted
        if "next" not in other_names:
            hints["next"] = _TIMES
        return cls(function, conditions, other_names, hints)

    def _add(self, name: str, expected: Any) -> None:
        if name == "tool_result" and isinstance(expected, Mapping):
            if not expected:
                raise ValueError(
                    "tool_result={} is not a condition. Use tool_result=match.none for calls "
                    "without a result"
                )
            for function, value in check.mapping(name, expected).items():
                label = f"tool_result[{function!r}]"
                matcher = tool_result_matcher(label, value, f"result of {function}")
                self._checks.append((label, matcher, partial(_result_texts, function=function)))
            return
        if name != "metadata":
            matcher = MATCHER_FACTORIES[name](expected)
            self._checks.append((name, matcher, _VALUES.get(name) or attrgetter(name)))
            return
        for key, value in check.mapping(name, expected).items():
            label = f"metadata[{key!r}]"
            matcher = metadata_matcher(label, key, value)
            self._checks.append((label, matcher, methodcaller("header", key)))

    def mismatches(self, call: Call) -> list[str]:
        """Describe each condition that ``call`` does not match; empty if it matches all."""
        mismatches = []
        for name, matcher, value in self._checks:
            try:
                reason = matcher.mismatch(value(call))
            except Exception as error:  # noqa: BLE001 - of a test's own function
                reason = f"evaluating it raised {type(error).__name__}: {error}"
            if reason:
                mismatches.append(redact(f"{name}={matcher.name}, but {reason}"))
        return mismatches

    def matches(self, call: Call) -> bool:
        """Return whether ``call`` matches all conditions."""
        return all(matcher.mismatch(value(call)) is None for _, matcher, value in self._checks)

    def nearest(self, calls: Iterable[Call]) -> str:
        """Describe the call with the fewest mismatches; "" if there are no calls."""
        candidates = [(call, self.mismatches(call)) for call in calls]
        if not candidates:
            return ""
        call, mismatches = min(candidates, key=lambda pair: len(pair[1]))
        return f"Nearest call: {call!r}: {'; '.join(mismatches)}"

    def __len__(self) -> int:
        return len(self._checks)

    def __str__(self) -> str:
        return redact(", ".join(f"{name}={matcher.name}" for name, matcher, _ in self._checks))


def _tool_names(call: Call) -> list[str]:
    """Return the names of a call's functions, and the kinds of its other tools."""
    kinds = [(tool.WhichOneof("tool"), tool) for tool in getattr(call.request, "tools", ())]
    return [tool.function.name if kind == "function" else kind for kind, tool in kinds]


def requested_schema(call: Call) -> Any:
    """Return the JSON schema in a call's request, or None."""
    text = getattr(getattr(call.request, "response_format", None), "schema", "")
    return json.loads(text) if text else None


def _result_texts(call: Call, function: str | None = None) -> list[str]:
    """Return the results of a function, or of all functions."""
    return [r.text for r in call.tool_results if function is None or r.name == function]


_VALUES: Final[dict[str, Callable[[Call], Any]]] = {
    "model": attrgetter("model_names"),
    "image": attrgetter("images"),
    "tools": _tool_names,
    "tool_result": _result_texts,
    "schema": requested_schema,
    "when": lambda call: call,
}
