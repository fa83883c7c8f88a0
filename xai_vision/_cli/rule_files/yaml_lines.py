"""YAML whose every value knows the line it came from."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

__all__ = ["Path", "Problem", "Problems", "read"]

Path: TypeAlias = "tuple[str | int | float, ...]"
"""Where in a document: keys of mappings, indexes of lists."""


class Problem(Exception):  # noqa: N818  # collected, not raised to users
    """Something that is wrong at a place of a document."""

    def __init__(self, where: Path, what: str) -> None:
        super().__init__(what)
        self.where = where


class Problems:
    """What is wrong with a document, with lines.

    Attributes:
        found: Line and message of each.
    """

    def __init__(self, lines: dict[Path, int]) -> None:
        self.found: list[tuple[int, str]] = []
        self._lines = lines

    def add(self, where: Path, what: str) -> None:
        """Note a problem."""
        known = where
        while known not in self._lines and known:
            known = known[:-1]
        self.found.append((self._lines.get(known, 1), f"{_name(where)}{what}"))


def _name(where: Path) -> str:
    text = ""
    for step in where:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return f"{text.lstrip('.')}: " if text else ""


def read(text: str) -> tuple[Any, dict[Path, int]]:
    """Read a document.

    Returns:
        What it holds, and the line of each place in it.

    Raises:
        Problem: It is no YAML; ``where`` has the line.
    """
    yaml: Any = importlib.import_module("yaml")
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Path, int] = {}
            value = _value(node, (), lines, loader, yaml) if node is not None else None
        finally:
            loader.dispose()
    except RecursionError:
        raise Problem((1,), "it contains itself, or is nested too deep") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise Problem((mark.line + 1 if mark else 1,), f"this is no YAML: {what}") from None
    return value, lines


def _value(node: Any, where: Path, lines: dict[Path, int], loader: Any, yaml: Any) -> Any:
    lines[where] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        made: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, (str, int, float, bool)):
                raise Problem((line,), f"{key!r} cannot be a key")
            if key in made:
                raise Problem((line,), f"{key!r} comes twice")
            place = (*where, key)
            made[key] = _value(value_node, place, lines, loader, yaml)
            lines[place] = line
        return made
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*where, index), lines, loader, yaml)
            for index, item in enumerate(node.value)
        ]
    return loader.construct_object(node, deep=True)
