"""The collections of a tenant."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from xai_vision.proto import collections_pb2
from xai_vision.testing._collections.collection import Collection, Document, IndexingPlan
from xai_vision.testing._collections.search import Chunk, document_chunks
from xai_vision.testing._errors import invalid_argument, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xai_vision.testing._clock import Clock
    from xai_vision.testing._files.store import FileStore


class CollectionStore:
    """Collections by id.

    Attributes:
        plan: The course of the indexing that begins from now on.
        lock: Guards the collections. The methods of the service hold it.

    Args:
        clock: The service's clock.
        files: The files of the tenant.
    """

    def __init__(self, clock: Clock, files: FileStore) -> None:
        self.plan = IndexingPlan()
        self.lock = threading.RLock()
        self._clock = clock
        self._files = files
        self._collections: dict[str, Collection] = {}
        self._count = 0

    def create(self, collection_id: str, name: str) -> Collection:
        """Store a new collection."""
        self._count += 1
        collection = Collection(collection_id, name, self._clock.time(), self._count)
        self._collections[collection_id] = collection
        return collection

    def get(self, collection_id: str) -> Collection:
        """Return a collection, without the documents whose files were deleted or have expired.

        Raises:
            ServiceError: NOT_FOUND if it does not exist.
        """
        collection = self._collections.get(collection_id)
        if collection is None:
            raise not_found(f"Collection not found: {collection_id}")
        existing = {entry.file_id for entry in self._files.entries()}
        for file_id in collection.documents.keys() - existing:
            del collection.documents[file_id]
        return collection

    def all(self) -> list[Collection]:
        """Return the collections."""
        return [self.get(collection_id) for collection_id in self._collections]

    def delete(self, collection_id: str) -> None:
        """Delete a collection; the files of its documents are kept.

        Raises:
            ServiceError: NOT_FOUND if it does not exist.
        """
        self.get(collection_id)
        del self._collections[collection_id]

    def clear(self) -> None:
        """Remove all collections and reset the plan."""
        with self.lock:
            self._collections.clear()
            self.plan = IndexingPlan()

    def add_document(
        self, collection: Collection, file_id: str, fields: Mapping[str, str]
    ) -> Document:
        """Add a file to a collection.

        Raises:
            ServiceError: NOT_FOUND if the file does not exist; INVALID_ARGUMENT if a field is
                unknown, missing or not unique.
        """
        self._files.entry(file_id)
        self._check_fields(collection, file_id, fields)
        self._count += 1
        document = Document(file_id, dict(fields), self.plan, self._clock.time(), self._count)
        collection.documents[file_id] = document
        return document

    def document(self, collection: Collection, file_id: str) -> Document:
        """Return a document.

        Raises:
            ServiceError: NOT_FOUND if the collection does not have it.
        """
        document = collection.documents.get(file_id)
        if document is None:
            raise not_found(f"Document not found: {file_id}")
        return document

    def update_fields(
        self, collection: Collection, document: Document, fields: Mapping[str, str]
    ) -> None:
        """Change values of metadata fields.

        Raises:
            ServiceError: INVALID_ARGUMENT if a field is unknown or not unique.
        """
        changed = {**document.fields, **fields}
        self._check_fields(collection, document.file_id, changed)
        document.fields = changed

    def reindex(self, document: Document) -> None:
        """Begin the indexing of a document again."""
        document.plan, document.polls, document.indexed = self.plan, 0, None
        document.started = self._clock.time()

    def message(
        self, collection: Collection, document: Document
    ) -> collections_pb2.DocumentMetadata:
        """Return the message about a document."""
        chunks = len(document_chunks(collection, document.file_id, self._files))
        return document.message(self._files, self._clock.time(), chunks)

    def chunks(self, collection_ids: Iterable[str]) -> list[Chunk]:
        """Return the chunks of all documents that are indexed.

        Raises:
            ServiceError: NOT_FOUND if a collection does not exist.
        """
        texts: dict[tuple[str, int], str] = {}
        owners: dict[str, list[str]] = {}
        now = self._clock.time()
        for collection in map(self.get, dict.fromkeys(collection_ids)):
            for file_id, document in collection.documents.items():
                if document.status(now) != collections_pb2.DOCUMENT_STATUS_PROCESSED:
                    continue
                owners.setdefault(file_id, []).append(collection.collection_id)
                for index, text in enumerate(document_chunks(collection, file_id, self._files)):
                    texts[file_id, index] = text
        return [
            Chunk(file_id, f"{file_id}-{index}", text, tuple(owners[file_id]))
            for (file_id, index), text in texts.items()
        ]

    def _check_fields(
        self, collection: Collection, file_id: str, fields: Mapping[str, str]
    ) -> None:
        definitions = collection.definitions
        for key in fields:
            if key not in definitions:
                raise invalid_argument(f"The collection has no field {key!r:.80}.")
        for key, definition in definitions.items():
            if definition.required and key not in fields:
                raise invalid_argument(f"The field {key!r} is required.")
            if not definition.unique or key not in fields:
                continue
            for other in collection.documents.values():
                if other.file_id != file_id and other.fields.get(key) == fields[key]:
                    raise invalid_argument(
                        f"The field {key!r} is unique, and the document {other.file_id} has the "
                        f"value {fields[key]!r:.80} already."
                    )
