"""The calls of ``client.files``, described once for both clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.options import call_options
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.tracing import captures_content
from xai_vision.chat._messages.content import is_proto
from xai_vision.proto import chat_pb2, files_pb2, image_pb2
from xai_vision.proto.files_pb2_grpc import Files as Rpc
from xai_vision.services._files.upload import expiry_seconds, open_upload
from xai_vision.services._pages import PageCalls
from xai_vision.services._rpcs import Call, CallOrOptions, describe, options_of, unchanged

File: TypeAlias = files_pb2.File
Order: TypeAlias = Literal["asc", "desc"]
SortBy: TypeAlias = Literal["created_at", "filename", "size"]
ContentFormat: TypeAlias = Literal["original", "text"]

_ORDERS: Final = {"asc": files_pb2.ASCENDING, "desc": files_pb2.DESCENDING}
_SORT_KEYS: Final = {
    "created_at": files_pb2.FILES_SORT_BY_CREATED_AT,
    "filename": files_pb2.FILES_SORT_BY_FILENAME,
    "size": files_pb2.FILES_SORT_BY_SIZE,
}
_FORMATS: Final = {
    "original": files_pb2.DOWNLOAD_FORMAT_ORIGINAL,
    "text": files_pb2.DOWNLOAD_FORMAT_TEXT,
}


def upload(
    file: Any,
    filename: str | None,
    expires_after: int | timedelta | None,
    on_progress: Any,
    call: CallOrOptions,
) -> RpcCall[File, File]:
    """Describe an upload."""
    options = options_of(call)
    opened = open_upload(file, filename, expires_after, on_progress)

    def request_attributes() -> dict[str, Any]:
        attributes: dict[str, Any] = {"gen_ai.operation.name": "upload_file"}
        if opened.total is not None:
            attributes["file.size"] = opened.total
        return attributes

    return RpcCall(
        Rpc.UploadFile,
        b"",
        unchanged,
        options,
        source=opened.source,
        request_attributes=request_attributes,
        response_attributes=_file_attributes,
    )


def _file_attributes(file: File) -> dict[str, Any]:
    attributes: dict[str, Any] = {"file.id": file.id}
    # A name can tell something about the content.
    if captures_content():
        attributes["file.name"] = file.filename
    return attributes


def list_files(
    limit: int | None,
    order: Order | None,
    sort_by: SortBy | None,
    pagination_token: str | None,
    filter_: str | None,
    call: CallOrOptions,
) -> RpcCall[files_pb2.ListFilesResponse, files_pb2.ListFilesResponse]:
    """Describe the request for a page of files."""
    request = files_pb2.ListFilesRequest()
    limit = checks.optional_integer("limit", limit, 1)
    if limit is not None:
        request.limit = limit
    if order is not None:
        request.order = _ORDERS[checks.enum("order", order, _ORDERS)]
    if sort_by is not None:
        request.sort_by = _SORT_KEYS[checks.enum("sort_by", sort_by, _SORT_KEYS)]
    if pagination_token is not None:
        request.pagination_token = checks.string("pagination_token", pagination_token)
    if checks.optional_string("filter", filter_):
        request.filter = str(filter_)
    return describe(Rpc.ListFiles, request, unchanged, call)


def list_pages(
    order: Order | None, sort_by: SortBy | None, filter_: str | None, call: Call
) -> PageCalls[files_pb2.ListFilesResponse]:
    """Return the function that describes the request for the page of a token."""
    options = call_options(call)
    return lambda token: list_files(None, order, sort_by, token, filter_, options)


def get(file_id: str | File, call: Call) -> RpcCall[File, File]:
    """Describe the request for a file's facts."""
    request = files_pb2.RetrieveFileRequest(file_id=_file_id(file_id))
    return describe(Rpc.RetrieveFile, request, unchanged, call)


def delete(
    file_id: str | File, call: Call
) -> RpcCall[files_pb2.DeleteFileResponse, files_pb2.DeleteFileResponse]:
    """Describe the deletion of a file."""
    request = files_pb2.DeleteFileRequest(file_id=_file_id(file_id))
    attributes = {"gen_ai.operation.name": "delete", "file.id": request.file_id}
    return describe(Rpc.DeleteFile, request, unchanged, call, request_attributes=lambda: attributes)


def content(
    file_id: str | File, format_: ContentFormat | None, call: Mapping[str, Any]
) -> RpcCall[files_pb2.FileContentChunk, bytes]:
    """Describe the request for a file's content."""
    request = files_pb2.RetrieveFileContentRequest(file_id=_file_id(file_id))
    if format_ is not None:
        request.format = _FORMATS[checks.enum("format", format_, _FORMATS)]
    return RpcCall(
        Rpc.RetrieveFileContent,
        request.SerializeToString(),
        lambda chunk: chunk.data,
        call_options(call, stream=True),
    )


def create_public_url(
    file_id: str | File, expires_after: int | timedelta | None, call: Call
) -> RpcCall[files_pb2.CreatePublicUrlResponse, files_pb2.CreatePublicUrlResponse]:
    """Describe the request for a public URL."""
    request = files_pb2.CreatePublicUrlRequest(
        file_id=_file_id(file_id), expires_after=expiry_seconds(expires_after)
    )
    return describe(Rpc.CreatePublicUrl, request, unchanged, call)


def revoke_public_url(
    file_id: str | File, call: Call
) -> RpcCall[files_pb2.RevokePublicUrlResponse, files_pb2.RevokePublicUrlResponse]:
    """Describe the revocation of a public URL."""
    request = files_pb2.RevokePublicUrlRequest(file_id=_file_id(file_id))
    return describe(Rpc.RevokePublicUrl, request, unchanged, call)


def image_part(file: File, detail: image_pb2.ImageDetail.ValueType) -> chat_pb2.Content:
    """Return the part of a message that shows an uploaded image."""
    return chat_pb2.Content(image_url=image_pb2.ImageUrlContent(file_id=file.id, detail=detail))


def _file_id(value: Any) -> str:
    if is_proto(value, File.DESCRIPTOR.full_name):
        value = getattr(value, "id")  # noqa: B009 - of any class of the message
    return checks.string("file_id", value, empty=False)
