"""Which calls a rule, a fault or a question about the log is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from xai_vision.testing import match
from xai_vision.testing.calls import Call
from xai_vision.testing.match import Matcher

__all__ = ["Conditions"]


class Conditions:
    """Conditions on a call; all must hold.

    Args:
        prompt: Text of the last user message: the whole text, or a matcher.
        model: The model, by any of its names, or a matcher on the name that was asked for.
        image: A picture of the call, any one: its bytes, its hash in hex, or a matcher.
        images: How many pictures, or a matcher on the list of them.
        tools: Names of tools the request must have (kinds such as "web_search", or names of
            functions), or a matcher on the list of them. () means none at all.
        schema: The JSON schema asked for, or a matcher on it (``match.any``: some schema).
        metadata: Metadata keys with their values or matchers.
        stream: Whether the answer is to be streamed.
        method: The RPC's name, several, or a matcher. Rules are about answers: for them it is
            GetCompletion, GetCompletionChunk and StartDeferredCompletion.
        status: How the call ended, such as "OK"; for questions about the log.
        when: A function of the call.
    """

    def __init__(
        self,
        *,
        prompt: str | Matcher | None = None,
        model: str | Matcher | None = None,
        image: bytes | str | Matcher | None = None,
        images: int | Matcher | None = None,
        tools: str | Iterable[str] | Matcher | None = None,
        schema: Mapping[str, Any] | Matcher | None = None,
        metadata: Mapping[str, Any] | None = None,
        stream: bool | None = None,
        method: str | Iterable[str] | Matcher | None = None,
        status: str | Matcher | None = None,
        when: Callable[[Call], Any] | None = None,
    ) -> None:
        self._checks: list[tuple[str, Matcher, Callable[[Call], Any]]] = []
        self._add("prompt", prompt, lambda call: call.prompt)
        if model is not None:
            self._checks.append(("model", _model(model), lambda call: call.model_names))
        if image is not None:
            self._checks.append(("image", _any_of(_image(image)), lambda call: call.images))
        if isinstance(images, int):
            self._add("images", _count(images), lambda call: call.images)
        else:
            self._add("images", images, lambda call: call.images)
        if tools is not None:
            self._checks.append(("tools", _tools(tools), tools_of))
        self._add("schema", schema, schema_of)
        for key, value in (metadata or {}).items():
            self._add(f"metadata[{key!r}]", value, partial(_header, key))
        self._add("stream", stream, lambda call: call.stream)
        if method is not None:
            self._checks.append(("method", _one_of(method), lambda call: call.method))
        self._add("status", status, lambda call: call.status)
        if when is not None:
            self._checks.append(("when", match.predicate(when), lambda call: call))

    def _add(self, name: str, wanted: Any, value: Callable[[Call], Any]) -> None:
        if wanted is not None:
            matcher = wanted if isinstance(wanted, Matcher) else match.equals(wanted)
            self._checks.append((name, matcher, value))

    def faults(self, call: Call) -> list[str]:
        """Say what does not hold of ``call``, a sentence each; [] if all does."""
        found = []
        for name, matcher, value in self._checks:
            fault = matcher.fault(value(call))
            if fault:
                found.append(f"{name}={matcher.name}, but {fault}")
        return found

    def hold(self, call: Call) -> bool:
        """Whether all conditions hold of ``call``."""
        return all(matcher.fault(value(call)) is None for _, matcher, value in self._checks)

    def __len__(self) -> int:
        return len(self._checks)

    def __str__(self) -> str:
        return ", ".join(f"{name}={matcher.name}" for name, matcher, _ in self._checks)


def _header(key: str, call: Call) -> str | bytes | None:
    return call.header(key)


def tools_of(call: Call) -> list[str]:
    """Names of a call's tools: functions by their own, others by their kind."""
    kinds = [(tool.WhichOneof("tool"), tool) for tool in getattr(call.request, "tools", ())]
    return [tool.function.name if kind == "function" else kind for kind, tool in kinds]


def schema_of(call: Call) -> Any:
    """The JSON schema a call asks for, or None."""
    text = getattr(getattr(call.request, "response_format", None), "schema", "")
    return json.loads(text) if text else None


def _model(wanted: str | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return Matcher(wanted.name, lambda names: wanted.fault(names[0]))
    return Matcher(repr(wanted), lambda names: None if wanted in names else f"it is {names[0]!r}")


def _image(wanted: bytes | str | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return wanted
    digest = wanted if isinstance(wanted, str) else hashlib.sha256(wanted).hexdigest()
    return match.sha256(digest)


def _any_of(matcher: Matcher) -> Matcher:
    def fault(images: list[Any]) -> str | None:
        if not images:
            return "the call has no picture"
        faults = [matcher.fault(image) for image in images]
        if None in faults:
            return None
        return "; ".join(f"picture {n}: {fault}" for n, fault in enumerate(faults[:4], 1))

    return Matcher(matcher.name, fault)


def _count(wanted: int) -> Matcher:
    return Matcher(
        str(wanted),
        lambda images: None if len(images) == wanted else f"the call has {len(images)}",
    )


def _tools(wanted: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return wanted
    names = [wanted] if isinstance(wanted, str) else list(wanted)

    def fault(given: list[str]) -> str | None:
        if not names:
            return f"the call has {', '.join(given)}" if given else None
        missing = [name for name in names if name not in given]
        has = ", ".join(given) or "no tools"
        return f"the call has {has}" if missing else None

    return Matcher(repr(wanted), fault)


def _one_of(wanted: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return wanted
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    name = repr(names[0]) if len(names) == 1 else repr(names)
    return Matcher(name, lambda method: None if method in names else f"it is {method}")
