"""Rows from Python objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision.bulk._row import Row
from xai_vision.bulk._sources.cells import is_url, row_of
from xai_vision.errors import InvalidRequestError

Item: TypeAlias = "Row | tuple[Any, Any] | Path | str | Mapping[str, Any]"
Items: TypeAlias = "Iterable[Item] | Callable[[], Iterable[Item]]"


def rows(items: Items) -> ItemSource:
    """Return Python objects as rows.

    Args:
        items: An iterable, or a function that returns a new one each time. Its items are:

            - ``(id, image)`` pairs, or ``(id, [image, image])``; an image is what ``image()``
              accepts, such as bytes, a Path or a Pillow image
            - paths, and the URLs of images; they are their own ids
            - dicts with the key "id", and "image" unless a function makes the requests
            - ``Row`` objects

            An iterator, such as a generator, can be read once: rows that must be read again, to
            repeat a request of a batch, fail. Pass the generator function instead.

    Raises:
        InvalidRequestError: It is not an iterable; or it is a list and an item is not valid. The
            items of other iterables are checked as they are read.
    """
    if isinstance(items, (str, bytes)) or not (isinstance(items, Iterable) or callable(items)):
        raise InvalidRequestError(
            f"rows() needs an iterable or a function, not {checks.short_repr(items)}"
        )
    source = SizedItems(items) if hasattr(items, "__len__") else ItemSource(items)
    if isinstance(items, Sequence):
        for _ in source:
            pass
    return source


class ItemSource:
    """Rows from an iterable or a function."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._once = self._read() if isinstance(items, Iterator) else None

    def __iter__(self) -> Iterator[Row]:
        """Read the items. Of an iterator, the same iterator is returned each time.

        Raises:
            InvalidRequestError: An item is not valid.
        """
        return self._read() if self._once is None else self._once

    def _read(self) -> Iterator[Row]:
        items = self._items
        # A callable class may be an iterable too, which is then not called.
        iterable = items if isinstance(items, Iterable) else items()
        for number, item in enumerate(iterable):
            yield _row(number, item)


class SizedItems(ItemSource):
    """Rows whose number is known."""

    def __len__(self) -> int:
        """Count the rows."""
        items: Any = self._items
        return len(items)


def _row(number: int, item: Any) -> Row:
    if isinstance(item, Row):
        return item
    if isinstance(item, Path):
        return Row(str(item), (item,), item)
    if isinstance(item, str) and is_url(item):
        return Row(item, (item,), item)
    if isinstance(item, Mapping) and "id" in item:
        return row_of(item, number, "id", "image" if "image" in item else None, None)
    if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], (str, int, Path)):
        images = tuple(item[1]) if isinstance(item[1], (list, tuple)) else (item[1],)
        return Row(str(item[0]), images, item)
    remedy = "Pass pathlib.Path(...) for a file" if isinstance(item, str) else "Pass (id, image)"
    raise InvalidRequestError(
        f"source: item {number} is {checks.short_repr(item)}, which is not a row. {remedy}"
    )
