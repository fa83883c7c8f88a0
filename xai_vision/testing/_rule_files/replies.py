"""The replies and faults of a rule in a rule file."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rule_files import templates
from xai_vision.testing._rule_files.document import Document, InvalidValueError, Value
from xai_vision.testing._rules.reply import Reply
from xai_vision.testing._rules.tool_calls import FunctionCall, ServerToolCall

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._rules.rule import Rule, SideEffect


REPLY_KEYS = ("reply", "replies", "reply_json", "fault")
"""The keys of a rule that define its reply."""

_FAULTS = tuple(
    name
    for name, member in vars(Fault).items()
    if isinstance(member, classmethod) and not name.startswith("_")
)
_POSITIONAL = {"latency": "seconds", "rate_limited": "retry_after", "after_chunks": "count"}
_CALLS = {"tool_calls": FunctionCall, "steps": ServerToolCall}


def read_reply(key: str, value: Value) -> Callable[[Rule], Rule]:
    """Return a function that adds the reply of one of ``REPLY_KEYS`` to a rule."""
    if key == "reply_json":
        if templates.check(value):
            return lambda rule: rule.side_effect(
                lambda call: Reply.json(templates.render(value.raw, call, keep_types=True))
            )
        return lambda rule: rule.reply_json(value.raw)
    if key == "replies":
        replies = value.nonempty_items(_read_reply_or_fault)
    else:
        replies = [read_fault(value) if key == "fault" else _read_reply_or_template(value)]
    return lambda rule: rule.replies(*replies)


def read_fault(value: Value) -> Fault:
    """Return a fault from its name, or from its name with arguments."""
    if isinstance(value.raw, str):
        value = value.with_raw({value.raw: {}})
    with value.all_valid():
        faults = value.mapping(_FAULTS)
    if len(faults) != 1:
        value.fail("must be one fault by its name, such as unavailable")
    ((kind, arguments),) = faults.items()
    if kind in _POSITIONAL and isinstance(arguments.raw, (int, float)):
        arguments = arguments.with_raw({_POSITIONAL[kind]: arguments.raw})
    create: Callable[..., Fault] = getattr(Fault, kind)
    return create(**arguments.keywords(inspect.signature(create).parameters))


def _read_reply_or_fault(value: Value) -> Reply | Fault | SideEffect:
    if isinstance(value.raw, Mapping) and set(value.raw) == {"fault"}:
        return read_fault(value.mapping()["fault"])
    return _read_reply_or_template(value)


def _read_reply_or_template(value: Value) -> Reply | SideEffect:
    with value.all_valid():
        has_templates = templates.check(value)
        reply = value.attempt(_read_reply)
    return partial(_fill_in, value) if has_templates else reply


def _fill_in(value: Value, call: Call) -> Reply:
    document = Document(templates.render(value.raw, call))
    try:
        return _read_reply(document.root)
    except InvalidValueError:
        raise ValueError(document.errors[0][1]) from None


def _read_reply(value: Value) -> Reply:
    if isinstance(value.raw, bool):
        value.fail_unquoted()
    if isinstance(value.raw, (str, int, float)):
        return Reply(str(value.raw))
    with value.all_valid():
        fields = {
            name: item.attempt(partial(_read_calls, _CALLS[name])) if name in _CALLS else item.raw
            for name, item in value.mapping((*field_names(Reply), "json")).items()
        }
    if "json" in fields:
        return Reply.json(fields.pop("json"), **fields)
    return Reply(**fields)


def _read_calls(kind: type[FunctionCall | ServerToolCall], value: Value) -> tuple[Any, ...]:
    return tuple(value.items(lambda item: kind(**item.keywords(field_names(kind)))))


def field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields."""
    return tuple(field.name for field in dataclasses.fields(kind))
