"""client.collections through the wire."""

from __future__ import annotations

import inspect

import pytest

from tests.services.service_driver import Driver
from xai_vision import collections as public
from xai_vision.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    IndexingError,
    InvalidRequestError,
    NotFoundError,
    RequestTimeoutError,
)
from xai_vision.proto import collections_pb2, documents_pb2, shared_pb2, types_pb2
from xai_vision.services._collections.async_service import AsyncCollectionsService
from xai_vision.services.collections import CollectionsService
from xai_vision.testing import Fault

FAST = {"wait_for_indexing": True, "poll_interval": 0.001}
YEAR = {"key": "year", "required": True, "inject_into_chunk": True, "unique": False}
CHARS = {"chars_configuration": {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5}}


@pytest.fixture
def collection_id(driver):
    return driver.collections.create("manuals").collection_id


def methods(server):
    return [call.method for call in server.calls]


def test_both_clients_have_the_same_methods_and_parameters():
    def parameters(service):
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in vars(service).items()
            if inspect.isfunction(method) and not name.startswith("_")
        }

    assert parameters(CollectionsService) == parameters(AsyncCollectionsService)
    assert len(parameters(CollectionsService)) == 15


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


def test_all_settings_of_a_collection_arrive(driver, server):
    driver.collections.create(
        "name",
        "model",
        {
            "tokens_configuration": {
                "max_chunk_size_tokens": 9,
                "chunk_overlap_tokens": 2,
                "encoding_name": "o200k",
            },
            "strip_whitespace": True,
            "inject_name_into_chunks": True,
        },
        "euclidean",
        [
            {**YEAR, "description": "of print"},
            collections_pb2.FieldDefinition(key="isbn", unique=True),
        ],
        "a description",
    )
    request = server.calls.last.request
    assert request == collections_pb2.CreateCollectionRequest(
        collection_name="name",
        index_configuration={"model_name": "model"},
        chunk_configuration=types_pb2.ChunkConfiguration(
            tokens_configuration={
                "max_chunk_size_tokens": 9,
                "chunk_overlap_tokens": 2,
                "encoding_name": "o200k",
            },
            strip_whitespace=True,
            inject_name_into_chunks=True,
        ),
        metric_space=types_pb2.HNSW_METRIC_EUCLIDEAN,
        field_definitions=[
            collections_pb2.FieldDefinition(
                key="year", required=True, inject_into_chunk=True, description="of print"
            ),
            collections_pb2.FieldDefinition(key="isbn", unique=True),
        ],
        collection_description="a description",
    )
    driver.collections.create("x", metric_space=types_pb2.HNSW_METRIC_COSINE)
    assert server.calls.last.request == collections_pb2.CreateCollectionRequest(
        collection_name="x", metric_space=types_pb2.HNSW_METRIC_COSINE
    )


def test_a_collection_is_changed_and_deleted(driver, server):
    collection_id = driver.collections.create("old", field_definitions=[YEAR]).collection_id
    driver.collections.upload_document(collection_id, "a.txt", b"x", {"year": "1"})
    updated = driver.collections.update(
        collection_id,
        "new",
        CHARS,
        [
            {"key": "year", "operation": "delete"},
            {"field_definition": {**YEAR, "key": "isbn", "required": False}, "operation": "add"},
        ],
        "words",
    )
    assert updated.collection_name == "new"
    assert updated.collection_description == "words"
    assert [definition.key for definition in updated.field_definitions] == ["isbn"]
    assert updated.chunk_configuration.chars_configuration.max_chunk_size_chars == 40
    [document] = driver.collections.list_documents(collection_id).documents
    assert not document.fields
    assert driver.collections.get(collection_id).documents_count == 1
    assert driver.collections.generate_description(collection_id) == "1 documents: a.txt"
    assert driver.collections.delete(collection_id) is None
    with pytest.raises(NotFoundError, match="Collection not found"):
        driver.collections.get(collection_id)


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


