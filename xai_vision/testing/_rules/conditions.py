"""Which calls a rule, a fault or a question about the log is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, Final, TypedDict

from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import hidden
from xai_vision.testing._rules.condition_matchers import MAKERS, header
from xai_vision.testing._validation import mapping, unknown
from xai_vision.testing.match import Matcher

__all__ = ["ConditionArgs", "Conditions"]


class ConditionArgs(TypedDict, total=False):
    """Conditions on a call, by name; all must hold.

    Attributes:
        prompt: Text of the last user message: the whole text, or a matcher.
        model: The model, by any of its names, or a matcher on the name that was asked for.
        image: A picture of the call, any one: its bytes, its hash in hex, or a matcher.
        images: How many pictures, or a matcher on the list of them.
        tools: Names of tools the request must have (kinds such as "web_search", or names of
            functions), or a matcher on the list of them. () means none at all.
        schema: The JSON schema asked for, or a matcher on it (``match.any``: some schema).
        metadata: Metadata keys with their values or matchers.
        stream: Whether the answer is to be streamed.
        method: The RPC's name, or the REST endpoint's ("POST /v1/responses"); several, or a
            matcher.
        status: How the call ended, such as "OK"; for questions about the log.
        when: A function of the call.
    """

    prompt: str | Matcher
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


class Conditions:
    """Conditions on a call, ready to be asked.

    Args:
        where: Who takes them, for errors: "on()".
        given: Which; see ``ConditionArgs``.
        others: What else may be given there by name.

    Raises:
        TypeError: There is no condition of that name, or it takes no such value.
        ValueError: Nothing can ever have that value.
    """

    def __init__(self, where: str, given: Mapping[str, Any], others: Iterable[str] = ()) -> None:
        names = list(ConditionArgs.__annotations__)
        unknown(where, given, [*names, *others])
        self._checks: list[tuple[str, Matcher, Callable[[Call], Any]]] = []
        for name, wanted in given.items():
            if wanted is None:
                raise TypeError(
                    f"{where}: {name}=None says nothing; leave it out, or say {name}=match.none "
                    "for calls that have none"
                )
            self._condition(name, wanted)

    @classmethod
    def beforehand(cls, where: str, given: Mapping[str, Any], *others: str) -> Conditions:
        """Conditions on calls to come, of which no status is known yet; raises as the class."""
        if "status" in given:
            raise TypeError(f"{where} takes no status: a call has one only when it is over")
        return cls(where, given, others)

    def _condition(self, name: str, wanted: Any) -> None:
        """Add one condition: what is asked, of what, under which name."""
        if name != "metadata":
            made = MAKERS[name](wanted)
            self._checks.append((name, made, _VALUES.get(name) or attrgetter(name)))
            return
        for key, value in mapping(name, wanted).items():
            where = f"metadata[{key!r}]"
            self._checks.append((where, header(where, key, value), partial(_read, key)))

    def mismatches(self, call: Call) -> list[str]:
        """Say what does not hold of ``call``, a sentence each; [] if all does."""
        found = []
        for name, matcher, value in self._checks:
            try:
                fault = matcher.fault(value(call))
            except Exception as error:  # noqa: BLE001 - of a test's own function
                fault = f"asking raised {type(error).__name__}: {error}"
            if fault:
                found.append(hidden(f"{name}={matcher.name}, but {fault}"))
        return found

    def matches(self, call: Call) -> bool:
        """Whether all conditions hold of ``call``."""
        return all(matcher.fault(value(call)) is None for _, matcher, value in self._checks)

    def nearest(self, calls: Iterable[Call]) -> str:
        """Name the call that lacks least, and what it lacks; "" if there is no call."""
        lacking = [(call, self.mismatches(call)) for call in calls]
        if not lacking:
            return ""
        call, faults = min(lacking, key=lambda pair: len(pair[1]))
        return f"Nearest call: {call!r}: {'; '.join(faults)}"

    def __len__(self) -> int:
        return len(self._checks)

    def __str__(self) -> str:
        return hidden(", ".join(f"{name}={matcher.name}" for name, matcher, _ in self._checks))


def _read(key: str, call: Call) -> str | bytes | None:
    return call.header(key)


def tools_of(call: Call) -> list[str]:
    """Names of a call's tools: functions by their own, others by their kind."""
    kinds = [(tool.WhichOneof("tool"), tool) for tool in getattr(call.request, "tools", ())]
    return [tool.function.name if kind == "function" else kind for kind, tool in kinds]


def schema_of(call: Call) -> Any:
    """The JSON schema a call asks for, or None."""
    text = getattr(getattr(call.request, "response_format", None), "schema", "")
    return json.loads(text) if text else None


_VALUES: Final[dict[str, Callable[[Call], Any]]] = {
    "model": attrgetter("model_names"),
    "image": attrgetter("images"),
    "tools": tools_of,
    "schema": schema_of,
    "when": lambda call: call,
}
