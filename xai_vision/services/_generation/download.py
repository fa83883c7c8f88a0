"""Download a generated image or video."""

from __future__ import annotations

import http.client
import time
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from xai_vision._transport.config import USER_AGENT
from xai_vision._transport.host import is_loopback
from xai_vision.errors import DownloadError
from xai_vision.imaging._image_url import describe_url

MAX_DOWNLOAD_BYTES: Final = 64 * 1024 * 1024
"""Bytes. A generated image of 2048 by 2048 pixels takes 12 MiB without compression."""
_SECONDS: Final = 60.0
"""The time without any data after which a download ends."""
_TOTAL_SECONDS: Final = 300.0
_STEP_BYTES: Final = 64 * 1024


def download(url: str, max_bytes: int = MAX_DOWNLOAD_BYTES) -> bytes:
    """Return the content of a URL. The API key is not sent to its host.

    Args:
        url: An https URL; http is accepted for hosts of this machine only.
        max_bytes: The largest number of bytes to read.

    Raises:
        DownloadError: The URL is not valid, the host cannot be reached, the status is not 200, or
            the content is too large, incomplete or too slow.
    """
    opener = build_opener(_Redirects, *([ProxyHandler({})] if _check(url) else []))
    request = Request(url, headers={"User-Agent": USER_AGENT})  # noqa: S310 - checked
    try:
        with opener.open(request, timeout=_SECONDS) as response:
            return _read(response, max_bytes, url)
    except HTTPError as error:
        error.close()
        raise DownloadError(f"{describe_url(url, 200)}: HTTP status {error.code}") from None
    except (URLError, OSError, http.client.HTTPException) as error:
        if isinstance(error, DownloadError):
            raise
        reason = getattr(error, "reason", error)
        raise DownloadError(f"{describe_url(url, 200)}: the download failed: {reason}") from None


def _read(response: Any, max_bytes: int, url: str) -> bytes:
    content = bytearray()
    end = time.monotonic() + _TOTAL_SECONDS
    # read1() returns what has arrived, so that a slow host cannot prolong one step.
    while step := response.read1(min(_STEP_BYTES, max_bytes + 1 - len(content))):
        content += step
        if time.monotonic() > end:
            raise DownloadError(
                f"{describe_url(url, 200)}: the download took more than {_TOTAL_SECONDS:g} seconds"
            )
        if len(content) > max_bytes:
            raise DownloadError(f"{describe_url(url, 200)}: the content exceeds {max_bytes} bytes")
    expected = response.headers.get("Content-Length")
    if expected is not None and expected.isdecimal() and int(expected) != len(content):
        raise DownloadError(
            f"{describe_url(url, 200)}: the download ended after {len(content)} of {expected} bytes"
        )
    return bytes(content)


def _check(url: str) -> bool:
    """Return whether the host is this machine.

    Raises:
        DownloadError: The URL is not an https URL.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise DownloadError(f"{describe_url(url, 200)} is not a valid URL") from None
    loopback = is_loopback(host)
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise DownloadError(f"{describe_url(url, 200)} is not an https URL")
    return loopback


class _Redirects(HTTPRedirectHandler):
    """Follows redirects to https URLs only, and none from another host to this machine."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        """Check the new URL."""
        url = req.full_url
        try:
            if _check(newurl) and not _check(url):
                raise DownloadError(f"{describe_url(url, 200)} redirects to a host of this machine")
        except DownloadError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
