"""Pages of a list of files, and the tokens that continue them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import files_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._files.filters import parse_filter

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileEntry, FileStore

_MAX_PAGE: Final = 100


def page(
    store: FileStore, request: files_pb2.ListFilesRequest
) -> tuple[Sequence[FileEntry], str | None]:
    """Return the files of a page, and the token of the next page.

    A token names the last file of its page, so that files which are added or deleted between two
    requests do not shift the pages.

    Raises:
        ServiceError: INVALID_ARGUMENT if the filter or the token is invalid, or the token is that
            of a list in another order.
    """
    matches = parse_filter(request.filter)
    entries = [entry for entry in store.entries() if matches(store.fields(entry))]
    descending = request.order == files_pb2.DESCENDING
    positions = {entry.file_id: _position(store, entry, request.sort_by) for entry in entries}
    entries.sort(key=lambda entry: positions[entry.file_id], reverse=descending)
    if request.pagination_token:
        last = _read_token(request)
        entries = [
            entry
            for entry in entries
            if positions[entry.file_id] != last and (positions[entry.file_id] > last) != descending
        ]
    limit = request.limit if 0 < request.limit < _MAX_PAGE else _MAX_PAGE
    if len(entries) <= limit:
        return entries, None
    return entries[:limit], _token(request, positions[entries[limit - 1].file_id])


def token_after(store: FileStore, request: files_pb2.ListFilesRequest, file_id: str) -> str:
    """Return the token of the page that begins after a file.

    Raises:
        ServiceError: NOT_FOUND if no file has the id.
    """
    return _token(request, _position(store, store.entry(file_id), request.sort_by))


def _position(store: FileStore, entry: FileEntry, sort_by: int) -> list[Any]:
    """Return what a list is sorted by; files with the same key are in the order of creation."""
    key: Any = entry.created
    if sort_by == files_pb2.FILES_SORT_BY_FILENAME:
        key = entry.name
    elif sort_by == files_pb2.FILES_SORT_BY_SIZE:
        key = store.size(entry)
    return [key, entry.number]


def _token(request: files_pb2.ListFilesRequest, position: list[Any]) -> str:
    value = json.dumps([request.order, request.sort_by, *position])
    return base64.urlsafe_b64encode(value.encode()).decode()


def _read_token(request: files_pb2.ListFilesRequest) -> list[Any]:
    try:
        order, sort_by, key, number = json.loads(base64.urlsafe_b64decode(request.pagination_token))
        expected = str if sort_by == files_pb2.FILES_SORT_BY_FILENAME else (int, float)
        valid = isinstance(key, expected) and isinstance(number, int)
    except (ValueError, TypeError):
        valid, order, sort_by, key, number = False, None, None, None, None
    if not valid:
        raise invalid_argument("Invalid pagination_token. Pass that of the page before.")
    if (order, sort_by) != (request.order, request.sort_by):
        raise invalid_argument(
            "The pagination_token belongs to a list with another order or sort_by. Pass those of "
            "the page before."
        )
    return [key, number]
