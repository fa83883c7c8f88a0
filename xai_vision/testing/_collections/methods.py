"""The methods of the services Collections and Documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from xai_vision.proto import collections_pb2, documents_pb2, empty_pb2, shared_pb2
from xai_vision.proto.collections_pb2_grpc import Collections as Rpc
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.testing._collections.collection import DEFAULT_MODEL, Collection, Document
from xai_vision.testing._collections.conditions import parse_filter
from xai_vision.testing._collections.search import check_chunking, search
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._paging import page

if TYPE_CHECKING:
    from xai_vision.testing._service.engine import Engine

_COLLECTION_FIELDS: Final = ("collection_name", "created_at", "documents_count")
_DOCUMENT_FIELDS: Final = ("name", "status")
T = TypeVar("T")


def _create(engine: Engine, request: collections_pb2.CreateCollectionRequest, *_: Any) -> Any:
    if not request.collection_name.strip():
        raise invalid_argument("The collection has no name.")
    check_chunking(request.chunk_configuration)
    definitions = {definition.key: definition for definition in request.field_definitions}
    if len(definitions) < len(request.field_definitions) or "" in definitions:
        raise invalid_argument("The keys of field definitions must be unique and not empty.")
    collection = engine.collections.create(f"collection_{engine.new_id()}", request.collection_name)
    collection.model_name = request.index_configuration.model_name or DEFAULT_MODEL
    collection.chunking = request.chunk_configuration
    collection.definitions = definitions
    if request.HasField("collection_description"):
        collection.description = request.collection_description
    return collection.message(engine.files)


def _list(engine: Engine, request: collections_pb2.ListCollectionsRequest, *_: Any) -> Any:
    filter_ = parse_filter(request.filter, _COLLECTION_FIELDS)
    listed = [
        collection
        for collection in engine.collections.all()
        if filter_(
            {
                "collection_name": collection.name,
                "created_at": collection.created,
                "documents_count": len(collection.documents),
            }
        )
    ]
    by_name = (
        request.HasField("sort_by") and request.sort_by == collections_pb2.COLLECTIONS_SORT_BY_NAME
    )

    def position(collection: Collection) -> list[Any]:
        return [collection.name if by_name else 0, collection.number]

    listed, token = _page(request, listed, position, "collections")
    return collections_pb2.ListCollectionsResponse(
        collections=[collection.message(engine.files) for collection in listed],
        pagination_token=token,
    )


def _get(engine: Engine, request: Any, *_: Any) -> Any:
    return engine.collections.get(request.collection_id).message(engine.files)


def _delete(engine: Engine, request: Any, *_: Any) -> Any:
    engine.collections.delete(request.collection_id)
    return empty_pb2.Empty()


def _update(engine: Engine, request: collections_pb2.UpdateCollectionRequest, *_: Any) -> Any:
    collection = engine.collections.get(request.collection_id)
    check_chunking(request.chunk_configuration)
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
    del collection.documents[document.file_id]
    return empty_pb2.Empty()


def _document(engine: Engine, request: Any, *_: Any) -> Any:
    collection, document = _find(engine, request)
    return _polled(engine, collection, document)


def _polled(
    engine: Engine, collection: Collection, document: Document
) -> collections_pb2.DocumentMetadata:
    """Count a call for a document's state, and return the state."""
    document.polls += 1
    return engine.collections.message(collection, document)


def _batch_documents(
    engine: Engine, request: collections_pb2.BatchGetDocumentsRequest, *_: Any
) -> Any:
    collection = engine.collections.get(request.collection_id)
    documents = [engine.collections.document(collection, file_id) for file_id in request.file_ids]
    return collections_pb2.BatchGetDocumentsResponse(
        documents=[_polled(engine, collection, document) for document in documents]
    )


def _list_documents(engine: Engine, request: collections_pb2.ListDocumentsRequest, *_: Any) -> Any:
    collection = engine.collections.get(request.collection_id)
    numbers = {file_id: document.number for file_id, document in collection.documents.items()}
    messages = [_polled(engine, collection, document) for document in collection.documents.values()]
    filter_ = parse_filter(request.filter, _DOCUMENT_FIELDS)
    listed = [message for message in messages if filter_(_values(message))]
    sort_key = _SORT_KEYS.get(request.sort_by, _age) if request.HasField("sort_by") else _age

    def position(message: collections_pb2.DocumentMetadata) -> list[Any]:
        return [sort_key(message), numbers[message.file_metadata.file_id]]

    listed, token = _page(request, listed, position, f"documents {request.collection_id}")
    return collections_pb2.ListDocumentsResponse(documents=listed, pagination_token=token)


def _values(message: collections_pb2.DocumentMetadata) -> dict[str, str | float]:
    return {
        "name": message.file_metadata.name,
        "status": collections_pb2.DocumentStatus.Name(message.status),
        **{f"fields.{key}": value for key, value in message.fields.items()},
    }


def _age(message: Any) -> int:
    return 0  # Documents with the same key are in the order in which they were added.


_SORT_KEYS: Final[dict[int, Callable[[Any], Any]]] = {
    collections_pb2.DOCUMENTS_SORT_BY_NAME: lambda message: message.file_metadata.name,
    collections_pb2.DOCUMENTS_SORT_BY_SIZE: lambda message: message.file_metadata.size_bytes,
    collections_pb2.DOCUMENTS_SORT_BY_AGE: _age,
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
    if request.HasField("limit") and request.limit < 1:
        raise invalid_argument(f"limit must be at least 1, but it is {request.limit}.")
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
    request: Any, items: Iterable[T], position: Callable[[T], list[Any]], scope: str
) -> tuple[list[T], str | None]:
    # "desc" is the default of the service.
    descending = request.order != shared_pb2.ORDERING_ASCENDING
    scope = f"{scope} {request.sort_by} {descending}"
    return page(items, request, position, scope, descending=descending)


def _locked(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let a handler hold the lock of the collections. No handler calls functions of the test."""

    def handle(engine: Engine, request: Any, *others: Any) -> Any:
        with engine.collections.lock:
            return handler(engine, request, *others)

    return handle


_HANDLERS: Final[dict[Any, Any]] = {
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
UNARY: Final[dict[Any, Any]] = {method: _locked(handler) for method, handler in _HANDLERS.items()}
