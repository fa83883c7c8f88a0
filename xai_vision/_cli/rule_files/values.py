"""Validation of the values in a rule file, which collects all errors."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from xai_vision._cli.rule_files.yaml_lines import ErrorList, Location, RuleFileError


class _AlreadyReported(Exception):  # noqa: N818  # ends the construction of a value; never leaves this module
    """Raised when the errors are already in the list."""


class Values:
    """Validates values.

    Args:
        folder: The directory of the files that the rule file names.
        errors: The list of errors.
    """

    def __init__(self, folder: Path, errors: ErrorList) -> None:
        self._folder = folder
        self._problems = errors

    def attempt(self, location: Location, read: Callable[..., Any], *options: Any) -> Any:
        """Return ``read(location, *options)``; on an error, add it to the list and return None."""
        try:
            return read(location, *options)
        except _AlreadyReported:
            pass
        except RuleFileError as error:
            self._problems.add(error.location, str(error))
        except Exception as error:  # noqa: BLE001  # the fake server's checks raise several types
            self._problems.add(location, str(error) or type(error).__name__)
        return None

    def error_count(self) -> int:
        """Where ``sound`` is to count errors from."""
        return len(self._problems.errors)

    def require_valid(self, errors_before: int) -> None:
        """Stop if there are new errors: a value built from invalid parts would be invalid too."""
        if len(self._problems.errors) > errors_before:
            raise _AlreadyReported

    def report(self, location: Location, what: str) -> None:
        """Add an error and continue."""
        self._problems.add(location, what)

    def mapping(self, location: Location, value: Any, known: Iterable[str] = ()) -> dict[str, Any]:
        """Return the known entries of a mapping; report the others."""
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise RuleFileError(location, f"must be a mapping (name: value), not {value!r:.60}")
        names = tuple(known)
        for key in value:
            if names and key not in names:
                close = difflib.get_close_matches(str(key), names, 1)
                hint = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(names)}"
                self.report((*location, key), f"is not a known key; {hint}")
        return {key: item for key, item in value.items() if not names or key in names}

    def items(
        self, location: Location, value: Any, read: Callable[[Location, Any], Any]
    ) -> list[Any]:
        """Return ``read(item)`` for each item of a list, without the invalid items."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise RuleFileError(location, f"must be a list, not {value!r:.60}")
        result = [self.attempt((*location, place), read, item) for place, item in enumerate(value)]
        return [item for item in result if item is not None]

    def nonempty_items(
        self, location: Location, value: Any, read: Callable[[Location, Any], Any]
    ) -> list[Any]:
        """Like ``items``, for a list that must not be empty."""
        errors_before = self.error_count()
        matchers = self.items(location, value, read)
        self.require_valid(errors_before)
        if not matchers:
            raise RuleFileError(location, "must not be empty")
        return matchers

    def integer(self, location: Location, value: Any) -> int | None:
        """Return an integer, or None for None."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise RuleFileError(location, f"must be an integer, not {value!r:.60}")
        if location[-1] == "times" and value < 0:
            raise RuleFileError(location, "must be 0 or more")
        return value

    def file(self, location: Location, value: Any) -> Path:
        """Return the path of an existing file."""
        path = self._folder / str(value)
        if not path.is_file():
            raise RuleFileError(location, f"file not found: {path}")
        return path
