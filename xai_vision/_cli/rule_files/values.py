"""Values of a rule file, each looked at, so that all that is wrong is told at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as File
from typing import Any

from xai_vision._cli.rule_files.yaml_lines import Path, Problem, Problems

__all__ = ["Values"]


class _Noted(Exception):  # noqa: N818  # ends the making of something; never leaves this file
    """What is wrong has been noted already."""


class Values:
    """Looks at values.

    Args:
        folder: Where the files are that it names.
        problems: Takes what is wrong.
    """

    def __init__(self, folder: File, problems: Problems) -> None:
        self._folder = folder
        self._problems = problems

    def tried(self, where: Path, read: Callable[..., Any], *given: Any) -> Any:
        """What ``read(where, *given)`` makes; None, and a problem noted, where it cannot."""
        try:
            return read(where, *given)
        except _Noted:
            pass
        except Problem as problem:
            self._problems.add(problem.where, str(problem))
        except Exception as error:  # noqa: BLE001  # whatever the fake's own checks raise
            self._problems.add(where, str(error) or type(error).__name__)
        return None

    def mark(self) -> int:
        """Where ``sound`` is to count problems from."""
        return len(self._problems.found)

    def sound(self, mark: int) -> None:
        """Go no further where something was wrong since ``mark``: what is made would be, too."""
        if len(self._problems.found) > mark:
            raise _Noted

    def wrong(self, where: Path, what: str) -> None:
        """Note a problem, and go on."""
        self._problems.add(where, what)

    def mapping(self, where: Path, value: Any, known: Iterable[str] = ()) -> dict[str, Any]:
        """The entries of a mapping that are known here; of others a problem is noted."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise Problem(where, f"is a mapping (name: value), not {value!r:.60}")
        names = tuple(known)
        for key in value:
            if names and key not in names:
                close = difflib.get_close_matches(str(key), names, 1)
                hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
                self.wrong((*where, key), f"is not known here; {hint}")
        return {key: one for key, one in value.items() if not names or key in names}

    def each(self, where: Path, value: Any, read: Callable[[Path, Any], Any]) -> list[Any]:
        """What ``read`` makes of each of a list, those it cannot read left out."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise Problem(where, f"is a list, not {value!r:.60}")
        made = [self.tried((*where, place), read, one) for place, one in enumerate(value)]
        return [one for one in made if one is not None]

    def some(self, where: Path, value: Any, read: Callable[[Path, Any], Any]) -> list[Any]:
        """The same of a list that must not be empty."""
        mark = self.mark()
        found = self.each(where, value, read)
        self.sound(mark)
        if not found:
            raise Problem(where, "is empty")
        return found

    def number(self, where: Path, value: Any) -> int | None:
        """A whole number; None where there is none."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem(where, f"is a whole number, not {value!r:.60}")
        if where[-1] == "times" and value < 0:
            raise Problem(where, "is 0 or more")
        return value

    def file(self, where: Path, value: Any) -> File:
        """A file that is there."""
        path = self._folder / str(value)
        if not path.is_file():
            raise Problem(where, f"there is no file {path}")
        return path
