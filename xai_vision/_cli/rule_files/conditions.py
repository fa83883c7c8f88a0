"""Which calls a rule of a rule file is for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import Path, Problem
from xai_vision.testing import match

if TYPE_CHECKING:
    from xai_vision.testing.match import Matcher

__all__ = ["Conditions"]

_TEXT = ("contains", "startswith", "re", "equals")
_PICTURE = ("format", "size", "detail", "sha256", "near", "file")
_WHEN: dict[str, tuple[str, ...]] = {
    "prompt": _TEXT,
    "model": _TEXT,
    "image": _PICTURE,
    "images": (),
    "tools": (),
    "schema": ("equals",),
    "metadata": (),
    "stream": (),
    "method": _TEXT,
}


class Conditions:
    """Reads ``when``."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, where: Path, value: Any) -> dict[str, Any]:
        """The keywords of ``server.on(...)``."""
        mark = self._values.mark()
        given = self._values.mapping(where, value, _WHEN)
        made = {
            name: self._values.tried((*where, name), partial(self._condition, name), wanted)
            for name, wanted in given.items()
        }
        self._values.sound(mark)
        return made

    def _condition(self, name: str, where: Path, wanted: Any) -> Any:
        if name == "metadata":
            return {
                key: self._values.tried((*where, key), self._wanted, one, _TEXT)
                for key, one in self._values.mapping(where, wanted).items()
            }
        if name == "tools" and isinstance(wanted, (list, str)):
            named = [wanted] if isinstance(wanted, str) else wanted
            return tuple(str(one) for one in named)
        if isinstance(wanted, {"images": int, "stream": bool}.get(name, ())):
            return wanted
        return self._wanted(where, wanted, _WHEN[name])

    def _wanted(self, where: Path, value: Any, kinds: tuple[str, ...]) -> Any:
        if value in ("any", "none") and isinstance(value, str):
            return match.any if value == "any" else match.none
        if isinstance(value, str) and "re" in kinds:
            return value
        if isinstance(value, (bool, int, float)):
            raise Problem(where, f"is a text; put it in quotes, or YAML reads it as {value!r}")
        mark = self._values.mark()
        given = self._values.mapping(where, value, (*kinds, "not", "all", "either"))
        found = [
            self._values.tried((*where, kind), partial(self._matcher, kind), one, kinds)
            for kind, one in given.items()
        ]
        self._values.sound(mark)
        if not found:
            raise Problem(where, "is empty")
        first, *rest = found
        for one in rest:
            first = first & one
        return first

    def _matcher(self, kind: str, where: Path, value: Any, kinds: tuple[str, ...]) -> Matcher:
        if kind == "not":
            return ~self._as_matcher(where, value, kinds)
        if kind in ("all", "either"):
            first, *rest = self._values.some(where, value, partial(self._as_matcher, kinds=kinds))
            for one in rest:
                first = first & one if kind == "all" else first | one
            both: Matcher = first
            return both
        if kind == "size":
            if not isinstance(value, list) or len(value) != 2:
                raise Problem(where, "is [width, height]")
            return match.size(*value)
        if kind in ("near", "file"):
            data = self._values.file(where, value).read_bytes()
            return match.near(data) if kind == "near" else match.sha256(data)
        if kind != "equals" and not isinstance(value, str):
            raise Problem(where, f"is a text, not {value!r:.60}")
        made: Matcher = getattr(match, kind)(value)
        return made

    def _as_matcher(self, where: Path, value: Any, kinds: tuple[str, ...]) -> Matcher:
        wanted = self._wanted(where, value, kinds)
        return match.equals(wanted) if isinstance(wanted, str) else wanted
