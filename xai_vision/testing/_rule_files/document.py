"""A YAML or JSON document whose values know their location, and the errors in it."""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar

from xai_vision._optional_imports import import_optional

T = TypeVar("T")

Location: TypeAlias = "tuple[str | int | float, ...]"
"""The keys and indexes that lead to a value in a document."""


class InvalidValueError(Exception):
    """Ends the reading of a value whose errors are in the document's list."""


class Document:
    """A document.

    Attributes:
        root: The value of the whole document; None if the file is not valid YAML.
        folder: The directory of the files that the document names; None if it cannot name files.
        errors: Line and message of each error. All lines are 1 if the document is not a file.
        lines: The line of each value.

    Args:
        raw: The value of a document that is not a file, such as parsed JSON.
    """

    def __init__(self, raw: Any = None) -> None:
        self.folder: Path | None = None
        self.errors: list[tuple[int, str]] = []
        self.lines: dict[Location, int] = {}
        self.root = Value(self, (), raw)

    @classmethod
    def read(cls, path: Path) -> Document:
        """Parse a YAML file.

        Raises:
            OSError: The file cannot be read.
            ImportError: PyYAML is not installed.
        """
        document = cls()
        document.folder = path.parent
        document._parse(path)
        return document

    def _parse(self, path: Path) -> None:
        yaml = import_optional("yaml", "cli", "A rule file")
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
            if node is not None:
                constructor = yaml.constructor.SafeConstructor()
                self.root = Value(self, (), self._construct(yaml, node, (), constructor))
        except InvalidValueError:
            pass
        except UnicodeDecodeError:
            self.errors.append((1, "the file is not UTF-8 text"))
        except RecursionError:
            self.errors.append((1, "the document contains itself or is nested too deeply"))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error)
            self.errors.append((mark.line + 1 if mark else 1, f"invalid YAML: {what}"))

    def _construct(self, yaml: Any, node: Any, location: Location, constructor: Any) -> Any:
        """Return the Python value of a YAML node; record the lines of all values in it."""
        self.lines[location] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [
                self._construct(yaml, item, (*location, index), constructor)
                for index, item in enumerate(node.value)
            ]
        if not isinstance(node, yaml.MappingNode):
            return constructor.construct_object(node, deep=True)
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = constructor.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, (str, int, float)):
                self._fail(line, f"{key!r} cannot be a key")
            if key in result:
                self._fail(line, f"{key!r} is a duplicate key")
            place = (*location, key)
            result[key] = self._construct(yaml, value_node, place, constructor)
            self.lines[place] = line
        return result

    def _fail(self, line: int, what: str) -> NoReturn:
        self.errors.append((line, what))
        raise InvalidValueError


@dataclass(frozen=True)
class Value:
    """A value in a document.

    The methods that read it raise ``InvalidValueError`` after they report an error.
    """

    document: Document
    location: Location
    raw: Any

    def with_raw(self, raw: Any) -> Value:
        """Return another value for the same location."""
        return replace(self, raw=raw)

    def report(self, what: str) -> None:
        """Add an error to the document's list."""
        known = self.location
        while known and known not in self.document.lines:
            known = known[:-1]
        line = self.document.lines.get(known, 1)
        steps = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in self.location]
        label = f"{''.join(steps).lstrip('.')}: " if steps else ""
        self.document.errors.append((line, f"{label}{what}"))

    def fail(self, what: str) -> NoReturn:
        """Report an error and stop reading the value."""
        self.report(what)
        raise InvalidValueError

    def fail_unquoted(self) -> NoReturn:
        """Refuse a word such as ``no``, which YAML does not read as a string."""
        self.fail(f"must be a string; quote it, because YAML reads it as {self.raw!r}")

    @contextmanager
    def all_valid(self) -> Iterator[None]:
        """Stop at the end of the block if it reported errors.

        An object that is built from invalid parts would be invalid too.
        """
        errors_before = len(self.document.errors)
        yield
        if len(self.document.errors) > errors_before:
            raise InvalidValueError

    def attempt(self, read: Callable[[Value], Any]) -> Any:
        """Return ``read(self)``; on an error, report it and return None."""
        try:
            return read(self)
        except InvalidValueError:
            pass
        except Exception as error:  # noqa: BLE001  # the fake server's checks raise several types
            self.report(str(error) or type(error).__name__)
        return None

    def mapping(self, known: Iterable[str] = ()) -> dict[str, Value]:
        """Return the known entries of a mapping; report the others."""
        if self.raw is None:
            return {}
        if not isinstance(self.raw, Mapping):
            self.fail(f"must be a mapping (name: value), not {self.raw!r:.60}")
        names = tuple(known)
        entries = {}
        for key, raw in self.raw.items():
            entry = Value(self.document, (*self.location, key), raw)
            if not names or key in names:
                entries[key] = entry
            else:
                close = difflib.get_close_matches(str(key), names, 1)
                hint = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(names)}"
                entry.report(f"is not a known key; {hint}")
        return entries

    def keywords(self, known: Iterable[str]) -> dict[str, Any]:
        """Return a mapping as keyword arguments. All of its keys must be known."""
        with self.all_valid():
            return {name: item.raw for name, item in self.mapping(known).items()}

    def items(self, read: Callable[[Value], T]) -> list[T]:
        """Return ``read(item)`` for each item of a list, without the invalid items."""
        if self.raw is None:
            return []
        if not isinstance(self.raw, list):
            self.fail(f"must be a list, not {self.raw!r:.60}")
        values = [
            Value(self.document, (*self.location, index), item).attempt(read)
            for index, item in enumerate(self.raw)
        ]
        return [value for value in values if value is not None]

    def nonempty_items(self, read: Callable[[Value], T]) -> list[T]:
        """Like ``items``, for a list that must have items, all of them valid."""
        with self.all_valid():
            values = self.items(read)
        return values or self.fail("must not be empty")

    def string(self) -> str:
        """Return a string."""
        if not isinstance(self.raw, str):
            self.fail_unquoted()
        return self.raw

    def integer(self) -> int | None:
        """Return an integer, or None for None."""
        if self.raw is not None and (isinstance(self.raw, bool) or not isinstance(self.raw, int)):
            self.fail(f"must be an integer, not {self.raw!r:.60}")
        return self.raw

    def file(self) -> Path | bytes:
        """Return the path of an existing file, or the bytes of a base64 data URL."""
        text = str(self.raw)
        if text.startswith("data:"):
            return self._data_url(text)
        if self.document.folder is None:
            self.fail("must be a data URL (data:image/png;base64,...): only rule files name files")
        path = self.document.folder / text
        if not path.is_file():
            self.fail(f"file not found: {path}")
        return path

    def file_bytes(self) -> bytes:
        """Return the content of an existing file, or the bytes of a base64 data URL."""
        source = self.file()
        return source if isinstance(source, bytes) else source.read_bytes()

    def _data_url(self, text: str) -> bytes:
        label, _, body = text.partition(",")
        if not label.endswith(";base64"):
            self.fail("is a data URL without base64; write data:image/png;base64,...")
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error as error:
            self.fail(f"is a data URL that is not valid base64: {error}")
