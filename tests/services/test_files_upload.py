"""client.files.upload: what can be uploaded, under which name, with which progress."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import socket
import tempfile
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from tests.sample_images import png
from tests.services.files_driver import KINDS, AsyncFiles
from xai_vision.errors import (
    ImageReadError,
    InvalidRequestError,
    MessageTooLargeError,
    UnavailableError,
)
from xai_vision.imaging import prepare_image
from xai_vision.services._files.upload import CHUNK_BYTES
from xai_vision.testing import FakeServer, Fault

DATA = os.urandom(CHUNK_BYTES * 2 + 1000)


@pytest.fixture(params=KINDS)
def files(request, server):
    driver = KINDS[request.param](api_key=server.api_key, api_host=server.target)
    yield driver
    driver.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    return path


class Named(io.BytesIO):
    """A file object with the name of a path."""

    name = "/some/where/data.bin"


class Stream(io.RawIOBase):
    """A file object that cannot be rewound and reads a little at a time, like a socket."""

    name = "data.bin"

    def __init__(self, data, step=100_000):
        self.rest = data
        self.step = step

    def readable(self):
        return True

    def read(self, size=-1):
        part, self.rest = self.rest[: min(size, self.step)], self.rest[min(size, self.step) :]
        return part


class Minimal:
    """An object with nothing but read()."""

    name = "data.bin"

    def __init__(self, data):
        self.read = io.BytesIO(data).read


SOURCES = {
    "Path": lambda path: path,
    "str": str,
    "bytes": lambda path: DATA,
    "bytearray": lambda path: bytearray(DATA),
    "memoryview": lambda path: memoryview(DATA),
    "memoryview of words": lambda path: memoryview(DATA[: len(DATA) // 4 * 4]).cast("I"),
    "file": lambda path: path.open("rb"),
    "unbuffered file": lambda path: path.open("rb", buffering=0),
    "BytesIO": lambda path: Named(DATA),
    "stream": lambda path: Stream(DATA),
    "minimal": lambda path: Minimal(DATA),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("filename", [None, "other name.txt"])
def test_the_content_arrives_under_its_name(files, server, path, source, filename):
    file = SOURCES[source](path)
    nameless = isinstance(file, (bytes, bytearray, memoryview))
    uploaded = files.upload(file, filename=filename or ("data.bin" if nameless else None))
    sent = DATA[: len(DATA) // 4 * 4] if source == "memoryview of words" else DATA
    assert uploaded.filename == (filename or "data.bin")
    assert uploaded.size == len(sent)
    call = server.calls.last
    assert call.request.init.name == uploaded.filename
    assert not call.request.init.HasField("expires_after")
    assert call.upload.sha256 == hashlib.sha256(sent).hexdigest()
    # 3 MiB each and a shorter last one, also if the source reads less at a time.
    assert (call.upload.chunks, call.upload.largest_chunk) == (3, CHUNK_BYTES)
    if hasattr(file, "close"):
        file.close()


def test_an_object_is_read_from_its_position(files, server):
    file = Named(b"abcdef")
    file.seek(4)
    assert files.upload(file).size == 2
    assert server.files[files.list().data[0].id] == b"ef"
    # At its end, nothing is left to send. The file is empty, as with xai_sdk.
    assert files.upload(file).size == 0
    assert server.calls.last.upload.chunks == 0


def test_other_objects_of_the_standard_library(files, tmp_path):
    with tempfile.NamedTemporaryFile() as named:
        named.write(b"12345")
        named.seek(1)
        assert files.upload(named).size == 4
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(b"12345")
        spooled.seek(0)
        assert files.upload(spooled, filename="s").size == 5
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as file:
        theirs.sendall(b"123")
        theirs.close()
        assert files.upload(file, filename="s").size == 3


def test_a_prepared_image_has_a_name(files, server):
    prepared = prepare_image(png(), name="photo.webp")
    uploaded = files.upload(prepared)
    assert (uploaded.filename, uploaded.size) == ("photo.png", prepared.size_bytes)
    assert server.calls.last.upload.sha256 == prepared.sha256()
    with pytest.raises(ImageReadError, match="the image is a URL"):
        files.upload(prepare_image("https://e.x/a.png"))


@pytest.mark.parametrize("hours", [3600, timedelta(hours=1, milliseconds=900)])
def test_an_expiry_is_in_whole_seconds(files, server, hours):
    uploaded = files.upload(b"x", filename="a", expires_after=hours)
    assert server.calls.last.request.init.expires_after == 3600
    assert uploaded.expires_at.seconds - uploaded.created_at.seconds in (3600, 3601)


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


# --- progress ---


class Bar:
    """A progress bar that can also be called, which tqdm's cannot."""

    def __init__(self):
        self.steps = []

    def update(self, n):
        self.steps.append(n)

    def __call__(self, sent, total):
        raise AssertionError("update() takes precedence")


LAST = len(DATA) - 2 * CHUNK_BYTES


def test_a_progress_bar_gets_steps(files, path):
    bar = Bar()
    files.upload(path, on_progress=bar)
    assert bar.steps == [CHUNK_BYTES, CHUNK_BYTES, LAST]


