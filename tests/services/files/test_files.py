"""client.files: lists, facts, public URLs, deletion and spans."""

from __future__ import annotations

import inspect

import pytest

from tests.sample_images import png
from xai_vision import Client
from xai_vision import files as public
from xai_vision.errors import (
    BadRequestError,
    InvalidRequestError,
    NotFoundError,
)
from xai_vision.proto import files_pb2
from xai_vision.services.files import AsyncFilesService, FilesService


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
