"""The fake's Files service, with plain gRPC: checks, limits, expiry, pages and the log."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sample_images import png
from xai_vision.proto import files_pb2
from xai_vision.proto.files_pb2_grpc import FilesStub
from xai_vision.testing import FakeServer, ServiceError

MIB = 1024 * 1024


class Files:
    """The stub, with the key."""

    def __init__(self, server):
        self.server = server
        self.channel = grpc.insecure_channel(server.target)
        self.stub = FilesStub(self.channel)

    def call(self, name, request):
        metadata = [("authorization", f"Bearer {self.server.api_key}")]
        return getattr(self.stub, name)(request, metadata=metadata)

    def upload(self, *chunks, name="a.txt", **init):
        first = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name=name, **init))
        rest = [files_pb2.UploadFileChunk(data=chunk) for chunk in chunks]
        return self.call("UploadFile", iter([first, *rest]))

    def content(self, file_id, **fields):
        request = files_pb2.RetrieveFileContentRequest(file_id=file_id, **fields)
        return [chunk.data for chunk in self.call("RetrieveFileContent", request)]

    def list(self, **fields):
        return self.call("ListFiles", files_pb2.ListFilesRequest(**fields))


@pytest.fixture
def files(server):
    files = Files(server)
    yield files
    files.channel.close()


def refused(code, words):
    def check(error):
        assert error.code() is code, error
        assert words in error.details()
        return True

    return pytest.raises(grpc.RpcError, check=check)


INVALID = grpc.StatusCode.INVALID_ARGUMENT


def test_the_log_has_the_size_and_hash_instead_of_the_bytes(files, server):
    files.upload(b"ab", b"c")
    call = server.calls.last
    assert call.request == files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.txt"))
    assert (call.upload.size, call.upload.chunks, call.upload.largest_chunk) == (3, 2, 2)
    assert call.upload.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert call.response.size == 3
    assert pickle.loads(pickle.dumps(call)).upload == call.upload
    assert server.calls.where(method="UploadFile").last is call


def test_messages_are_checked_in_order(files):
    init = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a"))
    data = files_pb2.UploadFileChunk(data=b"x")
    for messages in ([], [data], [files_pb2.UploadFileChunk(), init]):
        with refused(INVALID, "The first chunk of an upload must be init."):
            files.call("UploadFile", iter(messages))
    for messages in ([init, init], [init, data, files_pb2.UploadFileChunk()]):
        with refused(INVALID, "Each chunk after init must be data."):
            files.call("UploadFile", iter(messages))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "The file has no name."),
        ("x" * 256, "has 256 characters; the maximum is 255"),
        ("a;b", "contains ';'"),
        ('a"', "contains '\"'"),
        ("a\\b", "contains"),
        ("a\tb", "contains '\\t'"),
        ("a\r\n", "contains '\\r'"),
    ],
)
def test_names_are_checked(files, name, words):
    with refused(INVALID, words):
        files.upload(name=name)


@pytest.mark.parametrize("seconds", [-1, 0, 3599, 2592001])
def test_expiries_are_checked(files, seconds):
    with refused(INVALID, "expires_after must be from 3600 to 2592000 seconds"):
        files.upload(expires_after=seconds)
    uploaded = files.upload(png(), name="a.png", expires_after=3600)
    request = files_pb2.CreatePublicUrlRequest(file_id=uploaded.id, expires_after=seconds)
    with refused(INVALID, "expires_after must be from 3600"):
        files.call("CreatePublicUrl", request)


def test_limits_are_settings():
    limits = {"max_file_bytes": 10, "max_file_chunk_bytes": 6, "max_file_name": 3}
    with FakeServer(**limits, forbidden_in_file_names="x", min_file_expiry=1) as server:
        files = Files(server)
        assert files.upload(b"123456", b"1234", name="a;b", expires_after=1).size == 10
        with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "exceeds the maximum of 10 bytes"):
            files.upload(b"123456", b"12345", name="a")
        with refused(INVALID, "A chunk of 7 bytes exceeds the maximum of 6 bytes."):
            files.upload(b"1234567", name="a")
        with refused(INVALID, "the maximum is 3"):
            files.upload(name="abcd")
        with refused(INVALID, "contains 'x'"):
            files.upload(name="x")
        assert len(server.files) == 1
        files.channel.close()


def test_chunks_above_the_documented_size_are_refused(files):
    assert files.upload(bytes(5 * MIB)).size == 5 * MIB
    with refused(INVALID, "exceeds the maximum of 5242880 bytes"):
        files.upload(bytes(5 * MIB + 1))


def test_a_large_file_is_kept_on_disk_and_removed(files, server):
    data = bytes(range(256)) * 4096 * 8
    uploaded = files.upload(data[: 4 * MIB], data[4 * MIB :])
    path = server.files[uploaded.id]
    assert isinstance(path, Path)
    assert path.read_bytes() == data
    chunks = files.content(uploaded.id)
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) <= 5 * MIB
    files.call("DeleteFile", files_pb2.DeleteFileRequest(file_id=uploaded.id))
    assert not path.exists()
    files.upload(data[: 4 * MIB])
    server.clear()
    assert not list(path.parent.iterdir())


def test_a_failed_upload_leaves_no_file():
    with FakeServer(max_file_bytes=8 * MIB) as server:
        files = Files(server)
        kept = server.files[files.upload(bytes(4 * MIB)).id]
        with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "exceeds"):
            files.upload(bytes(4 * MIB), bytes(4 * MIB), b"x")
        assert list(kept.parent.iterdir()) == [kept]
        files.channel.close()


def test_files_expire_by_the_clock(files, server):
    uploaded = files.upload(b"x", expires_after=7200)
    server.clock.skip(seconds=7190)
    assert files.content(uploaded.id) == [b"x"]
    server.clock.skip(seconds=11)
    for name, request in (
        ("RetrieveFile", files_pb2.RetrieveFileRequest(file_id=uploaded.id)),
        ("DeleteFile", files_pb2.DeleteFileRequest(file_id=uploaded.id)),
        ("CreatePublicUrl", files_pb2.CreatePublicUrlRequest(file_id=uploaded.id)),
        ("RevokePublicUrl", files_pb2.RevokePublicUrlRequest(file_id=uploaded.id)),
    ):
        with refused(grpc.StatusCode.NOT_FOUND, f"File not found: {uploaded.id}"):
            files.call(name, request)
    with refused(grpc.StatusCode.NOT_FOUND, "File not found"):
        files.content(uploaded.id)
    assert not files.list().data


@pytest.mark.parametrize("limit", [0, -5, 101, 100])
def test_a_page_has_at_most_100_files(files, server, limit):
    for number in range(101):
        server.files.add(str(number), b"")
    page = files.list(limit=limit)
    assert len(page.data) == 100
    rest = files.list(pagination_token=page.pagination_token)
    assert [file.filename for file in rest.data] == ["100"]
    assert not rest.HasField("pagination_token")


ORDERS = st.sampled_from([files_pb2.ASCENDING, files_pb2.DESCENDING])
SORTS = st.sampled_from([0, 1, 2])


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from("abA"), st.integers(0, 3)), max_size=12),
    ORDERS,
    SORTS,
    st.integers(1, 5),
    st.data(),
)
def test_pages_together_are_the_list_also_when_files_go(shape, order, sort_by, limit, data):
    """Files that are deleted between two pages shift nothing."""
    with FakeServer() as server:
        files = Files(server)
        for name, size in shape:
            server.files.add(name, bytes(size))
        everything = [f.id for f in files.list(order=order, sort_by=sort_by).data]
        seen, token, gone = [], None, set()
        while True:
            page = files.list(order=order, sort_by=sort_by, limit=limit, pagination_token=token)
            seen += [file.id for file in page.data]
            if not page.HasField("pagination_token"):
                break
            token = page.pagination_token
            if server.files and data.draw(st.booleans()):
                victim = data.draw(st.sampled_from(sorted(server.files)))
                del server.files[victim]
                gone.add(victim)
        assert [i for i in seen if i not in gone] == [i for i in everything if i not in gone]
        assert len(set(seen)) == len(seen)
        files.channel.close()


@pytest.mark.parametrize("token", ["x", "bnVsbA==", "WzAsMCwiYSIsMV0=", "ü", "WzEsMiwzXQ=="])
def test_invalid_tokens_are_refused(files, token):
    with refused(INVALID, "Invalid pagination_token"):
        files.list(pagination_token=token)


def test_invalid_filters_are_refused(files):
    with refused(INVALID, "Invalid filter at position 0: expected a field"):
        files.list(filter="size > 5")


def test_the_fields_of_filters(files, server):
    uploaded = files.upload(png(), name="a.png", expires_after=3600)
    files.call("CreatePublicUrl", files_pb2.CreatePublicUrlRequest(file_id=uploaded.id))
    for text in (
        f'file_id = "{uploaded.id}"',
        'file_name = "a.png"',
        'content_type = "image/png"',
        f"size_bytes = {len(png())}",
        "expires_at != null",
        "public_url != null AND public_url_expires_at != null",
        'upload_status = "uploaded"',
        "user_defined_id = null",
        f"created_at <= {server.clock.time()}",
    ):
        assert [file.id for file in files.list(filter=text).data] == [uploaded.id], text
        assert not files.list(filter=f"NOT ({text})").data


@pytest.mark.parametrize(
    ("name", "data", "allowed"),
    [
        ("a.png", b"x", True),
        ("a.mp4", b"x", True),
        ("a.pdf", b"x", True),
        ("no-extension", png(), True),
        ("no-extension", b"%PDF-1.7", True),
        ("a.txt", b"x", False),
        ("no-extension", b"x", False),
    ],
)
def test_only_some_files_can_be_public(files, name, data, allowed):
    request = files_pb2.CreatePublicUrlRequest(file_id=files.upload(data, name=name).id)
    if allowed:
        assert files.call("CreatePublicUrl", request).public_url.startswith("https://files-cdn")
    else:
        with refused(INVALID, "Only images, videos and PDFs can"):
            files.call("CreatePublicUrl", request)


def test_a_public_url_inherits_the_expiry_and_ends(files, server, client):
    from xai_vision.chat import image, user
    from xai_vision.errors import ImageFetchError

    uploaded = files.upload(png(), name="a.png", expires_after=7200)
    request = files_pb2.CreatePublicUrlRequest(file_id=uploaded.id)
    created = files.call("CreatePublicUrl", request)
    assert created.expires_at == uploaded.expires_at
    client.chat.create("grok-4").append(user("?", image(created.public_url))).sample()
    assert server.calls.last.images[0].source == created.public_url
    files.call(
        "CreatePublicUrl", files_pb2.CreatePublicUrlRequest(file_id=uploaded.id, expires_after=3600)
    )
    server.clock.skip(seconds=3601)
    described = files.call("RetrieveFile", files_pb2.RetrieveFileRequest(file_id=uploaded.id))
    assert not described.HasField("public_url")
    with pytest.raises(ImageFetchError):
        client.chat.create("grok-4").append(user("?", image(created.public_url))).sample()
    assert files.call("CreatePublicUrl", request).public_url != created.public_url


def test_files_that_the_test_sets(files, server, tmp_path):
    path = tmp_path / "p"
    path.write_bytes(b"from a path")
    server.files["path"] = path
    server.files["function"] = lambda: b"from a function"
    server.files["error"] = ServiceError("UNAVAILABLE", "mine")
    listed = {file.id: (file.filename, file.size) for file in files.list().data}
    assert listed == {"path": ("path", 11), "function": ("function", 15), "error": ("error", 0)}
    assert files.content("function") == [b"from a function"]
    with refused(grpc.StatusCode.UNAVAILABLE, "mine"):
        files.content("error")
    del server.files["path"]
    assert path.exists()
    server.clear()
    assert not files.list().data


def test_the_log_stays_small(files, server):
    for _ in range(8):
        files.upload(bytes(4 * MIB))
    assert sum(call.request.ByteSize() for call in server.calls) < 1000


def test_files_can_be_deleted_while_they_are_listed(files, server):
    """A list never fails because of a file that another call deletes."""
    import threading

    stop, errors = threading.Event(), []

    def churn():
        while not stop.is_set():
            uploaded = server.files.add("a", bytes(10))
            del server.files[uploaded.file_id]

    def list_often():
        try:
            for _ in range(100):
                files.list(sort_by=files_pb2.FILES_SORT_BY_SIZE, filter='content_type != "x"')
        except grpc.RpcError as error:
            errors.append(error)
        stop.set()

    threads = [threading.Thread(target=churn), threading.Thread(target=list_often)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
