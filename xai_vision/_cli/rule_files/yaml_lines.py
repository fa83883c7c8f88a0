"""YAML with the line number of each value."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

Location: TypeAlias = "tuple[str | int | float, ...]"
"""The keys and indexes that lead to a value in a document."""


class RuleFileError(Exception):
    """An error at a location in a document."""

    def __init__(self, location: Location, what: str) -> None:
        super().__init__(what)
        self.location = location


class ErrorList:
    """The errors of a document with their lines.

    Attributes:
        errors: Line and message of each error.
    """

    def __init__(self, lines: dict[Location, int]) -> None:
        self.errors: list[tuple[int, str]] = []
        self._lines = lines

    def add(self, location: Location, what: str) -> None:
        """Add an error."""
        known = location
        while known not in self._lines and known:
            known = known[:-1]
        self.errors.append((self._lines.get(known, 1), f"{_name(location)}{what}"))


def _name(location: Location) -> str:
    text = ""
    for step in location:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return f"{text.lstrip('.')}: " if text else ""


def read(text: str) -> tuple[Any, dict[Location, int]]:
    """Parse a document.

    Returns:
        The value, and the line of each location in it.

    Raises:
        RuleFileError: The document is not valid YAML; its ``location`` is the line.
    """
    yaml: Any = importlib.import_module("yaml")
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Location, int] = {}
            value = _value(node, (), lines, loader, yaml) if node is not None else None
        finally:
            loader.dispose()
    except RecursionError:
        raise RuleFileError((1,), "the document contains itself or is nested too deeply") from None
    except yaml.YAMLError as error:
        errors_before = getattr(error, "problem_mark", None)
        what = getattr(error, "error", None) or str(error)
        raise RuleFileError(
            (errors_before.line + 1 if errors_before else 1,), f"invalid YAML: {what}"
        ) from None
    return value, lines


def _value(
    node: Any, location: Location, lines: dict[Location, int], loader: Any, yaml: Any
) -> Any:
    lines[location] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, (str, int, float, bool)):
                raise RuleFileError((line,), f"{key!r} cannot be a key")
            if key in result:
                raise RuleFileError((line,), f"{key!r} is a duplicate key")
            place = (*location, key)
            result[key] = _value(value_node, place, lines, loader, yaml)
            lines[place] = line
        return result
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*location, index), lines, loader, yaml)
            for index, item in enumerate(node.value)
        ]
    return loader.construct_object(node, deep=True)
