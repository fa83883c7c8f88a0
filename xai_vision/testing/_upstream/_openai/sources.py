"""The images and files that a request only names, which a local server could not fetch."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._service.image_sources import fetch_file, fetch_url

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileStore
    from xai_vision.testing._service.image_sources import SourceTable
    from xai_vision.testing._settings import Settings

_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Sources:
    """Reads images and files: those of the tenant first, then those of the web.

    Attributes:
        settings: The settings with the maximum sizes.
        urls: The images at web addresses that a test has set.
        files: The uploaded files.
    """

    settings: Settings
    urls: SourceTable
    files: FileStore

    def read(self, *, file_id: str = "", url: str = "") -> bytes:
        """Return the content of a file by its id, or else of a URL.

        Raises:
            ServiceError: NOT_FOUND, DATA_LOSS if a URL cannot be fetched, or INVALID_ARGUMENT.
        """
        if file_id:
            return fetch_file(self.files, file_id)
        if not url.lower().startswith(("http://", "https://")):
            raise invalid_argument(
                f"Invalid URL {url[:40]!r}: it is neither http(s) nor a data URL."
            )
        public = self.files.fetch_public(url)
        if public is not None:
            return public
        if url in self.urls:
            return fetch_url(self.urls, url, self.settings)
        return self._download(url)

    def _download(self, url: str) -> bytes:
        limit = self.settings.max_url_image_bytes
        request = urllib.request.Request(url, headers={"user-agent": "xai-vision-fake"})  # noqa: S310 - only http(s)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                data: bytes = response.read(limit + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise ServiceError("DATA_LOSS", f"Fetching {url[:200]} failed: {reason}.") from None
        if len(data) > limit:
            raise invalid_argument(
                f"The image at {url[:200]} exceeds the maximum of {limit} bytes."
            )
        return data
