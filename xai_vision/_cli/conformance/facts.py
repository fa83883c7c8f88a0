"""What is compared of an outcome: its form, not the words of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import chat_pb2, sample_pb2

if TYPE_CHECKING:
    from xai_vision._cli.conformance.session import Outcome

# The numbers that both services should count in the same way. Others depend on the model.
_EXACT_USAGE: Final = ("prompt_image_tokens",)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def facts_of(outcome: Outcome) -> dict[str, Any]:
    """Return the facts of any call: status, details and metadata."""
    return {
        "status": outcome.status,
        **({"details": outcome.details} if outcome.details else {}),
        "initial metadata": outcome.initial,
        "trailing metadata": sorted(outcome.trailing),
    }


def completion_facts(outcome: Outcome) -> dict[str, Any]:
    """Return the facts of a completion."""
    facts = facts_of(outcome)
    response = outcome.message
    if response is None:
        return facts
    outputs = list(response.outputs)
    return {
        **facts,
        "fields": sorted(field.name for field, _ in response.ListFields()),
        "id": "a UUID" if _UUID.fullmatch(response.id) else "another form",
        "outputs": len(outputs),
        "roles": [chat_pb2.MessageRole.Name(output.message.role) for output in outputs],
        "finish": [sample_pb2.FinishReason.Name(output.finish_reason) for output in outputs],
        "has text": [bool(output.message.content) for output in outputs],
        "functions": [
            call.function.name for output in outputs for call in output.message.tool_calls
        ],
        "settings": sorted(field.name for field, _ in response.settings.ListFields()),
        **_usage(response.usage),
    }


def stream_facts(outcome: Outcome) -> dict[str, Any]:
    """Return the facts of a stream of chunks."""
    facts = facts_of(outcome)
    chunks: Sequence[Any] = outcome.messages
    if not chunks:
        return facts
    outputs = [output for chunk in chunks for output in chunk.outputs]
    reasons = [output.finish_reason for output in outputs if output.finish_reason]
    return {
        **facts,
        "several chunks": len(chunks) > 1,
        "one id": len({chunk.id for chunk in chunks}) == 1,
        "chunks with a role": _share(bool(output.delta.role) for output in outputs),
        "chunks with usage": _where([chunk.HasField("usage") for chunk in chunks]),
        "chunks with a finish reason": _where(
            [any(output.finish_reason for output in chunk.outputs) for chunk in chunks]
        ),
        "finish": [sample_pb2.FinishReason.Name(reason) for reason in reasons],
        "functions": [call.function.name for output in outputs for call in output.delta.tool_calls],
        **_usage(chunks[-1].usage),
    }


def _usage(usage: Any) -> dict[str, Any]:
    values = {field.name: value for field, value in usage.ListFields()}
    facts: dict[str, Any] = {"usage": sorted(values)}
    return facts | {f"usage.{name}": values[name] for name in _EXACT_USAGE if name in values}


def _share(flags: Any) -> str:
    known = list(flags)
    return "all" if all(known) else "some" if any(known) else "none"


def _where(flags: Sequence[bool]) -> str:
    """Say which items of a sequence have a property."""
    if all(flags):
        return "all"
    if not any(flags):
        return "none"
    return "the last" if flags[-1] and not any(flags[:-1]) else "some"
