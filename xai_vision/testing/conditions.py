"""Which calls a rule, a fault or a question about the log is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypedDict

from xai_vision.testing import match
from xai_vision.testing.calls import Call
from xai_vision.testing.match import Matcher

if TYPE_CHECKING:
    from typing_extensions import Unpack

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
        given: Which; see ``ConditionArgs``.

    Raises:
        TypeError: There is no condition of that name.
    """

    def __init__(self, **given: Unpack[ConditionArgs]) -> None:
        unknown = set(given) - set(ConditionArgs.__annotations__)
        if unknown:
            raise TypeError(f"no condition is called {', '.join(sorted(unknown))}")
        self._checks: list[tuple[str, Matcher, Callable[[Call], Any]]] = []
        for name, wanted in given.items():
            if wanted is not None:
                self._condition(name, wanted)

    def _condition(self, name: str, wanted: Any) -> None:
        """Add one condition: what is asked, of what, under which name."""
        if name == "metadata":
            for key, value in wanted.items():
                self._add(f"metadata[{key!r}]", value, partial(_header, key))
        else:
            made = _SPECIAL.get(name, _plain)(wanted)
            self._add(name, made, _VALUES.get(name) or attrgetter(name))

    def _add(self, name: str, wanted: Any, value: Callable[[Call], Any]) -> None:
        self._checks.append((name, _plain(wanted), value))

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


def _plain(wanted: Any) -> Matcher:
    return wanted if isinstance(wanted, Matcher) else match.equals(wanted)


def _images(wanted: int | Matcher) -> Matcher:
    return _count(wanted) if isinstance(wanted, int) else wanted


_SPECIAL: Final[dict[str, Callable[[Any], Matcher]]] = {
    "model": _model,
    "image": lambda wanted: _any_of(_image(wanted)),
    "images": _images,
    "tools": _tools,
    "method": _one_of,
    "when": match.predicate,
}
_VALUES: Final[dict[str, Callable[[Call], Any]]] = {
    "model": attrgetter("model_names"),
    "image": attrgetter("images"),
    "tools": tools_of,
    "schema": schema_of,
    "when": lambda call: call,
}
