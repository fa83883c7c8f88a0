"""The documents of collections: upload, indexing, changes and lists."""

from __future__ import annotations

import pytest

from xai_vision.errors import (
    APIError,
    BadRequestError,
    IndexingError,
    NotFoundError,
    RequestTimeoutError,
)
from xai_vision.proto import collections_pb2, documents_pb2
from xai_vision.testing import Fault

FAST = {"wait_for_indexing": True, "poll_interval": 0.001}

YEAR = {"key": "year", "required": True, "inject_into_chunk": True, "unique": False}

CHARS = {"chars_configuration": {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5}}


def methods(server):
    return [call.method for call in server.calls]


def test_a_document_from_upload_to_search(driver, server):
    collection = driver.collections.create(
        "manuals", chunk_configuration=CHARS, field_definitions=[YEAR]
    )
    assert type(collection) is collections_pb2.CollectionMetadata
    text = b"The pump has a pressure of 5 bar. " * 4
    document = driver.collections.upload_document(
        collection.collection_id, "pump.txt", text, {"year": "2024"}, **FAST
    )
    assert methods(server) == [
        "CreateCollection",
        "UploadFile",
        "AddDocumentToCollection",
        *["GetDocumentMetadata"] * 2,
    ]
    assert document.status == collections_pb2.DOCUMENT_STATUS_PROCESSED
    assert document.file_metadata.name == "pump.txt"
    assert document.file_metadata.size_bytes == len(text)
    found = driver.collections.search("pressure of pumps", [collection.collection_id])
    assert type(found) is documents_pb2.SearchResponse
    assert len(found.matches) == document.chunk_count == 4
    assert all(match.chunk_content.startswith("year: 2024\n") for match in found.matches)
    scores = [match.score for match in found.matches]
    assert scores == sorted(scores, reverse=True)
    assert found.matches[0].file_id == document.file_metadata.file_id
    again = driver.collections.search("pressure of pumps", [collection.collection_id])
    assert again == found
    assert not driver.collections.search("unrelated", [collection.collection_id]).matches
    for mode in ("keyword", "semantic", documents_pb2.KeywordRetrieval()):
        matches = driver.collections.search(
            "pressure", [collection.collection_id], 2, retrieval_mode=mode
        ).matches
        assert len(matches) == 2


def test_without_waiting_the_document_is_in_progress(driver, server, collection_id):
    document = driver.collections.upload_document(collection_id, "a.txt", b"text")
    assert document.status == collections_pb2.DOCUMENT_STATUS_PROCESSING
    assert not driver.collections.search("text", [collection_id]).matches
    server.clock.skip(minutes=1)
    assert driver.collections.search("text", [collection_id]).matches


def test_an_indexing_that_fails_or_takes_too_long(driver, server, collection_id):
    server.indexing(failed="the file is empty")
    with pytest.raises(IndexingError, match="could not be indexed: the file is empty") as failed:
        driver.collections.upload_document(collection_id, "a.txt", b"", **FAST)
    assert isinstance(failed.value, ValueError)
    server.indexing(ready_after=10**6)
    with pytest.raises(RequestTimeoutError, match="was not done after 0.3 seconds") as late:
        driver.collections.upload_document(collection_id, "a.txt", b"x", timeout=0.3, **FAST)
    assert isinstance(late.value, TimeoutError)
    assert late.value.deferred_id.startswith("file_")


def test_an_error_after_the_upload_names_the_file(driver, server, collection_id):
    server.fault(Fault.status("INTERNAL", "broken"), method="AddDocumentToCollection")
    with pytest.raises(APIError, match="broken") as error:
        driver.collections.upload_document(collection_id, "a.txt", b"x")
    [file] = driver.files.list().data
    assert f"The file was uploaded as {file.id}" in str(error.value)
    assert "add_existing_document" in str(error.value)


def test_documents_are_changed_and_removed(driver, server, collection_id):
    file_id = driver.files.upload(b"one", filename="a.txt").id
    assert driver.collections.add_existing_document(collection_id, file_id) is None
    document = driver.collections.update_document(
        collection_id, file_id, "b.txt", b"two words", "text/markdown"
    )
    assert document.file_metadata.name == "b.txt"
    assert document.file_metadata.content_type == "text/markdown"
    assert document.file_metadata.size_bytes == 9
    assert driver.collections.get_document(file_id, collection_id).file_metadata.name == "b.txt"
    [same] = driver.collections.batch_get_documents(collection_id, [file_id]).documents
    assert same.file_metadata == document.file_metadata
    assert driver.collections.reindex_document(collection_id, file_id) is None
    assert driver.collections.remove_document(collection_id, file_id) is None
    with pytest.raises(NotFoundError, match="Document not found"):
        driver.collections.get_document(file_id, collection_id)
    assert driver.files.get(file_id).filename == "a.txt"


def test_documents_are_filtered_by_status_name_and_fields(driver, server):
    collection_id = driver.collections.create(
        "x", field_definitions=[{**YEAR, "unique": True}]
    ).collection_id
    for name, year in (("a.txt", "1"), ("b.txt", "2")):
        driver.collections.upload_document(collection_id, name, b"x", {"year": year}, **FAST)

    def names(**options):
        page = driver.collections.list_documents(collection_id, **options)
        return [document.file_metadata.name for document in page.documents]

    assert names(sort_by="name", order="asc") == ["a.txt", "b.txt"]
    assert names(filter='status:DOCUMENT_STATUS_PROCESSED AND name:"a.txt"') == ["a.txt"]
    assert names(filter="fields.year:2") == ["b.txt"]
    assert names(filter="status:!DOCUMENT_STATUS_PROCESSED") == []
    with pytest.raises(BadRequestError, match="the document file_.* has the value '2' already"):
        driver.collections.upload_document(collection_id, "c.txt", b"x", {"year": "2"})
    with pytest.raises(BadRequestError, match="The field 'year' is required"):
        driver.collections.upload_document(collection_id, "c.txt", b"x")
    with pytest.raises(BadRequestError, match="has no field 'isbn'"):
        driver.collections.upload_document(collection_id, "c.txt", b"x", {"year": "3", "isbn": "4"})
