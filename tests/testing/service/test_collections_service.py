"""The fake server's collections, over plain gRPC."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.testing.grpc_calls import open_caller
from tests.testing.service.service_calls import Stub, refused
from tests.testing.waiting import LIMIT
from xai_vision.proto import collections_pb2 as pb
from xai_vision.proto import documents_pb2, shared_pb2, types_pb2
from xai_vision.proto.collections_pb2_grpc import Collections, CollectionsStub
from xai_vision.proto.documents_pb2_grpc import DocumentsStub
from xai_vision.testing import FakeServer, Fault, ServiceError
from xai_vision.testing._collections.conditions import parse_filter


@pytest.fixture
def stub(server, caller):
    return Stub(CollectionsStub(caller.channel), server.management_key)


@pytest.fixture
def search(server, caller):
    documents = Stub(DocumentsStub(caller.channel), server.api_key)

    def search(query, *collection_ids, **fields):
        source = {"collection_ids": collection_ids}
        return documents.Search(documents_pb2.SearchRequest(query=query, source=source, **fields))

    return search


def create(stub, name="x", **fields):
    request = pb.CreateCollectionRequest(collection_name=name, **fields)
    return stub.CreateCollection(request).collection_id


def add(server, stub, collection_id, *contents):
    """Add documents named "0", "1", ... in the collection."""
    ids = []
    for index, content in enumerate(contents):
        ids.append(f"{collection_id}-{index}")
        server.files[ids[-1]] = content
        stub.AddDocumentToCollection(
            pb.AddDocumentToCollectionRequest(collection_id=collection_id, file_id=ids[-1])
        )
    return ids


def document(stub, collection_id, file_id):
    return stub.GetDocumentMetadata(
        pb.GetDocumentMetadataRequest(collection_id=collection_id, file_id=file_id)
    )


def listed(stub, collection_id, **fields):
    request = pb.ListDocumentsRequest(collection_id=collection_id, **fields)
    return stub.ListDocuments(request)


def file_ids(page):
    return [document.file_metadata.file_id for document in page.documents]


def test_deleted_and_expired_files_leave_their_collections(server, stub, search):
    server.indexing(ready_after=0)
    collection_id = create(stub)
    kept, deleted = add(server, stub, collection_id, b"a pump", b"a pump too")
    expiring = server.files.add("c.txt", b"a third pump", 3600).file_id
    stub.AddDocumentToCollection(
        pb.AddDocumentToCollectionRequest(collection_id=collection_id, file_id=expiring)
    )
    assert len(listed(stub, collection_id).documents) == 3
    del server.files[deleted]
    server.clock.skip(hours=1)
    assert file_ids(listed(stub, collection_id)) == [kept]
    assert [match.file_id for match in search("pump", collection_id).matches] == [kept]
    request = pb.GetCollectionMetadataRequest(collection_id=collection_id)
    metadata = stub.GetCollectionMetadata(request)
    assert (metadata.documents_count, metadata.total_file_size) == (1, 6)
    assert refused(document, stub, collection_id, deleted)[0] == "NOT_FOUND"


def test_pages_continue_after_a_removal(server, stub):
    collection_id = create(stub)
    ids = add(server, stub, collection_id, *[b"x"] * 5)
    page = listed(stub, collection_id, limit=2)
    assert file_ids(page) == ids[:2:-1]
    stub.RemoveDocumentFromCollection(
        pb.RemoveDocumentFromCollectionRequest(collection_id=collection_id, file_id=ids[3])
    )
    token = page.pagination_token
    assert file_ids(listed(stub, collection_id, pagination_token=token)) == ids[2::-1]
    for changes in (
        {"order": shared_pb2.ORDERING_ASCENDING},
        {"sort_by": pb.DOCUMENTS_SORT_BY_SIZE},
    ):
        status, words = refused(listed, stub, collection_id, pagination_token=token, **changes)
        assert status == "INVALID_ARGUMENT"
        assert "Invalid pagination_token. It belongs to a list with another order" in words
    assert "or to another list" in refused(listed, stub, create(stub), pagination_token=token)[1]


@pytest.mark.parametrize("sort_by", [pb.DOCUMENTS_SORT_BY_SIZE, pb.DOCUMENTS_SORT_BY_NAME])
def test_documents_with_the_same_key_are_all_listed(server, stub, sort_by):
    collection_id = create(stub)
    ids = add(server, stub, collection_id, b"aa", b"a", b"aa", b"a", b"aa")
    read, token = [], None
    while token != "":
        page = listed(stub, collection_id, limit=1, sort_by=sort_by, pagination_token=token or None)
        read += file_ids(page)
        token = page.pagination_token
    assert sorted(read) == ids
    if sort_by == pb.DOCUMENTS_SORT_BY_SIZE:
        assert read == [ids[i] for i in (4, 2, 0, 3, 1)]


def test_the_time_of_indexing_does_not_change(server, stub):
    collection_id = create(stub)
    [file_id] = add(server, stub, collection_id, b"x")
    assert document(stub, collection_id, file_id).status == pb.DOCUMENT_STATUS_PROCESSING
    ready = document(stub, collection_id, file_id)
    assert ready.status == pb.DOCUMENT_STATUS_PROCESSED
    server.clock.skip(hours=1)
    assert document(stub, collection_id, file_id).last_indexed_at == ready.last_indexed_at
    stub.ReIndexDocument(pb.ReIndexDocumentRequest(collection_id=collection_id, file_id=file_id))
    assert document(stub, collection_id, file_id).status == pb.DOCUMENT_STATUS_PROCESSING
    again = document(stub, collection_id, file_id)
    assert again.last_indexed_at.seconds > ready.last_indexed_at.seconds + 3000


@pytest.mark.parametrize(
    "state",
    [
        lambda stub, cid, fid: document(stub, cid, fid),
        lambda stub, cid, fid: listed(stub, cid).documents[0],
        lambda stub, cid, fid: stub.BatchGetDocuments(
            pb.BatchGetDocumentsRequest(collection_id=cid, file_ids=[fid])
        ).documents[0],
    ],
)
def test_each_way_to_the_state_counts_as_a_poll(server, stub, state):
    server.indexing(ready_after=2)
    collection_id = create(stub)
    [file_id] = add(server, stub, collection_id, b"x")
    states = [state(stub, collection_id, file_id).status for _ in range(4)]
    assert states == [pb.DOCUMENT_STATUS_PROCESSING] * 2 + [pb.DOCUMENT_STATUS_PROCESSED] * 2


@pytest.mark.parametrize(
    "config",
    [
        {"chars_configuration": {"max_chunk_size_chars": 5, "chunk_overlap_chars": 5}},
        {"chars_configuration": {}},
        {"tokens_configuration": {"max_chunk_size_tokens": 0}},
        {"tokens_configuration": {"max_chunk_size_tokens": 4, "chunk_overlap_tokens": -1}},
        {"bytes_configuration": {"max_chunk_size_bytes": 1, "chunk_overlap_bytes": 2}},
    ],
)
def test_chunk_sizes_are_checked(stub, config):
    chunking = types_pb2.ChunkConfiguration(**config)
    status, words = refused(create, stub, chunk_configuration=chunking)
    assert status == "INVALID_ARGUMENT"
    assert "overlap of chunks must be less than their size" in words
    collection_id = create(stub)
    request = pb.UpdateCollectionRequest(collection_id=collection_id, chunk_configuration=chunking)
    assert refused(stub.UpdateCollection, request)[1] == words


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ({"chars_configuration": {"max_chunk_size_chars": 10, "chunk_overlap_chars": 2}}, 5),
        ({"tokens_configuration": {"max_chunk_size_tokens": 5, "chunk_overlap_tokens": 0}}, 3),
        ({"bytes_configuration": {"max_chunk_size_bytes": 40, "chunk_overlap_bytes": 8}}, 5),
        ({}, 1),
    ],
)
def test_documents_are_divided_into_chunks(server, stub, search, config, count):
    server.indexing(ready_after=0)
    chunking = types_pb2.ChunkConfiguration(**config)
    collection_id = create(stub, chunk_configuration=chunking)
    [file_id] = add(server, stub, collection_id, b"pump a pump b pump c pump d pump e pump")
    document(stub, collection_id, file_id)
    chunks = search("pump", collection_id, limit=100).matches
    assert len(chunks) == document(stub, collection_id, file_id).chunk_count == count


@pytest.mark.parametrize("definitions", [[{"key": "a"}, {"key": "a"}], [{"key": ""}]])
def test_keys_of_fields_are_checked(stub, definitions):
    status, words = refused(create, stub, field_definitions=definitions)
    assert status == "INVALID_ARGUMENT"
    assert "unique and not empty" in words


def test_search_is_checked(server, stub, search):
    collection_id = create(stub)
    assert refused(search, "x", collection_id, limit=0) == (
        "INVALID_ARGUMENT",
        "limit must be at least 1, but it is 0.",
    )
    assert refused(search, " ", collection_id)[1] == "The query is empty."
    assert refused(search, "x")[1] == "The request names no collection."
    assert refused(search, "x", "c") == ("NOT_FOUND", "Collection not found: c")
    assert search("x", collection_id).matches == []


def test_a_document_in_two_collections_is_found_once(server, stub, search):
    server.indexing(ready_after=0)
    first, second = create(stub, "a"), create(stub, "b")
    server.files["f"] = b"a pump"
    for collection_id in (first, second):
        stub.AddDocumentToCollection(
            pb.AddDocumentToCollectionRequest(collection_id=collection_id, file_id="f")
        )
        document(stub, collection_id, "f")
    [match] = search("pump", first, second, first).matches
    assert list(match.collection_ids) == [first, second]


def test_filters_by_time_and_quoted_words(server, stub):
    create(stub, "R AND D")
    server.clock.skip(days=1)
    create(stub, "new")
    day = datetime.fromtimestamp(server.clock.time() - 3600, timezone.utc)

    def names(text):
        page = stub.ListCollections(pb.ListCollectionsRequest(filter=text))
        return [collection.collection_name for collection in page.collections]

    assert names('collection_name:"R AND D"') == ["R AND D"]
    assert names('collection_name:"R AND D" AND documents_count:0') == ["R AND D"]
    assert names(f'created_at:>"{day.isoformat()}"') == ["new"]
    assert names(f"created_at:<{day:%Y-%m-%dT%H:%M:%SZ}") == ["R AND D"]
    assert names(f"created_at:>={day.timestamp()}") == ["new"]
    for text, words in (
        ("created_at:>yesterday", "is not a time in ISO 8601 form"),
        ("documents_count:>many", "not a number"),
        ("collection_name:", "is not field:value"),
        ("AND", "is not field:value"),
    ):
        status, details = refused(names, text)
        assert status == "INVALID_ARGUMENT"
        assert words in details
    collection_id = create(stub)  # A mistake is found although there are no documents.
    assert (
        "'size' is unknown. Known are name, status"
        in refused(listed, stub, collection_id, filter="size:>1")[1]
    )
    assert "is not a DocumentStatus" in refused(listed, stub, collection_id, filter="status:OK")[1]


@given(st.text())
def test_every_filter_is_an_answer_or_an_error(text):
    error = None
    try:
        values = {"name": "a", "created_at": 1.0, "status": "x"}
        result = parse_filter(text, values)(values)
    except ServiceError as failed:
        error, result = failed, False
    assert result in (True, False)
    if error is not None:
        assert error.code.name == "INVALID_ARGUMENT"
        assert error.details.startswith("Invalid filter")


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.text(st.characters(exclude_characters='"'))),
        min_size=1,
    )
)
def test_conditions_are_joined_by_and(pairs):
    text = " AND ".join(f'{field}:"{value}"' for field, value in pairs)
    values = dict(pairs)
    assert parse_filter(text, "ab")(values) is all(values[field] == value for field, value in pairs)


@pytest.mark.parametrize("method", Collections.METHODS, ids=lambda method: method.name)
def test_faults_reach_every_method(server, stub, method):
    server.fault(Fault.status("ABORTED", "injected"), next=1, method=method.name)
    assert refused(getattr(stub, method.name), method.request()) == ("ABORTED", "injected")
    assert server.calls.last.service == "collections.Collections"
    server.verify()


def test_a_fault_reaches_search(server, search):
    server.fault(Fault.status("ABORTED", "injected"), next=1, method="Search")
    assert refused(search, "x", "c") == ("ABORTED", "injected")


def test_the_kinds_of_keys_are_apart(server, stub, caller):
    own = Stub(CollectionsStub(caller.channel), server.api_key)
    status, words = refused(create, own)
    assert status == "UNAUTHENTICATED"
    assert words == "The key is an API key, but this method needs a management key."
    documents = Stub(DocumentsStub(caller.channel), server.management_key)
    status, words = refused(documents.Search, documents_pb2.SearchRequest(query="x"))
    assert status == "UNAUTHENTICATED"
    assert words == "The key is a management key, but this method needs an API key."
    assert refused(create, Stub(CollectionsStub(caller.channel), "k"))[0] == "UNAUTHENTICATED"


def test_tenants_have_their_own_collections(server, stub):
    collection_id = create(stub)
    tenant = server.tenant()
    with open_caller(server, tenant.management_key) as caller:
        theirs = Stub(CollectionsStub(caller.channel), tenant.management_key)
        request = pb.GetCollectionMetadataRequest(collection_id=collection_id)
        assert refused(theirs.GetCollectionMetadata, request)[0] == "NOT_FOUND"
        tenant.close()
        assert refused(create, theirs)[0] == "UNAUTHENTICATED"


def test_clear_removes_collections_and_the_plan(server, stub):
    server.indexing(failed="broken")
    collection_id = create(stub)
    server.clear()
    request = pb.GetCollectionMetadataRequest(collection_id=collection_id)
    assert refused(stub.GetCollectionMetadata, request)[0] == "NOT_FOUND"
    collection_id = create(stub)
    [file_id] = add(server, stub, collection_id, b"x")
    document(stub, collection_id, file_id)
    assert document(stub, collection_id, file_id).status == pb.DOCUMENT_STATUS_PROCESSED


def test_threads_change_and_list_one_collection():
    with FakeServer() as server, open_caller(server) as caller:
        stub = Stub(CollectionsStub(caller.channel), server.management_key)
        collection_id = create(stub)
        barrier = threading.Barrier(6)

        def work(number):
            barrier.wait(LIMIT)
            for index in range(10):
                name = f"{number}-{index}"
                server.files[name] = name.encode()
                stub.AddDocumentToCollection(
                    pb.AddDocumentToCollectionRequest(collection_id=collection_id, file_id=name)
                )
                listed(stub, collection_id)
                if index % 2:
                    stub.RemoveDocumentFromCollection(
                        pb.RemoveDocumentFromCollectionRequest(
                            collection_id=collection_id, file_id=name
                        )
                    )

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        expected = {f"{number}-{index}" for number in range(6) for index in range(0, 10, 2)}
        assert set(file_ids(listed(stub, collection_id))) == expected
