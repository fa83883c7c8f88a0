"""client.collections through the wire."""

from __future__ import annotations

import inspect

import pytest

from xai_vision import collections as public
from xai_vision.errors import (
    BadRequestError,
    InvalidRequestError,
    NotFoundError,
)
from xai_vision.proto import collections_pb2, documents_pb2, shared_pb2, types_pb2
from xai_vision.services._collections.async_service import AsyncCollectionsService
from xai_vision.services.collections import CollectionsService

YEAR = {"key": "year", "required": True, "inject_into_chunk": True, "unique": False}

CHARS = {"chars_configuration": {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5}}


def test_both_clients_have_the_same_methods_and_parameters():
    def parameters(service):
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in vars(service).items()
            if inspect.isfunction(method) and not name.startswith("_")
        }

    assert parameters(CollectionsService) == parameters(AsyncCollectionsService)
    assert len(parameters(CollectionsService)) == 15


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


def test_the_public_module_has_the_types():
    assert public.DEFAULT_INDEXING_TIMEOUT.total_seconds() == 120
    assert public.DEFAULT_INDEXING_POLL_INTERVAL.total_seconds() == 10
