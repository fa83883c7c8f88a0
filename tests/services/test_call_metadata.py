"""An iterator of metadata reaches each call of a method that makes several calls."""

from __future__ import annotations

import pytest

from xai_vision.chat import user
from xai_vision.errors import InvalidRequestError

KEYS, VALUES = ["x-team"], ["a"]
FAST = {"interval": 0.001}


def team(server, method):
    calls = [call for call in server.calls if call.method == method]
    return [dict(call.metadata).get("x-team") for call in calls]


def test_pages_of_results(driver, server):
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, [driver.client.chat.create("grok-4").append(user("x"))] * 150)
    driver.batch.wait(batch_id, **FAST, metadata=zip(KEYS, VALUES, strict=True))
    assert set(team(server, "GetBatch")) == {"a"}
    results = driver.batch.results(batch_id, metadata=zip(KEYS, VALUES, strict=True))
    assert len(results) == 150
    assert team(server, "ListBatchResults") == ["a", "a"]


def test_pages_of_files(driver, server, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x")
    driver.files.batch_upload([path] * 101, metadata=zip(KEYS, VALUES, strict=True))
    assert team(server, "UploadFile") == ["a"] * 101
    assert len(driver.files.list_all(metadata=zip(KEYS, VALUES, strict=True))) == 101
    assert team(server, "ListFiles") == ["a", "a"]


@pytest.mark.parametrize("wait_for_indexing", [True, False])
def test_an_upload_of_a_document(driver, server, wait_for_indexing):
    collection_id = driver.collections.create("x").collection_id
    driver.collections.upload_document(
        collection_id,
        "a.txt",
        b"text",
        wait_for_indexing=wait_for_indexing,
        poll_interval=0.001,
        metadata=zip(KEYS, VALUES, strict=True),
    )
    for method in ("UploadFile", "AddDocumentToCollection", "GetDocumentMetadata"):
        assert set(team(server, method)) == {"a"}, method


def test_wrong_metadata_is_refused_before_anything_is_sent(driver, server):
    for call in (
        lambda: driver.batch.results("b", metadata=3),
        lambda: driver.files.list_all(metadata=3),
        lambda: driver.files.batch_upload(["a.txt"], metadata=3),
        lambda: driver.collections.upload_document("c", "a.txt", b"x", metadata=3),
    ):
        with pytest.raises(InvalidRequestError, match="metadata"):
            call()
    assert len(server.calls) == 0
