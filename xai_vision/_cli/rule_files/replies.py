"""What a rule of a rule file gives: replies and faults."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import Path, Problem
from xai_vision.testing import Fault, Reply, Step, ToolUse

if TYPE_CHECKING:
    from xai_vision.testing import Rule

__all__ = ["SAID", "Answers"]

SAID = ("reply", "replies", "reply_json", "fault")
"""The keys of a rule that say what it gives."""

_FAULTS = (
    "status",
    "unavailable",
    "internal",
    "rate_limited",
    "safety_refusal",
    "after_chunks",
    "latency",
    "hang",
    "truncated",
    "malformed",
    "reset_connection",
    "freeze_connection",
)
_ONE_VALUE = {"latency": "seconds", "rate_limited": "retry_after", "after_chunks": "count"}


class Answers:
    """Reads what stands under one of ``SAID``."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, where: Path, kind: str, value: Any) -> Callable[[Rule], Rule]:
        """What is to be done to a rule, so that it gives that."""
        if kind == "reply_json":
            return lambda rule: rule.reply_json(value)
        if kind == "fault":
            fault = self.fault(where, value)
            return lambda rule: rule.fault(fault)
        if kind == "reply":
            reply = self._reply(where, value)
            return lambda rule: rule.reply(reply)
        answers = self._values.some(where, value, self._either)
        return lambda rule: rule.replies(*answers)

    def fault(self, where: Path, value: Any) -> Fault:
        """A fault: its name, or its name with what it takes."""
        if isinstance(value, str):
            value = {value: {}}
        mark = self._values.mark()
        given = self._values.mapping(where, value, _FAULTS)
        self._values.sound(mark)
        if len(given) != 1:
            raise Problem(where, "is one fault by its name, such as unavailable")
        ((kind, arguments),) = given.items()
        make: Callable[..., Fault] = getattr(Fault, kind)
        if kind in _ONE_VALUE and isinstance(arguments, (int, float)):
            arguments = {_ONE_VALUE[kind]: arguments}
        names = tuple(inspect.signature(make).parameters)
        told = self._values.mapping((*where, kind), arguments, names)
        self._values.sound(mark)
        return make(**told)

    def _either(self, where: Path, value: Any) -> Reply | Fault:
        if isinstance(value, Mapping) and set(value) == {"fault"}:
            return self.fault((*where, "fault"), value["fault"])
        return self._reply(where, value)

    def _reply(self, where: Path, value: Any) -> Reply:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return Reply(str(value))
        if isinstance(value, bool):
            raise Problem(where, f"is a text; put it in quotes, or YAML reads it as {value!r}")
        mark = self._values.mark()
        names = tuple(field.name for field in dataclasses.fields(Reply) if field.name != "_")
        given = self._values.mapping(where, value, (*names, "json"))
        for name, kind in (("tool_calls", ToolUse), ("steps", Step)):
            if name in given:
                given[name] = self._values.tried((*where, name), self._all_of, given[name], kind)
        self._values.sound(mark)
        if "json" in given:
            return Reply.json(given.pop("json"), **given)
        return Reply(**given)

    def _all_of(self, where: Path, value: Any, kind: Any) -> tuple[Any, ...]:
        def read(where: Path, one: Any) -> Any:
            mark = self._values.mark()
            names = tuple(field.name for field in dataclasses.fields(kind))
            given = self._values.mapping(where, one, names)
            self._values.sound(mark)
            return kind(**given)

        return tuple(self._values.each(where, value, read))
