"""Pages of a list of files, and the tokens that continue them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xai_vision.proto import files_pb2
from xai_vision.testing import _paging
from xai_vision.testing._files.filters import parse_filter

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileEntry, FileStore


def page(
    store: FileStore, request: files_pb2.ListFilesRequest
) -> tuple[list[FileEntry], str | None]:
    """Return the files of a page, and the token of the next page.

    Raises:
        ServiceError: INVALID_ARGUMENT if the filter or the token is invalid, or the token is that
            of a list in another order.
    """
    matches = parse_filter(request.filter)
    entries = [entry for entry in store.entries() if matches(store.fields(entry))]
    # The size of a file that another call deletes changes, so each position is read once.
    positions = {entry.file_id: _position(store, entry, request.sort_by) for entry in entries}
    return _paging.page(
        entries,
        request,
        lambda entry: positions[entry.file_id],
        _scope(request),
        descending=request.order == files_pb2.DESCENDING,
    )


def token_after(store: FileStore, request: files_pb2.ListFilesRequest, file_id: str) -> str:
    """Return the token of the page that begins after a file.

    Raises:
        ServiceError: NOT_FOUND if no file has the id.
    """
    position = _position(store, store.entry(file_id), request.sort_by)
    return _paging.make_token(_scope(request), position)


def _position(store: FileStore, entry: FileEntry, sort_by: int) -> list[Any]:
    """Return what a list is sorted by; files with the same key are in the order of creation."""
    key: Any = entry.created
    if sort_by == files_pb2.FILES_SORT_BY_FILENAME:
        key = entry.name
    elif sort_by == files_pb2.FILES_SORT_BY_SIZE:
        key = store.size(entry)
    return [key, entry.number]


def _scope(request: files_pb2.ListFilesRequest) -> str:
    return f"files {request.order} {request.sort_by}"
