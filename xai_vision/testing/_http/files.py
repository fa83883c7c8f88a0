"""The REST endpoints of files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from xai_vision._optional_imports import import_optional
from xai_vision.proto import files_pb2
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.testing._files.listing import token_after
from xai_vision.testing._files.methods import file_proto, receive_file
from xai_vision.testing._files.received import CONTENT_CHUNK_BYTES
from xai_vision.testing._http.errors import HttpError
from xai_vision.testing._http.request import HttpRequest, HttpResult
from xai_vision.testing._upstream import passing

LIST_QUERY: Final = ("limit", "order", "sort_by", "pagination_token", "after", "filter", "purpose")
"""The query parameters of a list of files. ``after`` and ``purpose`` are OpenAI's."""

_ORDERS: Final = {"asc": files_pb2.ASCENDING, "desc": files_pb2.DESCENDING}
_SORT_KEYS: Final = {
    "created_at": files_pb2.FILES_SORT_BY_CREATED_AT,
    "filename": files_pb2.FILES_SORT_BY_FILENAME,
    "size": files_pb2.FILES_SORT_BY_SIZE,
}
# OpenAI's form is an object, whose fields have these names.
_EXPIRY: Final = ("expires_after", "expires_after[seconds]")
_KNOWN: Final = ("purpose", "expires_after[anchor]", *_EXPIRY)


@dataclass
class _Form:
    """A multipart form.

    Attributes:
        fields: The text fields.
        late: The names of the fields after the file.
        file: The content of the file; None if there is none.
        filename: The file's name.
    """

    fields: dict[str, str] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    file: Any = None
    filename: str = ""


def create_file(request: HttpRequest) -> HttpResult:
    """Store an uploaded file."""
    form = _read_form(request)
    record = request.call.record
    record.body = dict(form.fields)
    for name in form.fields:
        if name not in _KNOWN and request.engine.settings.unknown_keys == "refuse":
            raise _invalid(f"Argument not supported: {name[:80]}", name)
    if form.file is None:
        raise HttpError(422, "INVALID_ARGUMENT", "The form has no file: the field 'file'.", "file")
    for name in _EXPIRY:
        if name in form.late:
            raise _invalid(f"{name} must come before the file.", name)
    init = files_pb2.UploadFileInit(name=form.filename, expires_after=_expiry(form))
    record.request = files_pb2.UploadFileChunk(init=init)
    size = form.file.seek(0, io.SEEK_END)
    form.file.seek(0)
    limit = request.engine.settings.max_file_bytes
    if size > limit:
        text = f"The file size exceeds the maximum of {limit} bytes."
        raise HttpError(413, "RESOURCE_EXHAUSTED", text, "file")
    purpose = form.fields.get("purpose", "")
    if request.is_passed_on(Files.UploadFile):
        messages = (files_pb2.UploadFileChunk(data=chunk) for chunk in _chunks(form.file))
        upload = chain([record.request], messages)
        file = passing.send_upload(request.engine, Files.UploadFile, upload, request.call)
        request.call.record_response(file)
        return HttpResult.json(_file_json(file, purpose))
    entry = receive_file(request.engine, init, _chunks(form.file), request.call)
    entry.purpose = purpose
    file = file_proto(request.engine, entry)
    request.call.record_response(file)
    return HttpResult.json(_file_json(file, purpose))


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(CONTENT_CHUNK_BYTES):
        yield chunk