def test_a_function_of_one_argument_gets_steps(files, path):
    steps = []
    files.upload(path, on_progress=lambda step: steps.append(step))
    files.upload(path, on_progress=steps.append)
    assert steps == [CHUNK_BYTES, CHUNK_BYTES, LAST] * 2


def test_a_function_of_two_arguments_gets_the_sum_and_the_total(files, path):
    calls = []
    files.upload(path, on_progress=lambda *arguments: calls.append(arguments))
    size = len(DATA)
    assert calls == [(CHUNK_BYTES, size), (2 * CHUNK_BYTES, size), (size, size)]


def test_the_total_is_what_will_be_sent(files):
    calls = []
    file = Named(DATA)
    file.seek(CHUNK_BYTES)
    files.upload(file, on_progress=lambda sent, total=None: calls.append((sent, total)))
    assert calls[-1] == (len(DATA) - CHUNK_BYTES, len(DATA) - CHUNK_BYTES)


def test_the_total_of_a_stream_is_unknown(files):
    calls = []
    files.upload(Stream(DATA), on_progress=lambda sent, total: calls.append((sent, total)))
    assert calls[-1] == (len(DATA), None)


def test_an_empty_file_has_no_progress(files):
    calls = []
    assert files.upload(b"", filename="a", on_progress=calls.append).size == 0
    assert calls == []


@pytest.mark.parametrize("error", [TypeError("mine"), KeyError("mine"), KeyboardInterrupt("mine")])
def test_an_exception_of_the_callback_is_raised_unchanged(files, server, path, error):
    calls = []

    def on_progress(sent, total):
        calls.append(sent)
        raise error

    if isinstance(files, AsyncFiles) and isinstance(error, KeyboardInterrupt):
        pytest.skip("asyncio raises it from the event loop")
    with pytest.raises(type(error), match="mine") as caught:
        files.upload(path, on_progress=on_progress)
    assert caught.value is error
    assert calls == [CHUNK_BYTES]  # once
    # The call may be cancelled before it reaches the server.
    assert all(call.wait_cancelled(60) for call in server.calls)
    assert not server.files


def test_an_error_of_grpc_in_the_callback_is_raised_unchanged(files, path):
    class Mine(grpc.RpcError):
        pass

    def on_progress(step):
        raise Mine("mine")

    with pytest.raises(Mine, match="mine"):
        files.upload(path, on_progress=on_progress)


def test_an_exception_of_the_source_is_raised_unchanged(files, server):
    class Broken(Stream):
        def read(self, size=-1):
            if size and not self.rest[CHUNK_BYTES:]:
                raise RuntimeError("the disk is gone")
            return super().read(size)

    with pytest.raises(RuntimeError, match="the disk is gone"):
        files.upload(Broken(DATA))
    assert server.calls.last.wait_cancelled(60)
    assert not server.files


# --- the call ---


def test_the_call_has_a_deadline_and_authorization(server):
    for kind in KINDS.values():
        driver = kind(
            api_key=server.api_key, api_host=server.target, use_insecure_channel=True, timeout=77
        )
        driver.upload(b"x", filename="a", metadata={"x-mine": "1"})
        call = server.calls.last
        assert call.header("authorization") == "Bearer ***"
        assert call.header("x-mine") == "1"
        assert call.key_id
        driver.close()


def test_a_deadline_ends_an_upload(files, server):
    from xai_vision.errors import RequestTimeoutError

    server.fault(Fault.hang(after_chunks=1), method="UploadFile")
    files.run(lambda client: client.ready())  # otherwise connecting takes part of the time
    with pytest.raises(RequestTimeoutError):
        files.upload(DATA, filename="a", timeout=2)
    assert server.calls.last.wait_cancelled(60)


def test_a_wrong_key_is_refused(server):
    from xai_vision.errors import AuthenticationError

    for kind in KINDS.values():
        driver = kind(api_key="wrong", api_host=server.target)
        with pytest.raises(AuthenticationError):
            driver.upload(DATA, filename="a")
        driver.close()


def test_the_limit_of_the_server_is_not_retried():
    with FakeServer(max_file_bytes=1000) as server:
        for kind in KINDS.values():
            driver = kind(api_key=server.api_key, api_host=server.target)
            with pytest.raises(MessageTooLargeError, match="Upload a smaller file") as caught:
                driver.upload(DATA, filename="a")
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "exceeds the maximum of 1000 bytes" in str(caught.value)
            assert caught.value.attempts == 1
            driver.close()
        assert not server.files


def test_a_failed_connection_is_a_clear_error():
    for kind in KINDS.values():
        driver = kind(api_key="k", api_host="localhost:1", retries=0)
        with pytest.raises(UnavailableError, match="Check the host and the network"):
            driver.upload(b"x", filename="a")
        driver.close()


def test_the_example_of_a_path_object(files, tmp_path):
    class Mine:
        def __fspath__(self):
            return str(tmp_path / "mine.txt")

    Path(Mine()).write_text("abc")
    assert files.upload(Mine()).filename == "mine.txt"
