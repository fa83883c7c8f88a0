"""Search in collections over REST."""

from __future__ import annotations

import grpc

from tests.rest.http_client import ask
from xai_vision.proto import collections_pb2
from xai_vision.proto.collections_pb2_grpc import CollectionsStub


def test_documents_are_searched(server):
    server.indexing(ready_after=0)
    with grpc.insecure_channel(server.target) as channel:
        stub = CollectionsStub(channel)
        key = (("authorization", f"Bearer {server.management_key}"),)
        created = stub.CreateCollection(
            collections_pb2.CreateCollectionRequest(collection_name="x"), metadata=key
        )
        server.files["f"] = b"The pump has 5 bar."
        stub.AddDocumentToCollection(
            collections_pb2.AddDocumentToCollectionRequest(
                collection_id=created.collection_id, file_id="f"
            ),
            metadata=key,
        )
        stub.ListDocuments(
            collections_pb2.ListDocumentsRequest(collection_id=created.collection_id), metadata=key
        )
    body = {"query": "pump", "collection_ids": [created.collection_id], "max_num_results": 5}
    for mode in ({}, {"mode": "keyword"}, {"mode": "semantic"}, {"mode": "hybrid"}):
        [match] = ask(server, "POST", "/documents/search", {**body, **mode}).json["results"]
        assert (match["file_id"], match["content"]) == ("f", "The pump has 5 bar.")
        assert match["score"] > 0
    for change, status, words in (
        ({"query": ""}, 400, "The query is empty"),
        ({"collection_ids": "c"}, 422, "collection_ids must be a list"),
        ({"collection_ids": ["c"]}, 404, "Collection not found: c"),
        ({"mode": "fuzzy"}, 422, "mode must be one of 'hybrid'"),
        ({"max_num_results": 0}, 400, "limit must be at least 1"),
        ({"limit": 3}, 400, "has no key 'limit'"),
    ):
        reply = ask(server, "POST", "/documents/search", {**body, **change})
        assert reply.status == status
        assert words in reply.json["error"]
