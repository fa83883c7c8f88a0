"""client.files besides uploads: lists, facts, content, public URLs, deletion and spans."""

from __future__ import annotations

import inspect
import io
import os
import re
import stat
import threading
from pathlib import Path

import pytest

from tests.sample_images import png
from tests.services.files_driver import KINDS
from xai_vision import Client
from xai_vision import files as public
from xai_vision.errors import (
    BadRequestError,
    InvalidRequestError,
    NotFoundError,
    ServerError,
    StreamBrokenError,
)
from xai_vision.proto import files_pb2
from xai_vision.services.files import AsyncFilesService, FilesService
from xai_vision.testing import Fault

CHUNK = 3 * 1024 * 1024
DATA = os.urandom(CHUNK * 2 + 1000)


@pytest.fixture(params=KINDS)
def files(request, server):
    driver = KINDS[request.param](api_key=server.api_key, api_host=server.target)
    yield driver
    driver.close()


def names(page):
    return [file.filename for file in getattr(page, "data", page)]


def test_both_clients_have_the_same_methods():
    def methods(service):
        return {
            name: inspect.signature(method).parameters
            for name, method in vars(service).items()
            if not name.startswith("_")
        }

    assert methods(FilesService) == methods(AsyncFilesService)
    assert FilesService is public.FilesService is public.BaseClient


# --- list ---


@pytest.fixture
def stored(server):
    """Store three files; one millisecond between them."""
    for name, size in (("b", 30), ("a", 20), ("C", 10)):
        server.files.add(name, bytes(size))
        server.clock.skip(seconds=1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["b", "a", "C"]),
        ({"order": "asc"}, ["b", "a", "C"]),
        ({"order": "desc"}, ["C", "a", "b"]),
        ({"sort_by": "filename"}, ["C", "a", "b"]),
        ({"sort_by": "filename", "order": "desc"}, ["b", "a", "C"]),
        ({"sort_by": "size"}, ["C", "a", "b"]),
        ({"sort_by": "created_at", "limit": 2}, ["b", "a"]),
        ({"filter": 'name = "a" OR size_bytes > 20'}, ["b", "a"]),
        ({"filter": ""}, ["b", "a", "C"]),
    ],
)
def test_list(files, server, stored, arguments, expected):
    assert names(files.list(**arguments)) == expected
    assert server.calls.last.request.HasField("filter") == bool(arguments.get("filter"))


def test_pages_follow_each_other(files, stored):
    first = files.list(limit=2, order="desc")
    assert names(first) == ["C", "a"]
    second = files.list(limit=2, order="desc", pagination_token=first.pagination_token)
    assert names(second) == ["b"]
    assert not second.HasField("pagination_token")
    with pytest.raises(BadRequestError, match="belongs to a list with another order or sort_by"):
        files.list(limit=2, pagination_token=first.pagination_token)


def test_pages_are_read_as_they_are_needed(server):
    for number in range(101):
        server.files.add(f"{number:03}", b"x")
    client = Client(api_key=server.api_key, api_host=server.target)
    iterator = client.files.list_all()
    assert not server.calls
    assert next(iterator).filename == "000"
    assert len(server.calls) == 1
    assert len(list(iterator)) == 100
    assert len(server.calls) == 2


def test_list_all_reads_every_page(files, server):
    for number in range(205):
        server.files.add(f"{number:03}", b"x")
    found = files.list_all(sort_by="filename", order="desc", filter='name != "100"')
    assert names(found) == [f"{number:03}" for number in reversed(range(205)) if number != 100]
    assert len(server.calls) == 3
    assert {call.request.filter for call in server.calls} == {'name != "100"'}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"order": "descending"}, "order must be one of 'asc', 'desc', not 'descending'"),
        ({"order": "dsc"}, "did you mean 'desc'?"),
        ({"order": 1}, "order must be one of"),
        ({"sort_by": "created"}, "did you mean 'created_at'?"),
        ({"limit": 0}, "limit must be an integer of at least 1|limit must be an integer from 1"),
        ({"limit": "5"}, "limit must be an integer, not '5'"),
        ({"limit": 2**31}, "limit must be an integer from 1"),
        ({"filter": 5}, "filter must be a string, not int"),
        ({"pagination_token": 5}, "pagination_token must be a string"),
    ],
)
def test_unknown_words_are_refused_before_anything_is_sent(files, server, arguments, words):
    with pytest.raises(InvalidRequestError) as caught:
        files.list(**arguments)
    assert any(word in str(caught.value) for word in words.split("|"))
    if "limit" not in arguments and "pagination_token" not in arguments:
        with pytest.raises(InvalidRequestError):
            # At the call already, not when the first file is read.
            files.client.files.list_all(**arguments)
    assert not server.calls


