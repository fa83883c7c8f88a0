"""The calls about the documents of a collection, described once for both clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.options import call_options
from xai_vision._transport.polling import Wait
from xai_vision._transport.rpc import CallSequence, RpcCall
from xai_vision.errors import APIError, IndexingError, InvalidRequestError
from xai_vision.proto import collections_pb2, files_pb2
from xai_vision.proto.collections_pb2_grpc import Collections as Rpc
from xai_vision.services._collections import values
from xai_vision.services._collections.common import (
    describe_change,
    file_id_of,
    id_of,
    nothing,
    set_page,
)
from xai_vision.services._rpcs import Call, CallOrOptions, describe, unchanged

DEFAULT_INDEXING_POLL_INTERVAL = timedelta(seconds=10)
DEFAULT_INDEXING_TIMEOUT = timedelta(minutes=2)

Document: TypeAlias = collections_pb2.DocumentMetadata


def add_document(
    collection_id: str, file_id: str, fields: Mapping[str, str] | None, call: CallOrOptions
) -> RpcCall[Any, None]:
    """Describe the addition of an uploaded file."""
    request = collections_pb2.AddDocumentToCollectionRequest(
        collection_id=id_of(collection_id),
        file_id=file_id_of(file_id),
        fields=values.document_fields(fields),
    )
    return describe_change(
        Rpc.AddDocumentToCollection, request, nothing, call, "add_existing_document"
    )


def list_documents(
    collection_id: str,
    limit: int | None,
    order: Any,
    sort_by: Any,
    filter_: str | None,
    pagination_token: str | None,
    call: Call,
) -> RpcCall[collections_pb2.ListDocumentsResponse, collections_pb2.ListDocumentsResponse]:
    """Describe the request for a page of documents."""
    request = collections_pb2.ListDocumentsRequest(collection_id=id_of(collection_id))
    set_page(request, limit, order, filter_, pagination_token)
    if sort_by is not None:
        request.sort_by = values.enum_value("sort_by", sort_by, values.DOCUMENT_SORT_KEYS)
    return describe(Rpc.ListDocuments, request, unchanged, call)


def get_document(
    file_id: str, collection_id: str, call: CallOrOptions
) -> RpcCall[Document, Document]:
    """Describe the request for a document."""
    request = collections_pb2.GetDocumentMetadataRequest(
        file_id=file_id_of(file_id), collection_id=id_of(collection_id)
    )
    return describe(Rpc.GetDocumentMetadata, request, unchanged, call)


def batch_get_documents(
    collection_id: str, file_ids: Sequence[str], call: Call
) -> RpcCall[collections_pb2.BatchGetDocumentsResponse, collections_pb2.BatchGetDocumentsResponse]:
    """Describe the request for several documents."""
    ids = checks.strings("file_ids", file_ids, empty=False)
    if not ids:
        raise InvalidRequestError("file_ids is empty. Pass at least one id")
    request = collections_pb2.BatchGetDocumentsRequest(
        collection_id=id_of(collection_id), file_ids=ids
    )
    return describe(Rpc.BatchGetDocuments, request, unchanged, call)


def remove_document(collection_id: str, file_id: str, call: Call) -> RpcCall[Any, None]:
    """Describe the removal of a document."""
    request = collections_pb2.RemoveDocumentFromCollectionRequest(
        collection_id=id_of(collection_id), file_id=file_id_of(file_id)
    )
    return describe_change(
        Rpc.RemoveDocumentFromCollection, request, nothing, call, "remove_document"
    )


def update_document(
    collection_id: str,
    file_id: str,
    name: str | None,
    data: bytes | None,
    content_type: str | None,
    fields: Mapping[str, str] | None,
    call: Call,
) -> RpcCall[Document, Document]:
    """Describe the change of a document."""
    if all(change is None for change in (name, data, content_type, fields)):
        raise InvalidRequestError(
            "there is nothing to update. Pass name, data, content_type or fields"
        )
    if data is not None and not isinstance(data, (bytes, bytearray)):
        raise InvalidRequestError(f"data must be bytes, not {checks.short_repr(data)}")
    request = collections_pb2.UpdateDocumentRequest(
        collection_id=id_of(collection_id),
        file_id=file_id_of(file_id),
        name=checks.optional_string("name", name),
        data=None if data is None else bytes(data),
        content_type=checks.optional_string("content_type", content_type),
        fields=values.document_fields(fields),
    )
    return describe_change(
        Rpc.UpdateDocument, request, unchanged, call, "update_document", _of_document
    )


def reindex_document(collection_id: str, file_id: str, call: Call) -> RpcCall[Any, None]:
    """Describe a new indexing of a document."""
    request = collections_pb2.ReIndexDocumentRequest(
        collection_id=id_of(collection_id), file_id=file_id_of(file_id)
    )
    return describe_change(Rpc.ReIndexDocument, request, nothing, call, "reindex_document")


class DocumentUpload:
    """The steps of ``upload_document`` after the upload of the file.

    Attributes:
        options: The options of the upload and of the calls that are not polls.

    Raises:
        InvalidRequestError: An argument is not valid.
    """

    def __init__(
        self,
        collection_id: str,
        fields: Mapping[str, str] | None,
        wait_for_indexing: bool,
        poll_interval: float | timedelta | None,
        call: Call,
    ) -> None:
        self._collection_id = id_of(collection_id)
        self._fields = values.document_fields(fields)
        self._wait_for_indexing = checks.boolean("wait_for_indexing", wait_for_indexing)
        self.options = options = call_options(call)
        seconds = DEFAULT_INDEXING_TIMEOUT.total_seconds()
        self._wait = Wait(options, poll_interval, seconds, DEFAULT_INDEXING_POLL_INTERVAL)
        if wait_for_indexing:
            # The timeout limits only the wait.
            self.options = options.with_timeout(None)

    def steps(self, file_id: str) -> CallSequence[Document]:
        """Describe the calls that add the file and wait until it is indexed."""
        yield add_document(self._collection_id, file_id, self._fields, self.options)
        if not self._wait_for_indexing:
            document: Document = yield get_document(file_id, self._collection_id, self.options)
            return document
        self._wait.start()
        return (
            yield from self._wait.poll(
                lambda options: get_document(file_id, self._collection_id, options),
                _indexed,
                "document",
                file_id,
            )
        )


@contextmanager
def named_file(file: files_pb2.File) -> Iterator[None]:
    """Name an uploaded file in the error of a later call."""
    try:
        yield
    except APIError as error:
        error.remedy = (
            f"The file was uploaded as {file.id}: pass it to add_existing_document() or "
            f"client.files.delete(). {error.remedy}"
        ).rstrip()
        raise


def _indexed(document: Document) -> Document | None:
    if document.status == collections_pb2.DOCUMENT_STATUS_FAILED:
        raise IndexingError(
            f"the document {document.file_metadata.file_id} could not be indexed: "
            f"{document.error_message or 'the service reported no reason'}"
        )
    return document if document.status == collections_pb2.DOCUMENT_STATUS_PROCESSED else None


def _of_document(document: Document) -> dict[str, Any]:
    file = document.file_metadata
    return {"document.id": file.file_id, "document.name": file.name}
