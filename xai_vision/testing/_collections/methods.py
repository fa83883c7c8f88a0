"""The methods of the services Collections and Documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from xai_vision.proto import collections_pb2, documents_pb2, empty_pb2, shared_pb2
from xai_vision.proto.collections_grpc import Collections as Rpc
from xai_vision.proto.documents_grpc import Documents
from xai_vision.testing._collections.collection import DEFAULT_MODEL, Collection, Document
from xai_vision.testing._collections.conditions import matches
from xai_vision.testing._collections.search import search
from xai_vision.testing._errors import invalid_argument

if TYPE_CHECKING:
    from xai_vision.testing._service.engine import Engine

_PAGE: Final = 100
T = TypeVar("T")


def _create(engine: Engine, request: collections_pb2.CreateCollectionRequest, *_: Any) -> Any:
    if not request.collection_name.strip():
        raise invalid_argument("The collection has no name.")
    collection = Collection(
        collection_id=f"collection_{engine.new_id()}",
        name=request.collection_name,
        created=engine.clock.time(),
        model_name=request.index_configuration.model_name or DEFAULT_MODEL,
        chunking=request.chunk_configuration,
        definitions={definition.key: definition for definition in request.field_definitions},
    )
    if request.HasField("collection_description"):
        collection.description = request.collection_description
    engine.collections.put(collection)
    return collection.message(engine.files)


def _list(engine: Engine, request: collections_pb2.ListCollectionsRequest, *_: Any) -> Any:
    listed = [
        collection
        for collection in engine.collections.all()
        if matches(
            request.filter,
            {
                "collection_name": collection.name,
                "created_at": collection.created,
                "documents_count": len(collection.documents),
            },
        )
    ]
    if request.HasField("sort_by") and request.sort_by == collections_pb2.COLLECTIONS_SORT_BY_NAME:
        listed.sort(key=lambda collection: collection.name)
    page, token = _page(listed, request, lambda collection: collection.collection_id)
    return collections_pb2.ListCollectionsResponse(
        collections=[collection.message(engine.files) for collection in page],
        pagination_token=token,
    )


def _get(engine: Engine, request: Any, *_: Any) -> Any:
    return engine.collections.get(request.collection_id).message(engine.files)


def _delete(engine: Engine, request: Any, *_: Any) -> Any:
    engine.collections.delete(request.collection_id)
    return empty_pb2.Empty()


def _update(engine: Engine, request: collections_pb2.UpdateCollectionRequest, *_: Any) -> Any:
    store = engine.collections
    collection = store.get(request.collection_id)
    with store.lock:
        definitions = dict(collection.definitions)
        for change in request.field_definition_updates:
            key = change.field_definition.key
            if change.operation == collections_pb2.FIELD_DEFINITION_ADD:
                if key in definitions:
                    raise invalid_argument(f"The field {key!r:.80} exists already.")
                definitions[key] = change.field_definition
            elif definitions.pop(key, None) is None:
                raise invalid_argument(f"The collection has no field {key!r:.80}.")
        for document in collection.documents.values():
            document.fields = {k: v for k, v in document.fields.items() if k in definitions}
        collection.definitions = definitions
        if request.HasField("collection_name"):
            collection.name = request.collection_name
        if request.HasField("chunk_configuration"):
            collection.chunking = request.chunk_configuration
        if request.HasField("collection_description"):
            collection.description = request.collection_description
    return collection.message(engine.files)


def _add_document(
    engine: Engine, request: collections_pb2.AddDocumentToCollectionRequest, *_: Any
) -> Any:
    collection = engine.collections.get(request.collection_id)
    engine.collections.add_document(collection, request.file_id, request.fields)
    return empty_pb2.Empty()


def _remove_document(engine: Engine, request: Any, *_: Any) -> Any:
    collection, document = _find(engine, request)
    with engine.collections.lock:
        del collection.documents[document.file_id]
    return empty_pb2.Empty()


def _document(engine: Engine, request: Any, *_: Any) -> Any:
    collection, document = _find(engine, request)
    document.polls += 1
    return engine.collections.message(collection, document)


def _batch_documents(
    engine: Engine, request: collections_pb2.BatchGetDocumentsRequest, *_: Any
) -> Any:
    collection = engine.collections.get(request.collection_id)
    documents = [engine.collections.document(collection, file_id) for file_id in request.file_ids]
    return collections_pb2.BatchGetDocumentsResponse(
        documents=[engine.collections.message(collection, document) for document in documents]
    )


def _list_documents(engine: Engine, request: collections_pb2.ListDocumentsRequest, *_: Any) -> Any:
    collection = engine.collections.get(request.collection_id)
    messages = [
        engine.collections.message(collection, document)
        for document in list(collection.documents.values())
    ]
    listed = [message for message in messages if matches(request.filter, _values(message))]
    if request.HasField("sort_by"):
        listed.sort(key=_SORT_KEYS[request.sort_by])
    page, token = _page(listed, request, lambda message: message.file_metadata.file_id)
    return collections_pb2.ListDocumentsResponse(documents=page, pagination_token=token)


def _values(message: collections_pb2.DocumentMetadata) -> dict[str, str | float]:
    return {
        "name": message.file_metadata.name,
        "status": collections_pb2.DocumentStatus.Name(message.status),
        **{f"fields.{key}": value for key, value in message.fields.items()},
    }


_SORT_KEYS: Final[dict[int, Callable[[Any], Any]]] = {
    collections_pb2.DOCUMENTS_SORT_BY_NAME: lambda message: message.file_metadata.name,
    collections_pb2.DOCUMENTS_SORT_BY_SIZE: lambda message: message.file_metadata.size_bytes,
    collections_pb2.DOCUMENTS_SORT_BY_AGE: lambda message: 0,  # they are in this order
}


def _update_document(
    engine: Engine, request: collections_pb2.UpdateDocumentRequest, *_: Any
) -> Any:
    collection, document = _find(engine, request)
    engine.collections.update_fields(collection, document, request.fields)
    if request.HasField("name"):
        document.name = request.name
    if request.HasField("content_type"):
        document.content_type = request.content_type
    if request.HasField("data"):
        engine.files[document.file_id] = request.data
        engine.collections.reindex(document)
    return engine.collections.message(collection, document)


def _reindex(engine: Engine, request: Any, *_: Any) -> Any:
    document = _find(engine, request)[1]
    engine.collections.reindex(document)
    return empty_pb2.Empty()


def _describe(engine: Engine, request: Any, *_: Any) -> Any:
    collection = engine.collections.get(request.collection_id)
    names = sorted(
        document.name or engine.files.entry(document.file_id).name
        for document in collection.documents.values()
    )
    text = f"{len(names)} documents: {', '.join(names[:10])}" if names else ""
    return collections_pb2.GenerateCollectionDescriptionResponse(collection_description=text)


def _search(engine: Engine, request: documents_pb2.SearchRequest, *_: Any) -> Any:
    if not request.query.strip():
        raise invalid_argument("The query is empty.")
    if not request.source.collection_ids:
        raise invalid_argument("The request names no collection.")
    chunks = engine.collections.chunks(request.source.collection_ids)
    return documents_pb2.SearchResponse(
        matches=[
            documents_pb2.SearchMatch(
                file_id=chunk.file_id,
                chunk_id=chunk.chunk_id,
                chunk_content=chunk.text,
                score=score,
                collection_ids=chunk.collection_ids,
            )
            for score, chunk in search(request, chunks)
        ]
    )


def _find(engine: Engine, request: Any) -> tuple[Collection, Document]:
    collection = engine.collections.get(request.collection_id)
    return collection, engine.collections.document(collection, request.file_id)


def _page(
    items: Sequence[T], request: Any, id_of: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """Return the items of a page, and the token of the next page: the id of the page's last item.

    Raises:
        ServiceError: INVALID_ARGUMENT if the token is unknown.
    """
    # "desc" is the default of the service.
    if request.order != shared_pb2.ORDERING_ASCENDING:
        items = items[::-1]
    start = 0
    if request.pagination_token:
        ids = list(map(id_of, items))
        if request.pagination_token not in ids:
            raise invalid_argument("Invalid pagination_token. Pass that of the page before.")
        start = ids.index(request.pagination_token) + 1
    limit = min(request.limit, _PAGE) if request.limit > 0 else _PAGE
    page = items[start : start + limit]
    return page, id_of(page[-1]) if start + limit < len(items) else None


UNARY: Final[dict[Any, Any]] = {
    Rpc.CreateCollection: _create,
    Rpc.ListCollections: _list,
    Rpc.DeleteCollection: _delete,
    Rpc.GetCollectionMetadata: _get,
    Rpc.UpdateDocument: _update_document,
    Rpc.ListDocuments: _list_documents,
    Rpc.GetDocumentMetadata: _document,
    Rpc.AddDocumentToCollection: _add_document,
    Rpc.RemoveDocumentFromCollection: _remove_document,
    Rpc.ReIndexDocument: _reindex,
    Rpc.UpdateCollection: _update,
    Rpc.BatchGetDocuments: _batch_documents,
    Rpc.GenerateCollectionDescription: _describe,
    Documents.Search: _search,
}
