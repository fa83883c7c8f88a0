"""The files of a tenant: uploaded by clients, or set by the test."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._errors import invalid_argument, not_found
from xai_vision.testing._files.received import TemporaryFolder
from xai_vision.testing._service.image_inspection import detect_format
from xai_vision.testing._service.image_sources import Source, SourceTable

if TYPE_CHECKING:
    from xai_vision.testing._clock import Clock

_PUBLIC_HOST: Final = "https://files-cdn.x.ai"


@dataclass
class FileEntry:
    """The facts about a file.

    Attributes:
        file_id: The id.
        name: The file's name.
        created: Seconds since the epoch.
        expires: Seconds since the epoch; None if the file does not expire.
        number: The number of the file, in the order of creation.
        purpose: What the file is for, which only the REST API has.
        public_url: The public URL, if it has one; ``FileStore.entry`` removes an expired one.
        public_url_expires: Seconds since the epoch; None if the URL ends with the file.
    """

    file_id: str
    name: str
    created: float
    expires: float | None = None
    number: int = 0
    purpose: str = ""
    public_url: str | None = None
    public_url_expires: float | None = None


class FileStore(SourceTable):
    """The files by id. They expire by the service's clock.

    A test can set a file: ``server.files["file-1"] = data``. Its name is then its id.

    Args:
        clock: The service's clock.
        new_id: Makes a random UUID.
    """

    def __init__(self, clock: Clock, new_id: Callable[[], str]) -> None:
        super().__init__()
        self._clock = clock
        self._new_id = new_id
        self._entries: dict[str, FileEntry] = {}
        self._entries_lock = threading.Lock()
        self._count = 0
        self.folder = TemporaryFolder()

    def add(self, name: str, content: Source, expires_after: float | None = None) -> FileEntry:
        """Store an uploaded file.

        Args:
            name: The file's name.
            content: Its content, or the path of a file with it.
            expires_after: Seconds until the file expires; None if it does not.
        """
        file_id = f"file_{self._new_id()}"
        expires = None if expires_after is None else self._clock.time() + expires_after
        self._add_entry(file_id, name, expires)
        self[file_id] = content
        return self._entries[file_id]

    def _add_entry(self, file_id: str, name: str, expires: float | None = None) -> None:
        with self._entries_lock:
            self._count += 1
            entry = FileEntry(file_id, name, self._clock.time(), expires, self._count)
            self._entries[file_id] = entry

    def __setitem__(self, address: str, source: Source | bytearray | memoryview) -> None:
        super().__setitem__(address, source)
        if address not in self._entries:
            self._add_entry(address, address)

    def __delitem__(self, address: str) -> None:
        self.folder.discard(self.get(address))
        super().__delitem__(address)
        with self._entries_lock:
            del self._entries[address]

    def clear(self) -> None:
        """Remove all files."""
        for source in list(self.values()):
            self.folder.discard(source)
        super().clear()
        with self._entries_lock:
            self._entries.clear()

    def purpose(self, file_id: str) -> str:
        """Return the purpose of a file; "" if it has none, or if there is no such file."""
        entry = self._entries.get(file_id)
        return "" if entry is None else entry.purpose

    def entry(self, file_id: str) -> FileEntry:
        """Return the facts about a file.

        Raises:
            ServiceError: NOT_FOUND if no file has the id, or the file has expired.
        """
        with self._entries_lock:
            entry = self._entries.get(file_id)
        if entry is None or self._is_past(entry.expires):
            raise not_found(f"File not found: {file_id}")
        return self._without_past_url(entry)

    def _without_past_url(self, entry: FileEntry) -> FileEntry:
        if self._is_past(entry.public_url_expires):
            entry.public_url = entry.public_url_expires = None
        return entry

    def entries(self) -> list[FileEntry]:
        """Return the files that have not expired, in the order of creation."""
        with self._entries_lock:
            entries = list(self._entries.values())
        # Not by entry(): another call may delete a file meanwhile.
        return [self._without_past_url(e) for e in entries if not self._is_past(e.expires)]

    def fetch(self, address: str) -> bytes | None:
        """Return the content of a file, or None if there is none, or it has expired."""
        with self._entries_lock:
            entry = self._entries.get(address)
        if entry is not None and self._is_past(entry.expires):
            return None
        return super().fetch(address)

    def fetch_public(self, url: str) -> bytes | None:
        """Return the content of the file with a public URL, or None if there is none."""
        for entry in self.entries() if url.startswith(_PUBLIC_HOST) else ():
            if entry.public_url == url:
                return self.fetch(entry.file_id)
        return None

    def content(self, file_id: str) -> bytes | Path:
        """Return the content of a file, or the path of a file with it.

        Raises:
            ServiceError: NOT_FOUND if no file has the id, or the file has expired.
        """
        self.entry(file_id)
        source = self.get(file_id)
        return source if isinstance(source, Path) else self.fetch(file_id) or b""

    def size(self, entry: FileEntry) -> int:
        """Return the number of bytes of a file; 0 if the test set an exception for it."""
        source = self.get(entry.file_id)
        if isinstance(source, Exception):
            return 0
        if isinstance(source, Path):
            with suppress(FileNotFoundError):  # another call has just deleted it
                return source.stat().st_size
            return 0
        return len(source if isinstance(source, bytes) else self.fetch(entry.file_id) or b"")

    def content_type(self, entry: FileEntry) -> str:
        """Return the media type of a file, by its name or its first bytes."""
        guessed, _ = mimetypes.guess_type(entry.name)
        if guessed is not None:
            return guessed
        source: Any = self.get(entry.file_id)
        if isinstance(source, Path):
            with suppress(FileNotFoundError), source.open("rb") as file:
                source = file.read(16)
        format_ = detect_format(source) if isinstance(source, bytes) else ""
        if format_ == "PDF":
            return "application/pdf"
        return f"image/{format_.lower()}" if format_ else "application/octet-stream"

    def fields(self, entry: FileEntry) -> dict[str, Any]:
        """Return the fields of a file that filters can name."""
        return {
            "file_id": entry.file_id,
            "name": entry.name,
            "file_name": entry.name,
            "size_bytes": self.size(entry),
            "content_type": self.content_type(entry),
            "created_at": entry.created,
            "expires_at": entry.expires,
            "upload_status": "uploaded",
            "user_defined_id": None,
            "public_url": entry.public_url,
            "public_url_expires_at": entry.public_url_expires,
        }

    def publish(self, file_id: str, expires_after: float | None) -> FileEntry:
        """Give a file a public URL, or its URL another expiry.

        Raises:
            ServiceError: NOT_FOUND, or INVALID_ARGUMENT if the file is not an image, a video or a
                PDF.
        """
        entry = self.entry(file_id)
        media_type = self.content_type(entry)
        if not media_type.startswith(("image/", "video/")) and media_type != "application/pdf":
            raise invalid_argument(
                f"A file of the type {media_type} cannot be public. Only images, videos and PDFs "
                "can."
            )
        if entry.public_url is None:
            suffix = PurePath(entry.name).suffix or mimetypes.guess_extension(media_type) or ""
            entry.public_url = f"{_PUBLIC_HOST}/{self._new_id()}/{file_id}{suffix}"
            entry.public_url_expires = entry.expires
        if expires_after is not None:
            entry.public_url_expires = self._clock.time() + expires_after
        return entry

    def revoke_public_url(self, file_id: str) -> str | None:
        """End the public URL of a file and return it; None if the file has none.

        Raises:
            ServiceError: NOT_FOUND.
        """
        entry = self.entry(file_id)
        url, entry.public_url, entry.public_url_expires = entry.public_url, None, None
        return url

    def _is_past(self, time: float | None) -> bool:
        return time is not None and self._clock.time() >= time
