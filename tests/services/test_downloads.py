"""Downloads of generated images and videos."""

from __future__ import annotations

import io
import itertools
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.request import Request

import pytest

from xai_vision.errors import (
    DownloadError,
)
from xai_vision.services._generation import download as download_module
from xai_vision.services._generation.download import download


class Site:
    """An HTTP server with one response, which keeps the headers of its requests."""

    def __init__(self, status, headers, body):
        site = self
        self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.requests.append(dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/a.jpg"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_the_key_is_not_sent_to_the_host_of_the_image():
    with Site(200, {}, b"image") as site:
        assert download(site.url) == b"image"
    [headers] = site.requests
    assert not [name for name in headers if name.lower() == "authorization"]
    assert headers["User-Agent"].startswith("xai-vision/")


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (404, {}, b"", "HTTP status 404"),
        (500, {}, b"", "HTTP status 500"),
        (200, {}, b"x" * 101, "exceeds 100 bytes"),
        (200, {"Content-Length": "50"}, b"x" * 20, "ended after 20 of 50 bytes"),
        (302, {"Location": "file:///etc/passwd"}, b"", "HTTP status 302"),
        (302, {"Location": "http://example.com/a"}, b"", "is not an https URL"),
    ],
)
def test_a_failed_download_says_why(status, headers, body, words):
    with Site(status, headers, body) as site, pytest.raises(DownloadError, match=words) as error:
        download(site.url, 100)
    assert isinstance(error.value, OSError)


def test_a_download_has_a_time_limit(monkeypatch):
    now = itertools.count(0, 100)  # each step takes 100 seconds
    monkeypatch.setattr(download_module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    slow = pytest.raises(DownloadError, match="took more than 300 seconds")
    with Site(200, {}, b"x" * 1_000_000) as site, slow:
        download(site.url)
    assert next(now) == 500


def test_another_host_cannot_redirect_to_this_machine():
    redirects = download_module._Redirects()
    other, here = Request("https://e.x/a"), Request("http://localhost:1/a")
    with pytest.raises(DownloadError, match="redirects to a host of this machine"):
        redirects.redirect_request(other, io.BytesIO(), 302, "Found", {}, "http://127.0.0.1:22/b")
    for request, url in ((here, "http://localhost:2/b"), (other, "https://e.y/b")):
        followed = redirects.redirect_request(request, io.BytesIO(), 302, "Found", {}, url)
        assert followed.full_url == url


def test_the_signature_of_a_url_is_not_in_the_error():
    with Site(404, {}, b"") as site, pytest.raises(DownloadError) as error:
        download(f"{site.url}?signature=secret")
    assert "a.jpg" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["http://example.com/a", "file:///a", "ftp://h/a", "a.jpg", ""])
def test_only_https_urls_are_downloaded(url):
    with pytest.raises(DownloadError, match="is not an https URL"):
        download(url)


def test_an_unreachable_host_is_a_download_error():
    with Site(200, {}, b"") as site:
        pass
    with pytest.raises(DownloadError, match="the download failed"):
        download(site.url)
