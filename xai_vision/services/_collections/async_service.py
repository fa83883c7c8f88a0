"""``client.collections`` of the asyncio client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision.proto import collections_pb2, documents_pb2, shared_pb2, types_pb2
from xai_vision.services._collections import calls, documents, values
from xai_vision.services._collections.calls import Collection
from xai_vision.services._collections.documents import Document, DocumentUpload
from xai_vision.services._files import calls as file_calls
from xai_vision.services._files.upload_content import FileLike

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncCollectionsService:
    """Collections of documents; see ``CollectionsService``."""

    def __init__(self, transport: AsyncTransport, management: AsyncTransport | None) -> None:
        self._transport = transport
        self._management_transport = management

    @property
    def _management(self) -> AsyncTransport:
        if self._management_transport is None:
            raise calls.no_management_key()
        return self._management_transport

    async def create(
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
        """Create a collection."""
        return await self._management.unary(
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

    async def list(
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
        """Return a page of collections."""
        return await self._management.unary(
            calls.list_collections(limit, order, sort_by, filter, pagination_token, call)
        )

    async def get(self, collection_id: str, **call: Unpack[CallParameters]) -> Collection:
        """Return a collection."""
        return await self._management.unary(calls.get(collection_id, call))

    async def update(
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
        """Change a collection; None leaves a value unchanged."""
        return await self._management.unary(
            calls.update(
                collection_id, name, chunk_configuration, field_definitions, description, call
            )
        )

    async def delete(self, collection_id: str, **call: Unpack[CallParameters]) -> None:
        """Delete a collection; errors as for ``get``."""
        await self._management.unary(calls.delete(collection_id, call))

    async def search(
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
        """Search in collections. This call uses the API and its key."""
        return await self._transport.unary(
            calls.search(query, collection_ids, limit, instructions, retrieval_mode, call)
        )

    async def upload_document(
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
        """Upload a file and add it to a collection."""
        management = self._management
        upload = DocumentUpload(collection_id, fields, wait_for_indexing, poll_interval, call)
        file = await self._transport.unary(
            file_calls.upload(data, name, None, None, upload.options)
        )
        with documents.named_file(file):
            return await management.run(upload.steps(file.id))

    async def add_existing_document(
        self,
        collection_id: str,
        file_id: str,
        fields: Mapping[str, str] | None = None,
        **call: Unpack[CallParameters],
    ) -> None:
        """Add an uploaded file to a collection."""
        await self._management.unary(documents.add_document(collection_id, file_id, fields, call))

    async def list_documents(
        self,
        collection_id: str,
        limit: int | None = None,
        order: values.Order | shared_pb2.Ordering.ValueType | None = None,
        sort_by: values.DocumentSortBy | collections_pb2.DocumentsSortBy.ValueType | None = None,
        pagination_token: str | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> collections_pb2.ListDocumentsResponse:
        """Return a page of documents."""
        return await self._management.unary(
            documents.list_documents(
                collection_id, limit, order, sort_by, filter, pagination_token, call
            )
        )

    async def get_document(
        self, file_id: str, collection_id: str, **call: Unpack[CallParameters]
    ) -> Document:
        """Return a document. The id of the file comes first, as in xai_sdk."""
        return await self._management.unary(documents.get_document(file_id, collection_id, call))

    async def batch_get_documents(
        self, collection_id: str, file_ids: Sequence[str], **call: Unpack[CallParameters]
    ) -> collections_pb2.BatchGetDocumentsResponse:
        """Return several documents; errors as for ``get_document``."""
        return await self._management.unary(
            documents.batch_get_documents(collection_id, file_ids, call)
        )

    async def remove_document(
        self, collection_id: str, file_id: str, **call: Unpack[CallParameters]
    ) -> None:
        """Remove a document; its file is kept. Errors as for ``get_document``."""
        await self._management.unary(documents.remove_document(collection_id, file_id, call))

    async def update_document(
        self,
        collection_id: str,
        file_id: str,
        name: str | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
        fields: Mapping[str, str] | None = None,
        **call: Unpack[CallParameters],
    ) -> Document:
        """Change a document; None leaves a value unchanged."""
        return await self._management.unary(
            documents.update_document(
                collection_id, file_id, name, data, content_type, fields, call
            )
        )

    async def reindex_document(
        self, collection_id: str, file_id: str, **call: Unpack[CallParameters]
    ) -> None:
        """Index a document again; errors as for ``get_document``."""
        await self._management.unary(documents.reindex_document(collection_id, file_id, call))

    async def generate_description(self, collection_id: str, **call: Unpack[CallParameters]) -> str:
        """Let a model describe a collection; "" if it cannot. Errors as for ``get``."""
        return await self._management.unary(calls.generate_description(collection_id, call))
