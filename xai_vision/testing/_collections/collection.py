"""A collection, its documents and their states."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import collections_pb2, types_pb2
from xai_vision.testing import _validation as check

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileStore

DEFAULT_MODEL: Final = "grok-embedding-small"
_INDEXING_SECONDS: Final = 60.0


@dataclass(frozen=True)
class IndexingPlan:
    """The course of the indexing of documents.

    Attributes:
        ready_after: The number of calls for a document's state that find it in progress. It is
            ready after a minute of the service's clock too.
        failed: The reason with which the indexing ends. Empty: it does not fail.
    """

    ready_after: int = 1
    failed: str = ""

    def __post_init__(self) -> None:
        check.integer("indexing: ready_after", self.ready_after, 0)
        check.string("indexing: failed", self.failed)


@dataclass
class Document:
    """A file in a collection.

    Attributes:
        file_id: The id of the file.
        fields: The values of metadata fields.
        plan: The course of its indexing.
        started: When its indexing began, in seconds since the epoch.
        number: The number of the document, in the order in which they were added.
        polls: The number of calls for its state.
        indexed: When its indexing was found to have ended, likewise; None before.
        name: Its name, if it differs from that of the file.
        content_type: Its media type, if it differs from that of the file.
    """

    file_id: str
    fields: dict[str, str]
    plan: IndexingPlan
    started: float
    number: int
    polls: int = 0
    indexed: float | None = None
    name: str = ""
    content_type: str = ""

    def status(self, now: float) -> Any:
        """Return the value of DocumentStatus."""
        ready = self.polls > self.plan.ready_after or now >= self.started + _INDEXING_SECONDS
        if not ready:
            return collections_pb2.DOCUMENT_STATUS_PROCESSING
        if self.plan.failed:
            return collections_pb2.DOCUMENT_STATUS_FAILED
        return collections_pb2.DOCUMENT_STATUS_PROCESSED

    def message(
        self, files: FileStore, now: float, chunks: int
    ) -> collections_pb2.DocumentMetadata:
        """Return the message about the document.

        Args:
            files: The files of the tenant.
            now: The service's time.
            chunks: The number of its chunks.

        Raises:
            ServiceError: NOT_FOUND if its file was deleted.
        """
        entry = files.entry(self.file_id)
        data = files.fetch(self.file_id) or b""
        name = self.name or entry.name
        status = self.status(now)
        message = collections_pb2.DocumentMetadata(fields=self.fields, status=status)
        file = message.file_metadata
        file.file_id, file.name, file.size_bytes = self.file_id, name, len(data)
        file.content_type = self.content_type or files.content_type(entry)
        file.hash = hashlib.sha256(data).hexdigest()
        file.created_at.FromNanoseconds(int(entry.created * 1e9))
        if entry.expires is not None:
            file.expires_at.FromNanoseconds(int(entry.expires * 1e9))
        if status == collections_pb2.DOCUMENT_STATUS_FAILED:
            message.error_message = self.plan.failed
        if status == collections_pb2.DOCUMENT_STATUS_PROCESSED:
            self.indexed = self.indexed or now
            message.last_indexed_at.FromNanoseconds(int(self.indexed * 1e9))
            message.chunk_count = message.chunks_processed_count = chunks
        return message


@dataclass
class Collection:
    """A collection.

    Attributes:
        collection_id: The id.
        name: The name.
        created: Seconds since the epoch.
        number: The number of the collection, in the order of creation.
        model_name: The embedding model.
        chunking: How documents are split.
        definitions: The metadata fields by key.
        description: The description; None if there is none.
        documents: The documents by file id.
    """

    collection_id: str
    name: str
    created: float
    number: int
    model_name: str = DEFAULT_MODEL
    chunking: types_pb2.ChunkConfiguration = field(default_factory=types_pb2.ChunkConfiguration)
    definitions: dict[str, collections_pb2.FieldDefinition] = field(default_factory=dict)
    description: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)

    def message(self, files: FileStore) -> collections_pb2.CollectionMetadata:
        """Return the message about the collection."""
        message = collections_pb2.CollectionMetadata(
            collection_id=self.collection_id,
            collection_name=self.name,
            chunk_configuration=self.chunking,
            documents_count=len(self.documents),
            field_definitions=self.definitions.values(),
            total_file_size=sum(files.size(files.entry(file_id)) for file_id in self.documents),
        )
        message.created_at.FromNanoseconds(int(self.created * 1e9))
        message.index_configuration.model_name = self.model_name
        if self.description is not None:
            message.collection_description = self.description
        return message
