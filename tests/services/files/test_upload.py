"""client.files.upload: what can be uploaded, under which name, with which call."""

from __future__ import annotations

import hashlib
import io
import socket
import tempfile
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from tests.sample_images import png
from tests.services.files.driver import KINDS, AsyncFiles
from tests.services.files.sources import DATA, Named, Stream
from xai_vision.errors import (
    ImageReadError,
    MessageTooLargeError,
    UnavailableError,
)
from xai_vision.imaging import prepare_image
from xai_vision.services._files.upload import CHUNK_BYTES
from xai_vision.testing import FakeServer, Fault


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
            # grpc.aio may report that it could not send the next chunk instead of the status. Such
            # a failure is retried, as a lost connection is.
            assert caught.value.attempts == 1 or isinstance(driver, AsyncFiles)
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