def _read_form(request: HttpRequest) -> _Form:
    multipart = import_optional("python_multipart", "http", "REST uploads")
    content_type = request.http.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        text = "Expected request with `Content-Type: multipart/form-data`"
        raise HttpError(415, "INVALID_ARGUMENT", text)
    form = _Form()

    def on_field(part: Any) -> None:
        name, value = _text(part.field_name), _text(part.value)
        form.fields[name] = value
        if form.file is not None:
            form.late.append(name)

    def on_file(part: Any) -> None:
        if _text(part.field_name) != "file":
            raise _invalid(f"Argument not supported: {_text(part.field_name)[:80]}")
        form.file, form.filename = part.file_object, _text(part.file_name)

    headers = {"Content-Type": content_type.encode("latin-1")}
    try:
        multipart.parse_form(headers, io.BytesIO(request.raw_body), on_field, on_file)
    except multipart.exceptions.FormParserError as error:
        raise _invalid(f"Failed to parse the multipart form: {error}") from None
    return form


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _expiry(form: _Form) -> int | None:
    name = next((name for name in _EXPIRY if form.fields.get(name)), None)
    if name is None:
        return None
    text = form.fields[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise HttpError(422, "INVALID_ARGUMENT", f"{name} must be a number of seconds.", name)
    return int(text)


def list_all_files(request: HttpRequest) -> HttpResult:
    """Return a page of files."""
    query = request.http.query_params
    listing = files_pb2.ListFilesRequest(
        order=_word(request, "order", _ORDERS),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        sort_by=_word(request, "sort_by", _SORT_KEYS),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        limit=_limit(query.get("limit", "0")),
        filter=query.get("filter"),
        pagination_token=query.get("pagination_token") or None,
    )
    request.call.record.request = listing
    tokens = request.engine.page_tokens
    scope = f"files {listing.order} {listing.sort_by} {listing.filter} {query.get('purpose')}"
    if after := query.get("after"):
        listing.pagination_token = (
            tokens.after(scope, after)
            if request.is_passed_on(Files.ListFiles)
            else token_after(request.engine.files, listing, after)
        )
    page = request.invoke(Files.ListFiles, listing)
    data = [_file_json(file, request.engine.files.purpose(file.id)) for file in page.data]
    purpose = query.get("purpose")
    shown = [file for file in data if purpose in (None, file["purpose"])]
    token = page.pagination_token or None
    if token and shown:
        tokens.note(scope, shown[-1]["id"], token)
    value = {"object": "list", "data": shown, "has_more": token is not None}
    return HttpResult.json({**value, "pagination_token": token})


def _word(request: HttpRequest, name: str, words: dict[str, int]) -> int | None:
    value = request.http.query_params.get(name)
    if value is None:
        return None
    if value not in words:
        raise _invalid(f"{name} must be one of {', '.join(words)}.", name)
    return words[value]


def _limit(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 10):
        raise _invalid("limit must be an integer.", "limit")
    return int(text)


def get_file(request: HttpRequest) -> HttpResult:
    """Return the facts about a file."""
    file = request.invoke(Files.RetrieveFile, files_pb2.RetrieveFileRequest(file_id=request.id))
    return HttpResult.json(_file_json(file, request.engine.files.purpose(file.id)))


def delete_file(request: HttpRequest) -> HttpResult:
    """Delete a file."""
    request.invoke(Files.DeleteFile, files_pb2.DeleteFileRequest(file_id=request.id))
    return HttpResult.json({"id": request.id, "object": "file", "deleted": True})


def get_file_content(request: HttpRequest) -> HttpResult:
    """Return the content of a file."""
    message = files_pb2.RetrieveFileContentRequest(file_id=request.id)
    request.call.record.request = message
    files = request.engine.files
    if request.is_passed_on(Files.RetrieveFileContent, message):
        body = message.SerializeToString()
        chunks = passing.stream_after_faults(
            request.engine, Files.RetrieveFileContent, body, request.call
        )
        content = b"".join(chunk.data for chunk in chunks)
        return HttpResult(content, content_type="application/octet-stream")
    entry = files.entry(request.id)
    request.call.record_response(file_proto(request.engine, entry))
    return HttpResult(files.fetch(request.id) or b"", content_type=files.content_type(entry))


def _file_json(file: files_pb2.File, purpose: str) -> dict[str, Any]:
    value = {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": file.created_at.seconds,
        "filename": file.filename,
        "purpose": purpose,
        "status": "processed",
    }
    if file.HasField("expires_at"):
        value["expires_at"] = file.expires_at.seconds
    return value


def _invalid(text: str, key: str | None = None) -> HttpError:
    return HttpError(400, "INVALID_ARGUMENT", text, key)