# --- one file ---


def test_get_and_delete(files, server):
    uploaded = files.upload(b"abc", filename="a.txt")
    assert files.get(uploaded.id) == files.get(uploaded) == uploaded
    assert uploaded.id.startswith("file_")
    assert (uploaded.size, uploaded.filename) == (3, "a.txt")
    deleted = files.delete(uploaded)
    assert deleted == files_pb2.DeleteFileResponse(id=uploaded.id, deleted=True)
    for call in (files.get, files.delete, files.content, files.create_public_url):
        with pytest.raises(NotFoundError, match=uploaded.id) as caught:
            call(uploaded.id)
        assert "client.files.list() lists the files" in str(caught.value)
    assert not server.files


@pytest.mark.parametrize(
    "method", ["get", "delete", "content", "create_public_url", "revoke_public_url"]
)
@pytest.mark.parametrize("bad", ["", " ", 5, None, files_pb2.File()])
def test_an_id_is_required(files, server, method, bad):
    with pytest.raises(InvalidRequestError, match="file_id (is empty|must be a string)"):
        getattr(files, method)(bad)
    assert not server.calls


# --- content ---


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


# --- public URLs ---


def test_public_urls(files, server):
    uploaded = files.upload(png(), filename="a.png")
    created = files.create_public_url(uploaded)
    assert created.public_url.startswith("https://files-cdn.x.ai/")
    assert created.public_url.endswith(f"/{uploaded.id}.png")
    assert not created.HasField("expires_at")
    assert not server.calls.last.request.HasField("expires_after")
    assert files.get(uploaded).public_url == created.public_url
    again = files.create_public_url(uploaded, expires_after=3600)
    assert again.public_url == created.public_url
    assert again.HasField("expires_at")
    revoked = files.revoke_public_url(uploaded)
    assert (revoked.file_id, revoked.revoked) == (uploaded.id, True)
    assert revoked.public_url == created.public_url
    again = files.revoke_public_url(uploaded)
    assert not again.revoked
    assert not again.HasField("public_url")
    with pytest.raises(InvalidRequestError, match="expires_after must be an integer from 3600"):
        files.create_public_url(uploaded, expires_after=0)


def test_text_cannot_be_public(files):
    uploaded = files.upload(b"x", filename="a.txt")
    with pytest.raises(BadRequestError, match="Only images, videos and PDFs can"):
        files.create_public_url(uploaded)


# --- spans ---


@pytest.mark.parametrize("capture", [False, True])
def test_uploads_and_deletions_are_spans(files, server, spans, monkeypatch, capture):
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", str(capture))
    uploaded = files.upload(b"abc", filename="secret.txt")
    files.delete(uploaded)
    upload, delete = spans()
    assert (upload.name, delete.name) == ("upload_file", "delete")
    attributes = dict(upload.attributes)
    assert attributes["gen_ai.operation.name"] == "upload_file"
    assert attributes["gen_ai.provider.name"] == "x_ai"
    assert (attributes["file.id"], attributes["file.size"]) == (uploaded.id, 3)
    assert attributes.get("file.name") == ("secret.txt" if capture else None)
    assert delete.attributes["gen_ai.operation.name"] == "delete"
    assert delete.attributes["file.id"] == uploaded.id
    assert server.api_key not in str(attributes)


