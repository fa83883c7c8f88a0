"""client.files.content() and content_to()."""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path

import pytest

from tests.sample_images import png
from tests.services.files.sources import DATA
from xai_vision.errors import (
    InvalidRequestError,
    NotFoundError,
    ServerError,
    StreamBrokenError,
)
from xai_vision.proto import files_pb2
from xai_vision.testing import Fault


def test_content(files, server):
    uploaded = files.upload(DATA, filename="a.bin")
    assert files.content(uploaded) == DATA
    assert not server.calls.last.request.HasField("format")
    assert files.content(uploaded.id, format="original", idle_timeout=60) == DATA
    assert server.calls.last.request.format == files_pb2.DOWNLOAD_FORMAT_ORIGINAL
    assert files.content(files.upload(b"", filename="empty")) == b""


def test_the_text_of_a_file(files, server):
    uploaded = files.upload("Grüße".encode(), filename="a.txt")
    assert files.content(uploaded, format="text").decode() == "Grüße"
    assert server.calls.last.request.format == files_pb2.DOWNLOAD_FORMAT_TEXT
    picture = files.upload(png(), filename="a.png")
    assert "a.png (image/png" in files.content(picture, format="text").decode()
    with pytest.raises(InvalidRequestError, match="format must be one of 'original', 'text'"):
        files.content(uploaded, format="txt")


def test_content_to_a_path(files, tmp_path):
    uploaded = files.upload(DATA, filename="a.bin")
    path = tmp_path / "copy.bin"
    path.write_bytes(b"before")
    path.chmod(0o640)
    assert files.content_to(uploaded, path) == len(DATA)
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert files.content_to(uploaded, str(tmp_path / "new.bin")) == len(DATA)
    link = tmp_path / "link"
    link.symlink_to(path)
    files.content_to(files.upload(b"x", filename="x"), link)
    assert link.is_symlink()
    assert path.read_bytes() == b"x"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.bin", "link", "new.bin"]
    files.content_to(uploaded, os.devnull)
    assert not stat.S_ISREG(Path(os.devnull).stat().st_mode)


def test_content_to_a_file_object(files, tmp_path):
    uploaded = files.upload(DATA, filename="a.bin")
    target = io.BytesIO()
    assert files.content_to(uploaded, target) == len(DATA)
    assert target.getvalue() == DATA

    class Slow(io.RawIOBase):
        """Writes a part of what it gets, as sockets do."""

        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, data):
            part = bytes(data[:1_000_000])
            self.data += part
            return len(part)

    slow = Slow()
    assert files.content_to(uploaded, slow) == len(DATA)
    assert slow.data == DATA


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("exists", [False, True])
def test_a_broken_stream_leaves_no_half_file(files, server, tmp_path, after, exists):
    uploaded = files.upload(DATA, filename="a.bin")
    server.fault(Fault.internal(after_chunks=after), method="RetrieveFileContent")
    path = tmp_path / "copy.bin"
    if exists:
        path.write_bytes(b"before")
    expected = StreamBrokenError if after else ServerError
    with pytest.raises(expected) as caught:
        files.content_to(uploaded, path)
    if after:
        assert "Nothing of it is kept; send the request again." in str(caught.value)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([b"before"] if exists else [])


def test_a_target_that_fails_ends_the_call(files, server, tmp_path):
    uploaded = files.upload(DATA, filename="a.bin")

    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        files.content_to(uploaded, Full())
    assert server.calls.last.wait(60)


@pytest.mark.parametrize("written", [None, 0])
def test_a_target_that_accepts_no_bytes_loses_none(files, written):
    uploaded = files.upload(b"data", filename="a.bin")

    class Busy(io.RawIOBase):
        """A pipe that does not block, and that nobody reads."""

        def write(self, data):
            return written

    with pytest.raises(BlockingIOError, match="the file object is not ready to be written"):
        files.content_to(uploaded, Busy())


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        (5, InvalidRequestError, "target must be a path or a binary file object, not int"),
        ("", InvalidRequestError, "target is an empty string. Pass a path"),
        (io.StringIO(), InvalidRequestError, "is in text mode. Open it in binary mode"),
        (os.curdir, IsADirectoryError, "is a directory. Pass the path of a file"),
        ("no/such/folder/a", FileNotFoundError, "no/such/folder"),
    ],
)
def test_bad_targets_are_refused_before_anything_is_sent(files, server, target, error, words):
    with pytest.raises(error, match=re.escape(words)):
        files.content_to("file-1", target)
    assert not server.calls


def test_an_unknown_file_leaves_no_target(files, tmp_path):
    with pytest.raises(NotFoundError):
        files.content_to("file-1", tmp_path / "a")
    assert not list(tmp_path.iterdir())
