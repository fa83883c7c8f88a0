"""The sources of images: data URLs, and the tables of web addresses and uploaded files."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import TypeAlias

from xai_vision.testing import _validation as check
from xai_vision.testing._errors import ServiceError, invalid_argument, not_found
from xai_vision.testing._settings import Settings
from xai_vision.testing._thread_pool import release_slot

Source: TypeAlias = "bytes | Path | Callable[[], bytes] | Exception"


class SourceTable(MutableMapping[str, "Source"]):
    """A mapping from an address to its content.

    A value is bytes, a Path (read for each request), a function that returns bytes, or an
    exception. The response to a request for an exception is that error if it is a
    ``ServiceError``, otherwise DATA_LOSS.
    """

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._fetch_counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __getitem__(self, address: str) -> Source:
        return self._sources[address]

    def __setitem__(self, address: str, source: Source | bytearray | memoryview) -> None:
        check.instance("an address", address, str, "a string")
        if isinstance(source, (bytearray, memoryview)):
            source = bytes(source)
        if not callable(source):
            types, expected = (bytes, Path, Exception), "bytes, a Path, a function or an exception"
            check.instance(f"the source of {address!r:.60}", source, types, expected)
        with self._lock:
            self._sources[address] = source

    def __delitem__(self, address: str) -> None:
        with self._lock:
            del self._sources[address]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._sources))

    def __len__(self) -> int:
        return len(self._sources)

    def clear(self) -> None:
        """Remove all addresses and reset their fetch counts."""
        with self._lock:
            self._sources.clear()
            self._fetch_counts.clear()

    def fetch_count(self, address: str) -> int:
        """Return how often ``address`` was fetched. The service fetches it for every request."""
        return self._fetch_counts[address]

    def fetch(self, address: str) -> bytes | None:
        """Return the content of ``address``, or None if it is not in the table."""
        with self._lock:
            source = self._sources.get(address)
            if source is None:
                return None
            self._fetch_counts[address] += 1
        if isinstance(source, Exception):
            raise source
        if isinstance(source, Path):
            return source.read_bytes()
        if isinstance(source, bytes):
            return source
        release_slot()  # The test's function may block.
        return bytes(source())


def fetch_url(table: SourceTable, url: str, settings: Settings) -> bytes:
    """Return the image at a web address.

    Raises:
        ServiceError: DATA_LOSS if the table does not contain the address, the image is too large,
            or the test's function fails.
    """
    try:
        data = table.fetch(url)
    except ServiceError:
        raise
    except Exception as error:
        raise _fetch_error(url, str(error)) from error
    if data is None:
        raise _fetch_error(
            url,
            "the fake server does not access the network. Set the image with "
            f'server.urls["{url:.200}"] = data, or under `images` in a rule file.',
        )
    if len(data) > settings.max_url_image_bytes:
        raise _fetch_error(
            url,
            f"its {len(data)} bytes exceed the limit of {settings.max_url_image_bytes} bytes.",
        )
    return data


def _fetch_error(url: str, problem: str) -> ServiceError:
    return ServiceError("DATA_LOSS", f"Failed to fetch image from {url:.200}: {problem}")


def fetch_file(table: SourceTable, file_id: str) -> bytes:
    """Return an uploaded file.

    Raises:
        ServiceError: NOT_FOUND if no file has the id.
    """
    data = table.fetch(file_id)
    if data is None:
        raise not_found(f"File not found: {file_id}")
    return data


def decode_data_url(url: str, settings: Settings) -> tuple[bytes, str]:
    """Return the bytes of a data URL and its media type.

    Raises:
        ServiceError: INVALID_ARGUMENT if the URL is not a valid base64 data URL, or the image is
            too large.
    """
    header, comma, body = url.partition(",")
    media_type, *parameters = header[len("data:") :].split(";")
    if not comma or "base64" not in [parameter.strip().lower() for parameter in parameters]:
        raise invalid_argument(
            "Invalid image URL: a data URL must have the form data:image/png;base64,..."
        )
    try:
        data = _decode_base64(body)
    except ValueError:
        raise invalid_argument("Base64 string of provided image cannot be decoded.") from None
    if not data:
        raise invalid_argument("Base64 string of provided image cannot be decoded: it is empty.")
    if len(data) > settings.max_image_bytes:
        raise invalid_argument(
            f"Image size of {len(data)} bytes exceeds the maximum of {settings.max_image_bytes} "
            "bytes."
        )
    return data, media_type.strip().lower()


def _decode_base64(text: str) -> bytes:
    # For 10 MiB the standard library takes about 12 ms, pybase64 a tenth of that.
    try:
        from pybase64 import b64decode
    except ImportError:
        return base64.b64decode(text, validate=True)
    return b64decode(text, validate=True)
