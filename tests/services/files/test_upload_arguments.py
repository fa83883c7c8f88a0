"""Files and arguments that client.files.upload refuses."""

from __future__ import annotations

import asyncio
import io
import os
import re
import tempfile
from datetime import timedelta

import pytest

from xai_vision.errors import (
    InvalidRequestError,
)


def text_file(tmp_path):
    (tmp_path / "t.txt").write_text("x")
    return (tmp_path / "t.txt").open()


def closed_file(tmp_path):
    file = io.BytesIO(b"x")
    file.close()
    return file


def written_file(tmp_path):
    return (tmp_path / "w").open("wb")


def temporary_text_file(tmp_path):
    return tempfile.NamedTemporaryFile("w+")


class AsyncReader:
    name = "a"

    async def read(self, size=-1):
        return b""


class AwaitableReader:
    name = "a"

    def read(self, size=-1):
        return AsyncReader().read(size)


class IntReader:
    name = "a"

    def read(self, size=-1):
        return 5


class NotReady:
    name = "a"

    def read(self, size=-1):
        return None


BAD = [
    (lambda tmp: 5, "must be a path, bytes, a binary file object or a prepared image, not int"),
    (lambda tmp: None, "not NoneType"),
    (lambda tmp: [b"x"], "not list"),
    (lambda tmp: "", "file is an empty string. Pass a path"),
    (lambda tmp: tmp, "is not a regular file. Pass the path of a file"),
    (lambda tmp: os.fspath(tmp), "is not a regular file"),
    (lambda tmp: b"x", "filename is missing. Pass filename='photo.jpg'"),
    (lambda tmp: io.BytesIO(b"x"), "filename is missing"),
    (text_file, "is in text mode. Open it in binary mode: open(path, 'rb')"),
    (temporary_text_file, "is in text mode"),
    (lambda tmp: io.StringIO("x"), "is in text mode"),
    (closed_file, "is closed. Pass it while it is open, or pass its path"),
    (written_file, "is open for writing only. Open it with open(path, 'rb')"),
    (lambda tmp: AsyncReader(), "is asynchronous. Pass its content: await file.read()"),
    (lambda tmp: AwaitableReader(), "is asynchronous"),
    (lambda tmp: IntReader(), "returns int instead of bytes"),
    (lambda tmp: NotReady(), "does not block until there is data. Pass its content as bytes"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_bad_files_are_refused_before_anything_is_sent(files, server, tmp_path, make, words):
    file = make(tmp_path)
    try:
        with pytest.raises(InvalidRequestError, match=re.escape(words)):
            files.upload(file)
    finally:
        getattr(file, "close", lambda: None)()
    assert not server.calls


@pytest.mark.parametrize(
    "name", ["no/such.jpg", "x" * 5000, "nul\0nul", "data:image/png;base64,AA"]
)
def test_a_missing_path(files, server, name):
    with pytest.raises(FileNotFoundError, match=r"upload\(\): no such file") as caught:
        files.upload(name)
    assert "A string is a path; pass content as bytes" in str(caught.value)
    assert len(str(caught.value)) < 300
    assert not server.calls


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file(files, server, path):
    path.chmod(0)
    with pytest.raises(PermissionError):
        files.upload(path)
    assert not server.calls


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"filename": ""}, "filename is empty"),
        ({"filename": 5}, "filename must be a string, not int"),
        ({"filename": "a\ud800"}, "lone surrogate"),
        ({"filename": "x" * 256}, "has 256 characters; the service accepts at most 255"),
        ({"filename": 'a"b'}, """contains '"', which the service does not accept"""),
        ({"filename": "a;b"}, "contains ';'"),
        ({"filename": "a\\b"}, r"contains '\\'"),
        ({"filename": "a\nb"}, r"contains '\n'"),
        ({"filename": "a\x7fb"}, r"contains '\x7f'"),
        ({"filename": "a\u2028b"}, r"contains '\u2028'"),
        ({"expires_after": 0}, "expires_after must be an integer from 3600 to 2592000, not 0"),
        ({"expires_after": 3599}, "It is in seconds, from an hour to 30 days"),
        ({"expires_after": 2592001}, "not 2592001"),
        ({"expires_after": "1h"}, "expires_after must be an integer, not '1h'"),
        ({"expires_after": 3600.5}, "expires_after must be an integer"),
        ({"expires_after": True}, "expires_after must be an integer"),
        ({"expires_after": timedelta(minutes=1)}, "not 60"),
        (
            {"on_progress": 5},
            "on_progress must be a progress bar, f(sent, total) or f(step), not 5",
        ),
        ({"on_progress": lambda: None}, "must accept (sent, total) or (step)"),
        ({"on_progress": lambda a, b, c: None}, "must accept (sent, total) or (step)"),
        ({"on_progress": asyncio.sleep}, "must be a plain function, not a coroutine function"),
        ({"timeout": -1}, "timeout"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(files, server, options, words):
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        files.upload(b"x", **{"filename": "a", **options})
    assert not server.calls


def test_the_longest_name_arrives(files):
    assert files.upload(b"x", filename="ü" * 255).filename == "ü" * 255


def test_a_file_above_the_limit_is_not_sent(files, server, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(512 * 1024 * 1024 + 1)
    words = r"'large' has 536,870,913 bytes; the service accepts at most 536,870,912 \(512 MiB\)"
    with pytest.raises(InvalidRequestError, match=words):
        files.upload(path)
    assert not server.calls
