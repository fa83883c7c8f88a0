"""The replies and faults of a rule in a rule file."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import Location, RuleFileError
from xai_vision.testing import Fault, FunctionCall, Reply, ServerToolCall

if TYPE_CHECKING:
    from xai_vision.testing import Rule


REPLY_KEYS = ("reply", "replies", "reply_json", "fault")
"""The keys of a rule that define its reply."""

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
_POSITIONAL = {"latency": "seconds", "rate_limited": "retry_after", "after_chunks": "count"}


class Replies:
    """Reads the value of one of ``REPLY_KEYS``."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, location: Location, kind: str, value: Any) -> Callable[[Rule], Rule]:
        """Return a function that adds the reply to a rule."""
        if kind == "reply_json":
            return lambda rule: rule.reply_json(value)
        if kind == "fault":
            fault = self.fault(location, value)
            return lambda rule: rule.fault(fault)
        if kind == "reply":
            reply = self._reply(location, value)
            return lambda rule: rule.reply(reply)
        replies = self._values.nonempty_items(location, value, self._reply_or_fault)
        return lambda rule: rule.replies(*replies)

    def fault(self, location: Location, value: Any) -> Fault:
        """Return a fault from its name, or from its name with arguments."""
        if isinstance(value, str):
            value = {value: {}}
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, _FAULTS)
        self._values.require_valid(errors_before)
        if len(options) != 1:
            raise RuleFileError(location, "must be one fault by its name, such as unavailable")
        ((kind, arguments),) = options.items()
        make: Callable[..., Fault] = getattr(Fault, kind)
        if kind in _POSITIONAL and isinstance(arguments, (int, float)):
            arguments = {_POSITIONAL[kind]: arguments}
        names = tuple(inspect.signature(make).parameters)
        keywords = self._values.mapping((*location, kind), arguments, names)
        self._values.require_valid(errors_before)
        return make(**keywords)

    def _reply_or_fault(self, location: Location, value: Any) -> Reply | Fault:
        if isinstance(value, Mapping) and set(value) == {"fault"}:
            return self.fault((*location, "fault"), value["fault"])
        return self._reply(location, value)

    def _reply(self, location: Location, value: Any) -> Reply:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return Reply(str(value))
        if isinstance(value, bool):
            raise RuleFileError(
                location, f"must be a string; quote it, because YAML reads it as {value!r}"
            )
        errors_before = self._values.error_count()
        names = tuple(field.name for field in dataclasses.fields(Reply) if field.name != "_")
        options = self._values.mapping(location, value, (*names, "json"))
        for name, kind in (("tool_calls", FunctionCall), ("steps", ServerToolCall)):
            if name in options:
                options[name] = self._values.attempt(
                    (*location, name), self._all_of, options[name], kind
                )
        self._values.require_valid(errors_before)
        if "json" in options:
            return Reply.json(options.pop("json"), **options)
        return Reply(**options)

    def _all_of(self, location: Location, value: Any, kind: Any) -> tuple[Any, ...]:
        def read(location: Location, item: Any) -> Any:
            errors_before = self._values.error_count()
            names = tuple(field.name for field in dataclasses.fields(kind))
            options = self._values.mapping(location, item, names)
            self._values.require_valid(errors_before)
            return kind(**options)

        return tuple(self._values.items(location, value, read))
