"""Calls as values of JSON, for the inspector's page. They contain no API key and no image data."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.json_format import MessageToDict

from xai_vision.testing._calls.json_form import message_to_json, to_json_value
from xai_vision.testing._inspector.copies import copies
from xai_vision.testing._inspector.messages import show_answer, show_messages
from xai_vision.testing._inspector.texts import MAX_TEXT, cut, shown
from xai_vision.testing._inspector.thumbnails import orientation
from xai_vision.testing._inspector.timeline import show_stream, show_timeline

if TYPE_CHECKING:
    from xai_vision.testing._calls.images import CallImage
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._rules.table import RuleTable

_TICKS_PER_USD: Final = 10_000_000_000
# Lines of the list are short; what follows is in the view of the call.
_MAX_LINE: Final = 200
# Attempts follow each other closely, so the search for them can end somewhere.
_MAX_SEARCHED: Final = 1_000


def call_id(call: Call) -> str:
    """Return the id of a call, which its copies share."""
    return f"{call._id:016x}"


def summarize(call: Call, tenant: str = "") -> dict[str, Any]:
    """Return the properties of a call that the list of calls shows."""
    response = call.response
    outputs = getattr(response, "outputs", None)
    duration = call.duration
    return {
        "id": call_id(call),
        "tenant": shown(tenant, _MAX_LINE),
        "method": shown(call.method, _MAX_LINE),
        "model": shown(call.model, _MAX_LINE),
        "prompt": shown(call.prompt, _MAX_LINE),
        "answer": shown(outputs[-1].message.content, _MAX_LINE) if outputs else "",
        "status": call.status,
        "http_status": call.http_status,
        "rule": shown(repr(call.rule), _MAX_LINE) if call.rule is not None else "",
        "unmatched": call.unmatched,
        "faults": len(call.faults),
        "images": len(call.images),
        "attempt": call.attempt,
        "stream": call.stream,
        "chunks": call.chunks_sent,
        "started": round((call.started + _epoch()) * 1000),
        "duration": None if duration is None else round(duration * 1000, 1),
    }


def fingerprint(call: Call) -> tuple[Any, ...]:
    """Return a value that changes when the summary of a call changes."""
    state = (call.model, call.status, call.unmatched, call.chunks_sent, call.http_status)
    return (*state, len(call.faults), len(call.images), id(call.rule), call.response is None)


def view(call: Call, tenant: str = "", max_text: int = MAX_TEXT) -> dict[str, Any]:
    """Return everything that the page shows of a call.

    Args:
        call: The call.
        tenant: The name of the tenant.
        max_text: The number of characters after which a text is cut.
    """
    log = None if call._log is None else call._log()
    calls = [] if log is None else list(log)
    # Raw values are redacted and rid of image data first, then cut.
    raw = {
        "request": message_to_json(call.request),
        "body": to_json_value(call.body),
        "response": message_to_json(call.response),
    }
    request = raw["request"] or {}
    usage = getattr(call.response, "usage", None)
    shown_usage = None if usage is None else MessageToDict(usage, preserving_proto_field_name=True)
    ticks = getattr(usage, "cost_in_usd_ticks", 0)
    content: dict[str, Any] = {
        "details": call.details,
        "metadata": [[key, value] for key, value in call.metadata],
        "peer": call.peer,
        "key_id": call.key_id,
        "turn": call.turn,
        "message_count": len(call.messages),
        "messages": show_messages(call),
        "images": [show_image(image) for image in call.images],
        "earlier_images": [show_image(image) for image in call.earlier_images],
        "upload": None if call.upload is None else repr(call.upload),
        "settings": {k: v for k, v in request.items() if k not in ("messages", "input", "tools")},
        "tools": request.get("tools", []),
        "tool_results": [[result.name, result.text] for result in call.tool_results],
        "answer": show_answer(call),
        "chunks": show_stream(call),
        "usage": shown_usage,
        "cost": ticks / _TICKS_PER_USD if ticks > 0 else None,
        "timeline": show_timeline(call),
        "attempts": [_attempt(other, call) for other in attempts(call, calls)],
        "rules": _rules(call, None if log is None else log.rules),
        # A copy that is cut could not be used.
        "copies": {name: text for name, text in copies(call).items() if len(text) <= max_text},
        "raw": raw,
    }
    result: dict[str, Any] = cut(to_json_value(content), max_text)
    return {**summarize(call, tenant), "prompt": shown(call.prompt, max_text), **result}


def show_image(image: CallImage) -> dict[str, Any]:
    """Return the properties of an image."""
    names = ("sha256", "format", "width", "height", "size", "detail", "source", "tokens", "turn")
    values = {name: getattr(image, name) for name in names}
    return {
        **values,
        "declared": image.declared_media_type,
        "colors": list(image.colors),
        "orientation": orientation(image),
    }


def attempts(call: Call, calls: Sequence[Call]) -> list[Call]:
    """Return the attempts of a call's request, in order: failed ones, then one that did not fail.

    Attempts are calls of the same client with the same request. Other calls may lie between them.
    """
    same = [other for other in calls[-_MAX_SEARCHED:] if other is call or _is_same(call, other)]
    group: list[Call] = []
    for other in same:
        if group and group[-1].status in ("", "OK"):
            if call in group:
                break
            group = []
        group.append(other)
    return group if call in group else [call]


def _is_same(call: Call, other: Call) -> bool:
    keys = [(c.method, c.key_id, c.model, c.prompt, len(c.images)) for c in (call, other)]
    return keys[0] == keys[1] and bool(call.request == other.request)


def _attempt(other: Call, call: Call) -> dict[str, Any]:
    return {
        "id": call_id(other),
        "status": other.status or "in progress",
        "at": round((other.started - call.started) * 1000, 1),
        "current": other is call,
    }


def _rules(call: Call, table: RuleTable | None) -> list[list[Any]]:
    """Return [rule, whether it answered, why not] for each rule."""
    if table is None:
        return [] if call.rule is None else [[repr(call.rule), True, ""]]
    reasons = table.reasons(call)
    rows: list[list[Any]] = [
        [repr(rule), rule is call.rule, "" if rule is call.rule else reason]
        for rule, reason in reasons
    ]
    if call.rule is not None and not any(row[1] for row in rows):
        rows.insert(0, [repr(call.rule), True, "the rule was removed later"])
    return rows


def _epoch() -> float:
    """Return the difference between the time of the day and the time of calls."""
    return time.time() - time.monotonic()
