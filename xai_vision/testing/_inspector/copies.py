"""A call as text to copy: a rule that repeats its answer in Python or YAML, or a cassette."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import chat_pb2
from xai_vision.testing._calls.json_form import to_json_value
from xai_vision.testing._cassettes.call_copy import cassette_text
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._inspector.yaml_text import flow
from xai_vision.testing._rules.reply import Reply

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call

# The server computes these for each request.
_OMITTED: Final = ("usage", "cost_ticks", "response_id", "encrypted", "debug")


def copies(call: Call) -> dict[str, str]:
    """Return the texts to copy, by the label of their button; only those that the call has."""
    texts = {label: make(call) for label, make in _FORMATS.items()}
    return {label: text for label, text in texts.items() if text}


def python_rule(call: Call) -> str:
    """Return the Python of a rule that repeats the answer of a call; "" if no rule can."""
    outcome = _outcome(call)
    if outcome is None:
        return ""
    if isinstance(outcome, Fault):
        answer = [f"Fault.status({outcome.code!r}, {outcome.details!r})"]
    else:
        fields = _fields(outcome)
        answer = [f"{name}={getattr(outcome, name)!r}" for name in fields if name != "text"]
        answer.insert(0, repr(outcome.text))
    conditions = [f"{name}={value!r}" for name, value in _conditions(call).items()]
    return f"server.on({_arguments(conditions)}).reply({_arguments(answer)})\n"


def yaml_rule(call: Call) -> str:
    """Return the YAML of a rule file that repeats the answer of a call; "" if no rule can."""
    outcome = _outcome(call)
    if outcome is None:
        return ""
    when = {name: _unambiguous(value) for name, value in _conditions(call).items()}
    lines = ["rules:", "  - when:", *_entries(when)]
    if isinstance(outcome, Fault):
        fault = {"status": {"code": outcome.code, "details": outcome.details}}
        lines.append(f"    fault: {flow(fault)}")
    else:
        lines += ["    reply:", *_entries({"text": "", **_escaped(_fields(outcome))})]
    return "\n".join(lines) + "\n"


# Another format is one more entry here: its label, and a function that returns its text.
_FORMATS: Final[dict[str, Callable[[Call], str]]] = {
    "Rule in Python": python_rule,
    "Rule in YAML": yaml_rule,
    "Cassette": cassette_text,
}


def _outcome(call: Call) -> Reply | Fault | None:
    if not isinstance(call.request, chat_pb2.GetCompletionsRequest):
        return None
    if call.status not in ("", "OK", "CANCELLED"):
        return Fault.status(call.status, call.details)
    if not isinstance(call.response, chat_pb2.GetChatCompletionResponse):
        return None
    try:
        reply = Reply.from_response(call.response)
        # Keys are removed here: escapes of Python and YAML could hide them later.
        reply = Reply.from_json(json.dumps(to_json_value(_fields(reply))))
    except (TypeError, ValueError):
        return None  # A reply cannot repeat the response.
    return reply.replace(**{name: getattr(Reply(), name) for name in _OMITTED})


def _fields(reply: Reply) -> dict[str, Any]:
    """Return the fields that do not have their default value, as values of JSON."""
    fields: dict[str, Any] = json.loads(reply.to_json())
    return fields


def _conditions(call: Call) -> dict[str, Any]:
    conditions: dict[str, Any] = {"prompt": call.prompt, "system": call.system, "model": call.model}
    conditions = {name: to_json_value(value) for name, value in conditions.items() if value}
    if call.turn > 1:
        conditions["turn"] = call.turn
    named = {result.name: to_json_value(result.text) for result in call.tool_results}
    if named and all(named):
        conditions["tool_result"] = named
    if call.images:
        conditions["images"] = len(call.images)
    return conditions


def _unambiguous(value: Any) -> Any:
    """Return a condition so that a rule file does not read its text as a word of its own."""
    if isinstance(value, Mapping):
        return {name: _unambiguous(item) for name, item in value.items()}
    return {"equals": value} if value in ("any", "none", "") else value


def _escaped(value: Any) -> Any:
    """Return the values of a reply so that a rule file does not read a text as a template."""
    if isinstance(value, str):
        return value.replace("{{", '{{ "{{" }}')
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value


def _arguments(arguments: list[str]) -> str:
    text = ", ".join(arguments)
    if len(text) <= 80:
        return text
    return "".join(f"\n    {argument}," for argument in arguments) + "\n"


def _entries(values: Mapping[str, Any]) -> list[str]:
    return [f"      {name}: {flow(value)}" for name, value in values.items()]
