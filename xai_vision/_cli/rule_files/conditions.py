"""The conditions of a rule in a rule file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import Location, RuleFileError
from xai_vision.testing import match

if TYPE_CHECKING:
    from xai_vision.testing.match import Matcher


_TEXT = ("contains", "startswith", "re", "equals")
_IMAGE = ("format", "size", "detail", "sha256", "near", "file")
_WHEN: dict[str, tuple[str, ...]] = {
    "prompt": _TEXT,
    "model": _TEXT,
    "image": _IMAGE,
    "images": (),
    "tools": (),
    "schema": ("equals",),
    "metadata": (),
    "stream": (),
    "method": _TEXT,
}


class Conditions:
    """Reads the key ``when``."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, location: Location, value: Any) -> dict[str, Any]:
        """Return the keywords of ``server.on(...)``."""
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, _WHEN)
        result = {
            name: self._values.attempt((*location, name), partial(self._condition, name), expected)
            for name, expected in options.items()
        }
        self._values.require_valid(errors_before)
        return result

    def _condition(self, name: str, location: Location, expected: Any) -> Any:
        if name == "metadata":
            return {
                key: self._values.attempt((*location, key), self._expected, item, _TEXT)
                for key, item in self._values.mapping(location, expected).items()
            }
        if name == "tools" and isinstance(expected, (list, str)):
            named = [expected] if isinstance(expected, str) else expected
            return tuple(str(item) for item in named)
        if isinstance(expected, {"images": int, "stream": bool}.get(name, ())):
            return expected
        return self._expected(location, expected, _WHEN[name])

    def _expected(self, location: Location, value: Any, kinds: tuple[str, ...]) -> Any:
        if value in ("any", "none") and isinstance(value, str):
            return match.any if value == "any" else match.none
        if isinstance(value, str) and "re" in kinds:
            return value
        if isinstance(value, (bool, int, float)):
            raise RuleFileError(
                location, f"must be a string; quote it, because YAML reads it as {value!r}"
            )
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, (*kinds, "not", "all", "either"))
        matchers = [
            self._values.attempt((*location, kind), partial(self._matcher, kind), item, kinds)
            for kind, item in options.items()
        ]
        self._values.require_valid(errors_before)
        if not matchers:
            raise RuleFileError(location, "must not be empty")
        first, *rest = matchers
        for item in rest:
            first = first & item
        return first

    def _matcher(
        self, kind: str, location: Location, value: Any, kinds: tuple[str, ...]
    ) -> Matcher:
        if kind == "not":
            return ~self._as_matcher(location, value, kinds)
        if kind in ("all", "either"):
            first, *rest = self._values.nonempty_items(
                location, value, partial(self._as_matcher, kinds=kinds)
            )
            for item in rest:
                first = first & item if kind == "all" else first | item
            both: Matcher = first
            return both
        if kind == "size":
            if not isinstance(value, list) or len(value) != 2:
                raise RuleFileError(location, "must be [width, height]")
            return match.size(*value)
        if kind in ("near", "file"):
            data = self._values.file(location, value).read_bytes()
            return match.near(data) if kind == "near" else match.sha256(data)
        if kind != "equals" and not isinstance(value, str):
            raise RuleFileError(location, f"must be a string, not {value!r:.60}")
        result: Matcher = getattr(match, kind)(value)
        return result

    def _as_matcher(self, location: Location, value: Any, kinds: tuple[str, ...]) -> Matcher:
        expected = self._expected(location, value, kinds)
        return match.equals(expected) if isinstance(expected, str) else expected