def test_the_spans_of_a_batch_belong_to_the_current_span(files, spans):
    from opentelemetry import trace

    def upload(client):
        return client.files.batch_upload([named(b"x", "a"), named(b"y", "b")])

    with trace.get_tracer("test").start_as_current_span("mine") as mine:
        files.run(upload)
    parents = {span.parent.span_id for span in spans() if span.name == "upload_file"}
    assert parents == {mine.get_span_context().span_id}


def named(data, name):
    file = io.BytesIO(data)
    file.name = name
    return file


# --- batch_upload ---


def test_batch_upload_keeps_the_order_and_the_errors(files, server, tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.bin").write_bytes(bytes(number))
    batch = [str(tmp_path / f"{number}.bin") for number in range(20)]
    batch[5] = "no/such/file"
    batch[7] = b"nameless"
    completed = []
    threads = set()

    def on_file_complete(index, file, result):
        threads.add(threading.current_thread())
        completed.append((index, file, result))

    results = files.batch_upload(batch, batch_size=3, on_file_complete=on_file_complete)
    assert list(results) == list(range(20))
    assert isinstance(results.pop(5), FileNotFoundError)
    assert isinstance(results.pop(7), InvalidRequestError)
    assert {index: result.filename for index, result in results.items()} == {
        index: f"{index}.bin" for index in results
    }
    assert [result.size for result in results.values()] == list(results)
    assert threads == {threading.current_thread()}
    assert sorted(index for index, _, _ in completed) == list(range(20))
    assert all(batch[index] is file for index, file, _ in completed)
    assert len(server.files) == 18


def test_batch_size_limits_the_uploads_at_the_same_time(files, server):
    server.fault(Fault.latency(0.05), method="UploadFile")
    files.batch_upload([named(b"x", str(number)) for number in range(8)], batch_size=2)
    calls = server.calls
    most = max(
        sum(other.started <= call.started < other.ended for other in calls) for call in calls
    )
    assert most <= 2


def test_an_exception_of_the_callback_ends_the_batch(files, server):
    server.fault(Fault.hang(), method="UploadFile", after=1).optional()
    error = TypeError("mine")
    calls = []

    def on_file_complete(index, file, result):
        calls.append(result)
        raise error

    batch = [named(b"x", str(number)) for number in range(5)]
    with pytest.raises(TypeError, match="mine") as caught:
        files.batch_upload(batch, batch_size=2, on_file_complete=on_file_complete)
    assert caught.value is error
    assert len(calls) == 1
    # Nothing goes on: the uploads that hung are cancelled, and no other was begun.
    assert all(call.wait(60) for call in server.calls)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([],), "files is empty. Pass at least one file"),
        (
            ("a.jpg",),
            "files must be a list of files, not 'a.jpg'. Pass [file], or use upload",
        ),
        ((b"abc",), "files must be a list of files"),
        ((io.BytesIO(b"x"),), "files must be a list of files"),
        ((5,), "files must be a list of files, not 5"),
        ((["a"], 0), "batch_size must be an integer of at least 1, not 0"),
        ((["a"], "2"), "batch_size must be an integer, not '2'"),
        ((["a"], 1, 5), "on_file_complete must be f(index, file, result), not 5"),
    ],
)
def test_bad_batches_are_refused_before_anything_is_sent(files, server, arguments, words):
    batch, *rest = arguments
    options = dict(zip(("batch_size", "on_file_complete"), rest, strict=False))
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        files.batch_upload(batch, **options)
    assert not server.calls


def test_a_file_object_cannot_be_uploaded_twice_at_once(files, server):
    file = named(b"x", "a")
    words = "files[2] is the same file object as files[0]. Open the file twice"
    with pytest.raises(InvalidRequestError, match=re.escape(words)):
        files.batch_upload([file, named(b"x", "a"), file])
    assert not server.calls
    assert len(files.batch_upload([__file__, __file__])) == 2


def test_a_wrong_option_is_refused_once(files, server):
    with pytest.raises(TypeError, match="unexpected keyword argument 'time_out'"):
        files.batch_upload(["a"], time_out=5)
    assert not server.calls
