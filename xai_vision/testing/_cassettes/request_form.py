"""The parts of a request that decide whether a recorded call answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from xai_vision.testing._cassettes.cassette_file import is_image, is_lines, join_lines

_CHAT: Final = "xai_api.Chat/"
_MATCHED_FIELDS: Final = (
    "model",
    "messages",
    "input",
    "previous_response_id",
    "tools",
    "tool_choice",
    "response_format",
    "n",
)
"""The fields of a request for a completion that decide whether a recorded call answers it."""
_DEFAULTS: Final = {"n": 1, "tool_choice": {"mode": "TOOL_MODE_AUTO"}}
_UNMATCHED_IN_MESSAGES: Final = ("reasoning_content",)


@dataclass(frozen=True)
class RequestForm:
    """A request in the form in which requests are compared.

    Attributes:
        method: The method.
        values: The values that must be the same, each with its path: "messages[0].role".
        images: The hashes of the images, by path.
        settings: The other values, which only decide between calls that match.
    """

    method: str
    values: Mapping[str, Any]
    images: Mapping[str, str]
    settings: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """A string that only the same request has."""
        parts = [self.method, self.values, self.images, self.settings]
        return json.dumps(parts, sort_keys=True, ensure_ascii=False)

    @property
    def name(self) -> str:
        """The name of the method, such as "GetCompletion"."""
        return self.method.rpartition("/")[2]


def request_form(method: str, request: Mapping[str, Any]) -> RequestForm:
    """Return a request of a cassette in the form for comparison."""
    matched: dict[str, Any] = dict(request)
    settings: dict[str, Any] = {}
    if method.startswith(_CHAT) and ("messages" in request or "input" in request):
        matched, settings = _split_completion(request)
    elif "batch_requests" in request:
        matched["batch_requests"] = [_batch_item(item) for item in request["batch_requests"]]
    images: dict[str, str] = {}
    values = dict(_flatten(matched, "", images))
    return RequestForm(method, values, images, dict(_flatten(settings, "", images={})))


def _split_completion(request: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of a request that must be the same, and the others."""
    matched = {name: request[name] for name in _MATCHED_FIELDS if name in request}
    for name, default in _DEFAULTS.items():
        if matched.get(name) == default:
            del matched[name]
    for name in ("messages", "input"):
        if name in matched:
            matched[name] = [_message(message) for message in matched[name]]
    settings = {name: value for name, value in request.items() if name not in _MATCHED_FIELDS}
    return matched, settings


def _batch_item(item: Mapping[str, Any]) -> dict[str, Any]:
    completion = item.get("completion_request")
    if completion is None:
        return dict(item)
    return {**item, "completion_request": _split_completion(completion)[0]}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message without what clients send back of a response in different ways."""
    values = {name: item for name, item in message.items() if name not in _UNMATCHED_IN_MESSAGES}
    if "tool_calls" in values:
        values["tool_calls"] = [
            {name: call[name] for name in ("id", "function") if name in call}
            for call in values["tool_calls"]
        ]
    # Clients send an empty text together with tool calls, or none.
    values["content"] = [
        _content(part) for part in values.get("content", ()) if part not in ({}, {"text": ""})
    ]
    return values


def _content(part: Mapping[str, Any]) -> dict[str, Any]:
    image = part.get("image_url")
    if isinstance(image, Mapping) and image.get("detail") == "DETAIL_AUTO":
        return {"image_url": {name: item for name, item in image.items() if name != "detail"}}
    return dict(part)


def _flatten(value: Any, path: str, images: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each leaf. Images go to ``images`` instead."""
    if isinstance(value, Mapping):
        if is_image(value):
            images[path] = value["image"]
        elif is_lines(value):
            yield from _flatten(join_lines(value), path, images)
        elif not value:
            yield path, {}
        else:
            for name, item in value.items():
                yield from _flatten(item, f"{path}.{name}" if path else name, images)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _flatten(item, f"{path}[{index}]", images)
    elif _is_json_path(path) and isinstance(value, str):
        yield from _flatten_json(value, path, images)
    else:
        yield path, value


def _is_json_path(path: str) -> bool:
    return path.endswith((".function.parameters", ".function.arguments", "response_format.schema"))


def _flatten_json(text: str, path: str, images: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of JSON in a string, so that spaces and the order of keys do not count."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        yield path, text
        return
    yield from _flatten_schema(value, path)


def _flatten_schema(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flatten_schema(item, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _flatten_schema(item, f"{path}[{index}]")
    else:
        yield path, value