def test_pages_order_and_filters(driver, server):
    for name in ("b", "a", "c"):
        driver.collections.create(name)
        server.clock.skip(seconds=1)

    def names(**options):
        page = driver.collections.list(**options)
        return [collection.collection_name for collection in page.collections]

    assert names() == ["c", "a", "b"]
    assert names(order="asc") == ["b", "a", "c"]
    assert names(order="desc", sort_by="name") == ["c", "b", "a"]
    assert names(order=shared_pb2.ORDERING_ASCENDING, sort_by="name") == ["a", "b", "c"]
    assert names(filter='collection_name:"a"') == ["a"]
    assert names(filter="documents_count:>0") == []
    page = driver.collections.list(2, order="asc")
    rest = driver.collections.list(2, order="asc", pagination_token=page.pagination_token)
    assert [c.collection_name for c in rest.collections] == ["c"]
    assert not rest.HasField("pagination_token")
    with pytest.raises(BadRequestError, match="the field 'nme' is unknown"):
        names(filter="nme:a")
    with pytest.raises(BadRequestError, match="is not field:value"):
        names(filter="a b c")
    with pytest.raises(BadRequestError, match="Invalid pagination_token"):
        names(pagination_token="x")


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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.create(""), "name"),
        (lambda c: c.create("x", metric_space="cosin"), "did you mean 'cosine'"),
        (lambda c: c.create("x", metric_space=9), "a value of its enum"),
        (lambda c: c.create("x", chunk_configuration={}), "exactly one of"),
        (lambda c: c.create("x", chunk_configuration="x"), "must be a dict or a"),
        (lambda c: c.create("x", chunk_configuration={**CHARS, "bytes_configuration": {}}), "one"),
        (
            lambda c: c.create("x", chunk_configuration={"chars_configuration": {}}),
            "'max_chunk_size_chars'.* is missing",
        ),
        (
            lambda c: c.create(
                "x",
                chunk_configuration={
                    "chars_configuration": {"max_chunk_size_chars": 5, "chunk_overlap_chars": 5}
                },
            ),
            "the overlap 5 must be smaller than the chunk size 5",
        ),
        (lambda c: c.create("x", field_definitions=[{"key": "a"}]), "'required'.* is missing"),
        (lambda c: c.create("x", field_definitions=YEAR), "field_definitions must be a list"),
        (lambda c: c.create("x", field_definitions=[YEAR, YEAR]), "have the same key 'year'"),
        (lambda c: c.create("x", field_definitions=[{**YEAR, "uniqe": 1}]), "mean 'unique'"),
        (lambda c: c.update("id"), "there is nothing to update"),
        (
            lambda c: c.update("id", field_definitions=[{"key": "a", "operation": "remove"}]),
            "must be one of 'add', 'delete'",
        ),
        (lambda c: c.get(""), "collection_id"),
        (lambda c: c.list(limit=0), "limit must be an integer from 1"),
        (lambda c: c.list(order="up"), "order must be one of 'asc', 'desc'"),
        (lambda c: c.list(sort_by="size"), "sort_by must be one of 'name', 'age'"),
        (lambda c: c.list_documents("id", sort_by="date"), "sort_by must be one of"),
        (lambda c: c.search("", ["id"]), "query"),
        (lambda c: c.search("q", []), "collection_ids is empty"),
        (lambda c: c.search("q", "id"), r"Pass \['id'\]"),
        (lambda c: c.search("q", ["id"], 0), "limit"),
        (lambda c: c.search("q", ["id"], retrieval_mode="fuzzy"), "retrieval_mode must be one of"),
        (lambda c: c.search("q", ["id"], retrieval_mode=3), "one of their messages"),
        (
            lambda c: c.search("q", ["id"], retrieval_mode=documents_pb2.SemanticRetrieval),
            "one of their messages",
        ),
        (lambda c: c.upload_document("id", "a", b"x", {"k": 1}), r"fields\['k'\] must be a string"),
        (lambda c: c.upload_document("id", "a", b"x", wait_for_indexing=1), "True or False"),
        (lambda c: c.upload_document("", "a", b"x"), "collection_id"),
        (lambda c: c.upload_document("id", "a", 3), "file"),
        (lambda c: c.get_document("", "id"), "file_id"),
        (lambda c: c.batch_get_documents("id", []), "file_ids is empty"),
        (lambda c: c.update_document("id", "f"), "there is nothing to update"),
        (lambda c: c.update_document("id", "f", data="text"), "data must be bytes"),
    ],
)
def test_invalid_arguments_are_refused_before_sending(driver, server, call, words):
    with pytest.raises(InvalidRequestError, match=words):
        call(driver.collections)
    assert len(server.calls) == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("variable", [None, ""])
