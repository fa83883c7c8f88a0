"""The conditions of a rule in a rule file."""

from __future__ import annotations

import operator
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from xai_vision.testing import match
from xai_vision.testing._rule_files.document import Value

if TYPE_CHECKING:
    from xai_vision.testing.match import Matcher


_TEXT = ("contains", "startswith", "re", "equals")
_IMAGE = ("format", "size", "detail", "sha256", "near", "file")
CONDITIONS: dict[str, tuple[str, ...]] = {
    "prompt": _TEXT,
    "system": _TEXT,
    "messages": (),
    "turn": (),
    "tool_result": _TEXT,
    "model": _TEXT,
    "image": _IMAGE,
    "images": (),
    "tools": (),
    "schema": ("equals",),
    "metadata": (),
    "stream": (),
    "method": _TEXT,
}


_PLAIN: dict[str, type] = {"images": int, "messages": int, "turn": int, "stream": bool}
_OPERATORS = ("not", "all", "either")
_MATCHERS = {*_TEXT, *_OPERATORS}


def read_conditions(when: Value, *, status: bool = False) -> dict[str, Any]:
    """Return the keywords of ``server.on(...)``.

    Args:
        when: The conditions.
        status: Whether the condition ``status`` is accepted too, as by ``calls.where(...)``.
    """
    known = {**CONDITIONS, "status": _TEXT} if status else CONDITIONS
    with when.all_valid():
        return {
            name: value.attempt(partial(_read_condition, name, known[name]))
            for name, value in when.mapping(known).items()
        }


def _read_condition(name: str, kinds: tuple[str, ...], value: Value) -> Any:
    raw = value.raw
    read = partial(_read_expected, kinds=_TEXT)
    by_function = name == "tool_result" and isinstance(raw, dict) and not raw.keys() & _MATCHERS
    if name == "metadata" or by_function:
        return {key: item.attempt(read) for key, item in value.mapping().items()}
    if name == "tools" and isinstance(raw, (list, str)):
        return tuple(map(str, [raw] if isinstance(raw, str) else raw))
    if isinstance(raw, _PLAIN.get(name, ())):
        return raw
    return _read_expected(value, kinds)


def _read_expected(value: Value, kinds: tuple[str, ...]) -> Any:
    """Return a string, or the combination of matchers of these kinds."""
    raw = value.raw
    if isinstance(raw, str) and raw in ("any", "none"):
        return match.any if raw == "any" else match.none
    if isinstance(raw, str) and "re" in kinds:
        return raw
    if isinstance(raw, (bool, int, float)):
        value.fail_unquoted()
    with value.all_valid():
        matchers = [
            item.attempt(partial(_read_matcher, kind, kinds))
            for kind, item in value.mapping((*kinds, *_OPERATORS)).items()
        ]
    if not matchers:
        value.fail("must not be empty")
    return reduce(operator.and_, matchers)


def _read_matcher(kind: str, kinds: tuple[str, ...], value: Value) -> Matcher:
    raw = value.raw
    if kind == "not":
        return ~_read_operand(value, kinds)
    if kind in ("all", "either"):
        operands = value.nonempty_items(partial(_read_operand, kinds=kinds))
        return reduce(operator.and_ if kind == "all" else operator.or_, operands)
    if kind == "size":
        if not isinstance(raw, list) or len(raw) != 2:
            value.fail("must be [width, height]")
        return match.size(*raw)
    if kind in ("near", "file"):
        data = value.file_bytes()
        return match.near(data) if kind == "near" else match.sha256(data)
    if kind != "equals" and not isinstance(raw, str):
        value.fail(f"must be a string, not {raw!r:.60}")
    matcher: Matcher = getattr(match, kind)(raw)
    return matcher


def _read_operand(value: Value, kinds: tuple[str, ...]) -> Matcher:
    expected = _read_expected(value, kinds)
    return match.equals(expected) if isinstance(expected, str) else expected
