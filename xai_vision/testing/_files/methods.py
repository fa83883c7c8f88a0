"""The methods of the service Files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import files_pb2
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.testing._errors import ServiceError, invalid_argument
from xai_vision.testing._files.listing import page
from xai_vision.testing._files.received import ContentChunks, Receiver

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileEntry
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._settings import Settings


def receive_file(
    engine: Engine, init: files_pb2.UploadFileInit, chunks: Iterator[bytes], call: ActiveCall
) -> FileEntry:
    """Store an uploaded file.

    Args:
        engine: The engine.
        init: The file's name and expiry.
        chunks: The content.
        call: The call, whose record gets the size and the hash of the content.

    Raises:
        ServiceError: The name or the expiry is invalid, or the file is too large.
    """
    settings = engine.settings
    check_name(init.name, settings)
    expires_after = init.expires_after if init.HasField("expires_after") else None
    check_expiry(expires_after, settings)
    upload = call.start_upload()
    receiver = Receiver(upload, engine.files.folder)
    try:
        for chunk in chunks:
            if upload.size + len(chunk) > settings.max_file_bytes:
                raise ServiceError(
                    "RESOURCE_EXHAUSTED",
                    f"The file size exceeds the maximum of {settings.max_file_bytes} bytes.",
                )
            receiver.add(chunk)
    except BaseException:
        receiver.discard()
        raise
    return engine.files.add(init.name, receiver.complete(), expires_after)


def _upload(
    engine: Engine, chunks: Iterator[files_pb2.UploadFileChunk], caller: ApiKey, call: ActiveCall
) -> files_pb2.File:
    first = next(chunks, files_pb2.UploadFileChunk())
    call.record.request = first if first.HasField("init") else None
    engine.apply_faults(call)
    if not first.HasField("init"):
        raise invalid_argument("The first chunk of an upload must be init.")
    data = _data(call.delivery.receive(chunks), engine.settings)
    return file_proto(engine, receive_file(engine, first.init, data, call))


def _data(chunks: Iterator[files_pb2.UploadFileChunk], settings: Settings) -> Iterator[bytes]:
    for chunk in chunks:
        if not chunk.HasField("data"):
            raise invalid_argument("Each chunk after init must be data.")
        if len(chunk.data) > settings.max_file_chunk_bytes:
            raise invalid_argument(
                f"A chunk of {len(chunk.data)} bytes exceeds the maximum of "
                f"{settings.max_file_chunk_bytes} bytes."
            )
        yield chunk.data


def check_name(name: str, settings: Settings) -> None:
    """Check the name of a new file.

    Raises:
        ServiceError: INVALID_ARGUMENT.
    """
    if not name:
        raise invalid_argument("The file has no name.")
    if len(name) > settings.max_file_name:
        raise invalid_argument(
            f"The file name has {len(name)} characters; the maximum is {settings.max_file_name}."
        )
    for character in name:
        is_control = unicodedata.category(character) in ("Cc", "Zl", "Zp")
        if is_control or character in settings.forbidden_in_file_names:
            raise invalid_argument(f"The file name contains {character!r}, which is not allowed.")


def check_expiry(seconds: int | None, settings: Settings) -> None:
    """Check the seconds until a file or a public URL expires.

    Raises:
        ServiceError: INVALID_ARGUMENT.
    """
    minimum, maximum = settings.min_file_expiry, settings.max_file_expiry
    if seconds is not None and not minimum <= seconds <= maximum:
        raise invalid_argument(
            f"expires_after must be from {minimum} to {maximum} seconds, not {seconds}."
        )


def file_proto(engine: Engine, entry: FileEntry) -> files_pb2.File:
    """Return the facts about a file as a message."""
    file = files_pb2.File(
        id=entry.file_id,
        filename=entry.name,
        size=engine.files.size(entry),
        public_url=entry.public_url,
    )
    _set_time(file.created_at, entry.created)
    if entry.expires is not None:
        _set_time(file.expires_at, entry.expires)
    if entry.public_url is not None and entry.public_url_expires is not None:
        _set_time(file.public_url_expires_at, entry.public_url_expires)
    return file


def _set_time(stamp: Any, seconds: float) -> None:
    stamp.FromNanoseconds(int(seconds * 1e9))


def list_files(engine: Engine, request: files_pb2.ListFilesRequest) -> files_pb2.ListFilesResponse:
    """Return a page of files.

    Raises:
        ServiceError: The filter or the token is invalid.
    """
    entries, token = page(engine.files, request)
    return files_pb2.ListFilesResponse(
        data=[file_proto(engine, entry) for entry in entries], pagination_token=token
    )


def _get(engine: Engine, request: files_pb2.RetrieveFileRequest, *_: Any) -> files_pb2.File:
    return file_proto(engine, engine.files.entry(request.file_id))


def _delete(
    engine: Engine, request: files_pb2.DeleteFileRequest, *_: Any
) -> files_pb2.DeleteFileResponse:
    engine.files.entry(request.file_id)
    del engine.files[request.file_id]
    return files_pb2.DeleteFileResponse(id=request.file_id, deleted=True)


def _create_public_url(
    engine: Engine, request: files_pb2.CreatePublicUrlRequest, *_: Any
) -> files_pb2.CreatePublicUrlResponse:
    expires_after = request.expires_after if request.HasField("expires_after") else None
    check_expiry(expires_after, engine.settings)
    entry = engine.files.publish(request.file_id, expires_after)
    response = files_pb2.CreatePublicUrlResponse(public_url=entry.public_url or "")
    if entry.public_url_expires is not None:
        _set_time(response.expires_at, entry.public_url_expires)
    return response


def _revoke_public_url(
    engine: Engine, request: files_pb2.RevokePublicUrlRequest, *_: Any
) -> files_pb2.RevokePublicUrlResponse:
    url = engine.files.revoke_public_url(request.file_id)
    return files_pb2.RevokePublicUrlResponse(
        file_id=request.file_id, revoked=url is not None, public_url=url
    )


def _content(
    engine: Engine,
    request: files_pb2.RetrieveFileContentRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> Iterator[Any]:
    engine.apply_faults(call)
    entry = engine.files.entry(request.file_id)
    content = engine.files.content(request.file_id)
    if request.format == files_pb2.DOWNLOAD_FORMAT_TEXT:
        content = _text(engine, entry).encode()
    call.record_response(file_proto(engine, entry))
    return call.delivery.stream(ContentChunks(content))


def _text(engine: Engine, entry: FileEntry) -> str:
    """Return the text of a file; a line that names the file if it is not a text file."""
    data = engine.files.fetch(entry.file_id) or b""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"Text of {entry.name} ({engine.files.content_type(entry)}, {len(data):,} bytes)"


UNARY: Final[dict[Any, Any]] = {
    Files.ListFiles: lambda engine, request, *_: list_files(engine, request),
    Files.RetrieveFile: _get,
    Files.DeleteFile: _delete,
    Files.CreatePublicUrl: _create_public_url,
    Files.RevokePublicUrl: _revoke_public_url,
}
UPLOADS: Final = {Files.UploadFile: _upload}
STREAMS: Final = {Files.RetrieveFileContent: _content}