def test_without_a_management_key_only_search_works(server, monkeypatch, kind, variable):
    monkeypatch.delenv("XAI_MANAGEMENT_KEY", raising=False)
    if variable is not None:
        monkeypatch.setenv("XAI_MANAGEMENT_KEY", variable)
    driver = Driver(kind, api_key=server.api_key, api_host=server.target)
    with pytest.raises(ConfigurationError, match="management_api_key=.*XAI_MANAGEMENT_KEY"):
        driver.collections.list()
    with pytest.raises(ConfigurationError, match="management"):
        driver.collections.upload_document("id", "a.txt", b"x")
    assert len(server.calls) == 0
    with pytest.raises(NotFoundError, match="Collection not found: id"):
        driver.collections.search("q", ["id"])
    driver.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_key_can_come_from_the_environment(server, monkeypatch, kind):
    monkeypatch.setenv("XAI_MANAGEMENT_KEY", server.management_key)
    driver = Driver(
        kind,
        api_key=server.api_key,
        api_host=server.target,
        management_api_host=server.target,
    )
    assert driver.collections.create("x").collection_id
    # A derived client shares the connection and has other defaults.
    derived = driver.client.with_options(metadata={"x-team": "a"})
    driver.run(lambda: derived.collections.list())
    assert server.calls.last.header("x-team") == "a"
    driver.close()


def test_the_kinds_of_keys_are_apart(server):
    options = {"api_host": server.target, "management_api_host": server.target}
    swapped = Driver(
        "sync", api_key=server.management_key, management_api_key=server.api_key, **options
    )
    with pytest.raises(AuthenticationError, match="is an API key, but .* needs a management key"):
        swapped.collections.list()
    with pytest.raises(AuthenticationError, match="is a management key, but .* needs an API key"):
        swapped.files.list()
    swapped.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"management_api_key": ""}, "the management API key is empty"),
        ({"management_api_key": "a b"}, "the management API key contains a space"),
        ({"management_api_key": 3}, "the management API key must be a string"),
        ({"management_api_key": "k", "management_api_host": "https://x"}, "must be a host"),
        ({"management_api_host": "a:b"}, "management_api_host must have the form"),
        ({"management_api_host": ""}, "management_api_host is empty"),
    ],
)
def test_invalid_management_arguments_are_refused(server, arguments, words):
    from xai_vision import Client

    with pytest.raises(ConfigurationError, match=words) as error:
        Client(server.api_key, api_host=server.target, **arguments)
    assert "a b" not in str(error.value)


def test_the_management_key_is_not_shown(server):
    from xai_vision import Client

    client = Client(server.api_key, "mgmt-secret-123", api_host=server.target)
    assert "mgmt-secret-123" not in repr(client)
    assert "mgmt-secret-123" not in repr(client._management_config)
    client.close()


def test_the_public_module_has_the_types():
    assert public.DEFAULT_INDEXING_TIMEOUT.total_seconds() == 120
    assert public.DEFAULT_INDEXING_POLL_INTERVAL.total_seconds() == 10
