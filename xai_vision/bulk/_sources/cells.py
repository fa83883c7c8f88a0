"""Rows from the columns of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from xai_vision import _validation as checks
from xai_vision.bulk._row import Row
from xai_vision.bulk._sources.files import IMAGE_SUFFIXES
from xai_vision.errors import InvalidRequestError


def is_url(value: str) -> bool:
    """Return whether a string is the URL of an image."""
    return value[:8].lower().startswith(("http://", "https://", "data:"))


class Columns:
    """The columns of a table that hold ids and images.

    Args:
        function: The function of the caller, for errors.
        known: The names of the columns.
        id_: The column of the ids; None: "id" if there is one, else the number of the row.
        image: The column of the images; None: "image" if there is one, else no images.
        root: The folder of the paths in the column of the images.

    Raises:
        InvalidRequestError: A column does not exist, or the root is not a folder.
    """

    def __init__(
        self, function: str, known: Iterable[str], id_: str | None, image: str | None, root: Any
    ) -> None:
        names = list(known)
        for argument, name in (("id", id_), ("image", image)):
            if name is not None and name not in names:
                columns = ", ".join(map(checks.key_label, names)) or "none"
                hint = checks.did_you_mean(name, names)
                raise InvalidRequestError(
                    f"{function}: {argument}={checks.short_repr(name)} is not a column{hint}. The "
                    f"columns are {columns}"
                )
        self._id = id_ if id_ is not None else "id" if "id" in names else None
        self._image = image if image is not None else "image" if "image" in names else None
        self._function = function
        self._root = None if root is None else Path(root)
        if self._root is not None and not self._root.is_dir():
            raise InvalidRequestError(f"{function}: root={str(root)!r} is not a folder")
        self._checked = False

    def row(self, values: Mapping[str, Any], number: int) -> Row:
        """Return a row of the table.

        Raises:
            InvalidRequestError: The first row has a path although there is no root.
        """
        if not self._checked:
            self._check_paths(values)
            self._checked = True
        return row_of(values, number, self._id, self._image, self._root)

    def _check_paths(self, values: Mapping[str, Any]) -> None:
        cell = values.get(self._image) if self._image is not None else None
        if self._root is None and isinstance(cell, str) and _like_path(cell):
            raise InvalidRequestError(
                f"{self._function}: the column {self._image!r} has paths, such as {cell!r}. Pass "
                "root=, the folder that holds the files"
            )


def row_of(
    values: Mapping[str, Any], number: int, id_: str | None, image: str | None, root: Path | None
) -> Row:
    """Return a row from its columns; ``number`` is the id of a row without one."""
    row_id = values.get(id_) if id_ is not None else None
    name = str(number) if row_id is None else str(row_id)
    if image is None:
        return Row(name, (), values)
    cell = values.get(image)
    cells = cell if isinstance(cell, (list, tuple)) else (cell,)
    return Row(name, tuple(_image(each, root) for each in cells), values)


def _image(cell: Any, root: Path | None) -> Any:
    if isinstance(cell, Mapping):  # the form of the datasets of Hugging Face
        content = cell.get("bytes")
        cell = cell.get("path") if content is None else content
    if root is None or not isinstance(cell, str) or is_url(cell):
        return cell
    path = root / cell
    # A table may come from others. A path out of the root stays a string, which image() refuses.
    return path if path.resolve().is_relative_to(root.resolve()) else cell


def _like_path(value: str) -> bool:
    if is_url(value) or len(value) > 1024:
        return False
    return PurePath(value).suffix.lower() in IMAGE_SUFFIXES
