"""Where images come from: data URLs, a table of web addresses, a table of uploaded files."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import TypeAlias

from xai_vision.testing._errors import ServiceError, image_fetch_failed, invalid_argument, not_found
from xai_vision.testing._settings import Settings
from xai_vision.testing._thread_pool import release_slot

Source: TypeAlias = "bytes | Path | Callable[[], bytes] | Exception"


class SourceTable(MutableMapping[str, "Source"]):
    """Addresses and what is found there.

    A value is bytes, a Path (read at each fetch), a function returning bytes, or an exception
    that fetching raises: a ``ServiceError`` is the answer as it is, any other becomes DATA_LOSS.
    """

    def __init__(self) -> None:
        self._items: dict[str, Source] = {}
        self._fetched: dict[str, int] = {}
        self._lock = threading.Lock()

    def __getitem__(self, address: str) -> Source:
        return self._items[address]

    def __setitem__(self, address: str, source: Source | bytearray | memoryview) -> None:
        if not isinstance(address, str):
            raise TypeError(f"an address is a str, not {address!r:.60}")
        if isinstance(source, (bytearray, memoryview)):
            source = bytes(source)
        if not isinstance(source, (bytes, Path, Exception)) and not callable(source):
            raise TypeError(f"bytes, a Path, a function or an exception, not {source!r:.60}")
        with self._lock:
            self._items[address] = source

    def __delitem__(self, address: str) -> None:
        with self._lock:
            del self._items[address]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def clear(self) -> None:
        """Forget every address and count."""
        with self._lock:
            self._items.clear()
            self._fetched.clear()

    def fetch_count(self, address: str) -> int:
        """How often ``address`` was fetched. The service fetches again for every request."""
        return self._fetched.get(address, 0)

    def fetch(self, address: str) -> bytes | None:
        """Fetch what is at ``address``; None if the table has no such address."""
        with self._lock:
            source = self._items.get(address)
            if source is None:
                return None
            self._fetched[address] = self._fetched.get(address, 0) + 1
        if isinstance(source, Exception):
            raise source
        if isinstance(source, Path):
            return source.read_bytes()
        if isinstance(source, bytes):
            return source
        release_slot()  # The test's function may block.
        return bytes(source())


def fetch_url(table: SourceTable, url: str, settings: Settings) -> bytes:
    """Get the image at a web address from the table a test filled.

    Raises:
        ServiceError: DATA_LOSS, it is not there, too large, or fetching it failed.
    """
    try:
        data = table.fetch(url)
    except ServiceError:
        raise
    except Exception as fault:
        raise image_fetch_failed(f"Failed to fetch image from {url:.200}: {fault}") from fault
    if data is None:
        raise image_fetch_failed(
            f"Failed to fetch image from {url:.200}: the fake reads no web address; "
            f'give it one with server.urls["{url:.200}"] = data.'
        )
    if len(data) > settings.max_url_image_bytes:
        raise image_fetch_failed(
            f"Failed to fetch image from {url:.200}: its {len(data)} bytes exceed the limit of "
            f"{settings.max_url_image_bytes} bytes."
        )
    return data


def fetch_file(table: SourceTable, file_id: str) -> bytes:
    """Get an uploaded file.

    Raises:
        ServiceError: NOT_FOUND, no file has that id.
    """
    data = table.fetch(file_id)
    if data is None:
        raise not_found(f"File not found: {file_id}")
    return data


def decode_data_url(url: str, settings: Settings) -> tuple[bytes, str]:
    """Take a data URL apart into the file and its MIME type.

    Raises:
        ServiceError: INVALID_ARGUMENT, it is no base64 data URL or over the size limit.
    """
    head, comma, body = url.partition(",")
    label, *marks = head[len("data:") :].split(";")
    if not comma or "base64" not in [mark.strip().lower() for mark in marks]:
        raise invalid_argument("Invalid image URL: a data URL reads data:image/png;base64,...")
    try:
        data = _unbase64(body)
    except (binascii.Error, ValueError):
        raise invalid_argument("Base64 string of provided image cannot be decoded.") from None
    if not data:
        raise invalid_argument("Base64 string of provided image cannot be decoded: it is empty.")
    if len(data) > settings.max_image_bytes:
        raise invalid_argument(
            f"Image size of {len(data)} bytes exceeds the maximum of {settings.max_image_bytes} "
            "bytes."
        )
    return data, label.strip().lower()


def _unbase64(body: str) -> bytes:
    # The standard library takes some 12 ms for 10 MiB, pybase64 a tenth of it.
    try:
        import pybase64
    except ImportError:
        return base64.b64decode(body, validate=True)
    return pybase64.b64decode(body, validate=True)
