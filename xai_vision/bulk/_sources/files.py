"""Images in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import has_magic, iglob
from pathlib import Path
from typing import Final

from xai_vision import _validation as checks
from xai_vision.bulk._row import Row
from xai_vision.errors import InvalidRequestError

IMAGE_SUFFIXES: Final = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
        *("avif", "ico", "jp2", "heic", "heif"),
    )
)
"""The suffixes by which images in a folder are recognized."""


def folder(path: str | os.PathLike[str], *, recursive: bool = True) -> FolderSource:
    """Return the images of a folder as rows. The id of a row is the path within the folder.

    Images are recognized by their suffix. Files and folders whose names begin with a dot are
    skipped. The folder is read when the job runs, a directory at a time.

    Args:
        path: The folder.
        recursive: Whether to read the folders in it too. Default: True. Links to folders are not
            followed.

    Raises:
        InvalidRequestError: It is not a folder.
    """
    return FolderSource(Path(path), recursive=recursive)


def glob(*patterns: str) -> GlobSource:
    """Return the files that match patterns as rows. The id of a row is its path.

    Args:
        patterns: Patterns such as ``"photos/**/*.jpg"``; ``**`` stands for any number of folders.

    Raises:
        InvalidRequestError: There is no pattern, or one is not a string.
    """
    return GlobSource(patterns)


class FolderSource:
    """The images of a folder."""

    def __init__(self, path: Path, *, recursive: bool) -> None:
        if not path.is_dir():
            problem = "is not a folder" if path.exists() else "does not exist"
            raise InvalidRequestError(f"folder(): {str(path)!r} {problem}")
        self._path = path
        self._recursive = recursive

    def __iter__(self) -> Iterator[Row]:
        """Read the folder.

        Raises:
            InvalidRequestError: It has no images.
            OSError: A folder cannot be read.
        """
        empty = True
        for path in self._files():
            empty = False
            yield Row(path.relative_to(self._path).as_posix(), (path,))
        if empty:
            names = ", ".join(sorted(IMAGE_SUFFIXES))
            raise InvalidRequestError(
                f"folder(): {str(self._path)!r} has no images. Images are recognized by their "
                f"suffix: {names}. Use bulk.glob() for other names"
            )

    def __len__(self) -> int:
        """Count the images."""
        return sum(1 for _ in self._files())

    def _files(self) -> Iterator[Path]:
        return image_paths(self._path, recursive=self._recursive)


def image_paths(path: Path, *, recursive: bool = True) -> Iterator[Path]:
    """Return the paths of the images below a folder, a folder at a time.

    Raises:
        OSError: A folder cannot be read.
    """
    for place, folders, names in os.walk(path, onerror=_raise):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and recursive)
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES:
                yield Path(place, name)


class GlobSource:
    """The files that match patterns."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        if not patterns:
            raise InvalidRequestError("glob() needs a pattern such as 'photos/**/*.jpg'")
        for pattern in patterns:
            if not isinstance(pattern, str) or not pattern:
                raise InvalidRequestError(
                    f"glob(): a pattern must be a string, not {checks.short_repr(pattern)}"
                )
        self._patterns = patterns

    def __iter__(self) -> Iterator[Row]:
        """Find the files.

        Raises:
            InvalidRequestError: A pattern has no match.
        """
        several = len(self._patterns) > 1
        known: set[str] = set()
        for pattern in self._patterns:
            empty = True
            for name in _matches(pattern):
                empty = False
                if name in known:
                    continue
                if several:  # two patterns may match the same file
                    known.add(name)
                yield Row(name, (Path(name),))
            if empty:
                hint = "" if has_magic(pattern) else ". It is not a pattern; use bulk.folder()"
                raise InvalidRequestError(f"glob(): no file matches {pattern!r}{hint}")

    def __len__(self) -> int:
        """Count the files."""
        if len(self._patterns) == 1:
            return sum(1 for _ in _matches(self._patterns[0]))
        return len({name for pattern in self._patterns for name in _matches(pattern)})


def _matches(pattern: str) -> Iterator[str]:
    # Not Path.glob, which refuses absolute patterns.
    names = iglob(pattern, recursive=True)  # noqa: PTH207
    return (name for name in names if Path(name).is_file())


def _raise(error: OSError) -> None:
    # os.walk skips folders that it cannot read; their images would be missing without an error.
    raise error
