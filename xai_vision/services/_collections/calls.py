"""The calls about collections, described once for both clients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.rpc import RpcCall
from xai_vision.errors import ConfigurationError, InvalidRequestError
from xai_vision.proto import collections_pb2, documents_pb2
from xai_vision.proto.collections_pb2_grpc import Collections as Rpc
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.services._collections import values
from xai_vision.services._collections.common import (
    describe_change,
    id_of,
    nothing,
    set_page,
)
from xai_vision.services._rpcs import Call, describe, unchanged

Collection: TypeAlias = collections_pb2.CollectionMetadata


def no_management_key() -> ConfigurationError:
    """Make the error for a client without a management key."""
    return ConfigurationError(
        "collections need a management API key. Pass management_api_key= to the client or set the "
        "environment variable XAI_MANAGEMENT_KEY"
    )


def create(
    name: str,
    model_name: str | None,
    chunk_configuration: Any,
    metric_space: Any,
    field_definitions: Any,
    description: str | None,
    call: Call,
) -> RpcCall[Collection, Collection]:
    """Describe the creation of a collection."""
    request = collections_pb2.CreateCollectionRequest(
        collection_name=checks.string("name", name, empty=False)
    )
    if model_name is not None:
        request.index_configuration.model_name = checks.string("model_name", model_name)
    if chunk_configuration is not None:
        request.chunk_configuration.CopyFrom(values.chunk_configuration(chunk_configuration))
    if metric_space is not None:
        request.metric_space = values.enum_value("metric_space", metric_space, values.METRICS)
    if field_definitions is not None:
        request.field_definitions.extend(values.field_definitions(field_definitions))
    if description is not None:
        request.collection_description = checks.string("description", description)
    return describe_change(
        Rpc.CreateCollection, request, unchanged, call, "create_collection", _of_collection
    )


def list_collections(
    limit: int | None,
    order: Any,
    sort_by: Any,
    filter_: str | None,
    pagination_token: str | None,
    call: Call,
) -> RpcCall[collections_pb2.ListCollectionsResponse, collections_pb2.ListCollectionsResponse]:
    """Describe the request for a page of collections."""
    request = collections_pb2.ListCollectionsRequest()
    set_page(request, limit, order, filter_, pagination_token)
    if sort_by is not None:
        request.sort_by = values.enum_value("sort_by", sort_by, values.COLLECTION_SORT_KEYS)
    return describe(Rpc.ListCollections, request, unchanged, call)


def get(collection_id: str, call: Call) -> RpcCall[Collection, Collection]:
    """Describe the request for a collection."""
    request = collections_pb2.GetCollectionMetadataRequest(collection_id=id_of(collection_id))
    return describe(Rpc.GetCollectionMetadata, request, unchanged, call)


def update(
    collection_id: str,
    name: str | None,
    chunk_configuration: Any,
    field_definitions: Any,
    description: str | None,
    call: Call,
) -> RpcCall[Collection, Collection]:
    """Describe the change of a collection."""
    request = collections_pb2.UpdateCollectionRequest(collection_id=id_of(collection_id))
    changes = (name, chunk_configuration, field_definitions, description)
    if all(change is None for change in changes):
        raise InvalidRequestError(
            "there is nothing to update. Pass name, chunk_configuration, field_definitions or "
            "description"
        )
    if name is not None:
        request.collection_name = checks.string("name", name, empty=False)
    if chunk_configuration is not None:
        request.chunk_configuration.CopyFrom(values.chunk_configuration(chunk_configuration))
    if field_definitions is not None:
        request.field_definition_updates.extend(values.field_updates(field_definitions))
    if description is not None:
        request.collection_description = checks.string("description", description)
    return describe_change(
        Rpc.UpdateCollection, request, unchanged, call, "update_collection", _of_collection
    )


def delete(collection_id: str, call: Call) -> RpcCall[Any, None]:
    """Describe the deletion of a collection."""
    request = collections_pb2.DeleteCollectionRequest(collection_id=id_of(collection_id))
    return describe_change(Rpc.DeleteCollection, request, nothing, call, "delete_collection")


def search(
    query: str,
    collection_ids: Sequence[str],
    limit: int | None,
    instructions: str | None,
    retrieval_mode: Any,
    call: Call,
) -> RpcCall[documents_pb2.SearchResponse, documents_pb2.SearchResponse]:
    """Describe a search."""
    ids = checks.strings("collection_ids", collection_ids, empty=False)
    if not ids:
        raise InvalidRequestError("collection_ids is empty. Pass at least one id")
    mode = {} if retrieval_mode is None else values.retrieval_mode(retrieval_mode)
    request = documents_pb2.SearchRequest(
        query=checks.string("query", query, empty=False),
        source=documents_pb2.DocumentsSource(collection_ids=ids),
        limit=checks.optional_integer("limit", limit, 1),
        instructions=checks.optional_string("instructions", instructions),
        **mode,
    )
    return describe(Documents.Search, request, unchanged, call)


def generate_description(
    collection_id: str, call: Call
) -> RpcCall[collections_pb2.GenerateCollectionDescriptionResponse, str]:
    """Describe the generation of a description."""
    request = collections_pb2.GenerateCollectionDescriptionRequest(
        collection_id=id_of(collection_id)
    )
    return describe_change(
        Rpc.GenerateCollectionDescription,
        request,
        lambda reply: reply.collection_description,
        call,
        "generate_collection_description",
    )


def _of_collection(collection: Collection) -> dict[str, Any]:
    return {
        "collection.id": collection.collection_id,
        "collection.name": collection.collection_name,
    }
