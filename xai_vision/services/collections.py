"""``client.collections``: collections of documents, and search in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.options import CallParameters
from xai_vision._transport.sync import Transport
from xai_vision.proto import collections_pb2, documents_pb2, shared_pb2, types_pb2
from xai_vision.services._collections import calls, documents, values
from xai_vision.services._collections.calls import Collection
from xai_vision.services._collections.documents import Document, DocumentUpload
from xai_vision.services._files import calls as file_calls
from xai_vision.services._files.upload_content import FileLike

if TYPE_CHECKING:
    from typing_extensions import Unpack


class CollectionsService:
    """Collections of documents.

    All methods but ``search`` use the management API, which has its own host and key: pass
    ``management_api_key=`` to the client. Each method has the keywords of ``CallParameters`` and
    raises APIError if its call fails. Words such as ``order="asc"`` can also be values of the
    protos' enums, and dicts can be messages.

    Examples:
        >>> collection = client.collections.create("manuals")  # doctest: +SKIP
        >>> client.collections.upload_document(
        ...     collection.collection_id, "pump.txt", b"...", wait_for_indexing=True
        ... )  # doctest: +SKIP
        >>> client.collections.search("pressure", [collection.collection_id])  # doctest: +SKIP
    """

    def __init__(self, transport: Transport, management: Transport | None) -> None:
        self._transport = transport
        self._management_transport = management

    @property
    def _management(self) -> Transport:
        if self._management_transport is None:
            raise calls.no_management_key()
        return self._management_transport

    def create(
        self,
        name: str,
        model_name: str | None = None,
        chunk_configuration: values.ChunkConfiguration | types_pb2.ChunkConfiguration | None = None,
        metric_space: values.HNSWMetric | types_pb2.HNSWMetric.ValueType | None = None,
        field_definitions: (
            Sequence[values.FieldDefinition | collections_pb2.FieldDefinition] | None
        ) = None,
        description: str | None = None,
        **call: Unpack[CallParameters],
    ) -> Collection:
        """Create a collection.

        Args:
            name: The name.
            model_name: The embedding model. Default: the service's.
            chunk_configuration: How documents are split. Default: the service's choice.
            metric_space: The distance between vectors: "cosine", "euclidean", "inner_product".
            field_definitions: The metadata fields of documents.
            description: A description for models that search.
            **call: See ``CallParameters``.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid. Nothing was sent.
            APIError: The call failed.
        """
        return self._management.unary(
            calls.create(
                name,
                model_name,
                chunk_configuration,
                metric_space,
                field_definitions,
                description,
                call,
            )
        )

    def list(
        self,
        limit: int | None = None,
        order: values.Order | shared_pb2.Ordering.ValueType | None = None,
        sort_by: (
            values.CollectionSortBy | collections_pb2.CollectionsSortBy.ValueType | None
        ) = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        pagination_token: str | None = None,
        **call: Unpack[CallParameters],
    ) -> collections_pb2.ListCollectionsResponse:
        """Return a page of collections.

        Args:
            limit: The number of collections of a page, at most 100.
            order: "asc" or "desc".
            sort_by: "name" or "age".
            filter: A condition on collection_name, created_at and documents_count, such as
                ``collection_name:"SEC" AND documents_count:>10``.
            pagination_token: The token of the page before; None for the first page.
            **call: See ``CallParameters``.

        Returns:
            ``collections`` and ``pagination_token``, which is empty on the last page.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid. Nothing was sent.
            APIError: The call failed.
        """
        return self._management.unary(
            calls.list_collections(limit, order, sort_by, filter, pagination_token, call)
        )

    def get(self, collection_id: str, **call: Unpack[CallParameters]) -> Collection:
        """Return a collection.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: ``collection_id`` is empty.
            NotFoundError: The collection does not exist.
            APIError: The call failed otherwise.
        """
        return self._management.unary(calls.get(collection_id, call))

    def update(
        self,
        collection_id: str,
        name: str | None = None,
        chunk_configuration: values.ChunkConfiguration | types_pb2.ChunkConfiguration | None = None,
        field_definitions: (
            Sequence[values.FieldDefinitionUpdate | collections_pb2.FieldDefinitionUpdate] | None
        ) = None,
        description: str | None = None,
        **call: Unpack[CallParameters],
    ) -> Collection:
        """Change a collection; None leaves a value unchanged.

        ``field_definitions`` has operations: ``{"field_definition": {...}, "operation": "add"}``
        and ``{"key": "...", "operation": "delete"}``. Deleting a field removes its values from
        all documents.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid, or there is nothing to change.
            NotFoundError: The collection does not exist.
            APIError: The call failed otherwise.
        """
        return self._management.unary(
            calls.update(
                collection_id, name, chunk_configuration, field_definitions, description, call
            )
        )

    def delete(self, collection_id: str, **call: Unpack[CallParameters]) -> None:
        """Delete a collection; errors as for ``get``."""
        self._management.unary(calls.delete(collection_id, call))

    def search(
        self,
        query: str,
        collection_ids: Sequence[str],
        limit: int | None = None,
        *,
        instructions: str | None = None,
        retrieval_mode: (
            values.DocumentRetrievalMode
            | documents_pb2.HybridRetrieval
            | documents_pb2.SemanticRetrieval
            | documents_pb2.KeywordRetrieval
            | None
        ) = None,
        **call: Unpack[CallParameters],
    ) -> documents_pb2.SearchResponse:
        """Search in collections. This call uses the API and its key.

        Args:
            query: The text to search for.
            collection_ids: The ids of the collections.
            limit: The number of matches. Default 10.
            instructions: Instructions for the ranking.
            retrieval_mode: "hybrid" (default), "semantic", "keyword", or one of their messages.
            **call: See ``CallParameters``.

        Returns:
            ``matches``, the best first.

        Raises:
            InvalidRequestError: An argument is not valid. Nothing was sent.
            NotFoundError: A collection does not exist.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(
            calls.search(query, collection_ids, limit, instructions, retrieval_mode, call)
        )

    def upload_document(
        self,
        collection_id: str,
        name: str,
        data: FileLike,
        fields: Mapping[str, str] | None = None,
        *,
        wait_for_indexing: bool = False,
        poll_interval: float | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> Document:
        """Upload a file and add it to a collection.

        Args:
            collection_id: The id of the collection.
            name: The file's name.
            data: Bytes, a path, a file object or a prepared image, as for ``client.files.upload``.
            fields: The values of metadata fields.
            wait_for_indexing: Whether to wait until the document can be searched.
            poll_interval: Seconds or a timedelta between polls. Default 10 seconds.
            **call: See ``CallParameters``. With ``wait_for_indexing``, ``timeout`` limits the wait
                after the upload, not the upload itself. Default 2 minutes.

        Returns:
            The document; ``file_metadata.file_id`` is its id.

        Raises:
            ConfigurationError: The client has no management key. Nothing was sent.
            InvalidRequestError: An argument is not valid. Nothing was sent.
            IndexingError: The document could not be indexed.
            RequestTimeoutError: The document was not indexed in time.
            APIError: A call failed. If the upload was complete, the message names the file, which
                can be added with ``add_existing_document`` or deleted.
        """
        management = self._management
        upload = DocumentUpload(collection_id, fields, wait_for_indexing, poll_interval, call)
        file = self._transport.unary(file_calls.upload(data, name, None, None, upload.options))
        with documents.named_file(file):
            return management.run(upload.steps(file.id))

    def add_existing_document(
        self,
        collection_id: str,
        file_id: str,
        fields: Mapping[str, str] | None = None,
        **call: Unpack[CallParameters],
    ) -> None:
        """Add an uploaded file to a collection.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid. Nothing was sent.
            NotFoundError: The collection or the file does not exist.
            APIError: The call failed otherwise.
        """
        self._management.unary(documents.add_document(collection_id, file_id, fields, call))

    def list_documents(
        self,
        collection_id: str,
        limit: int | None = None,
        order: values.Order | shared_pb2.Ordering.ValueType | None = None,
        sort_by: values.DocumentSortBy | collections_pb2.DocumentsSortBy.ValueType | None = None,
        pagination_token: str | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> collections_pb2.ListDocumentsResponse:
        """Return a page of documents.

        Args:
            collection_id: The id of the collection.
            limit: The number of documents of a page, at most 100.
            order: "asc" or "desc".
            sort_by: "name", "size" or "age".
            pagination_token: The token of the page before; None for the first page.
            filter: A condition on status, name and fields, such as
                ``status:DOCUMENT_STATUS_PROCESSED``.
            **call: See ``CallParameters``.

        Returns:
            ``documents`` and ``pagination_token``, which is empty on the last page.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid. Nothing was sent.
            NotFoundError: The collection does not exist.
            APIError: The call failed otherwise.
        """
        return self._management.unary(
            documents.list_documents(
                collection_id, limit, order, sort_by, filter, pagination_token, call
            )
        )

    def get_document(
        self, file_id: str, collection_id: str, **call: Unpack[CallParameters]
    ) -> Document:
        """Return a document. The id of the file comes first, as in xai_sdk.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An id is empty.
            NotFoundError: The document does not exist.
            APIError: The call failed otherwise.
        """
        return self._management.unary(documents.get_document(file_id, collection_id, call))

    def batch_get_documents(
        self, collection_id: str, file_ids: Sequence[str], **call: Unpack[CallParameters]
    ) -> collections_pb2.BatchGetDocumentsResponse:
        """Return several documents; errors as for ``get_document``."""
        return self._management.unary(documents.batch_get_documents(collection_id, file_ids, call))

    def remove_document(
        self, collection_id: str, file_id: str, **call: Unpack[CallParameters]
    ) -> None:
        """Remove a document; its file is kept. Errors as for ``get_document``."""
        self._management.unary(documents.remove_document(collection_id, file_id, call))

    def update_document(
        self,
        collection_id: str,
        file_id: str,
        name: str | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
        fields: Mapping[str, str] | None = None,
        **call: Unpack[CallParameters],
    ) -> Document:
        """Change a document; None leaves a value unchanged.

        Raises:
            ConfigurationError: The client has no management key.
            InvalidRequestError: An argument is not valid, or there is nothing to change.
            NotFoundError: The document does not exist.
            APIError: The call failed otherwise.
        """
        return self._management.unary(
            documents.update_document(
                collection_id, file_id, name, data, content_type, fields, call
            )
        )

    def reindex_document(
        self, collection_id: str, file_id: str, **call: Unpack[CallParameters]
    ) -> None:
        """Index a document again; errors as for ``get_document``."""
        self._management.unary(documents.reindex_document(collection_id, file_id, call))

    def generate_description(self, collection_id: str, **call: Unpack[CallParameters]) -> str:
        """Let a model describe a collection; "" if it cannot. Errors as for ``get``."""
        return self._management.unary(calls.generate_description(collection_id, call))
