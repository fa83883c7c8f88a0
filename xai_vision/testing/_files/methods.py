"""The methods of the service Files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import files_pb2
from xai_vision.proto.files_grpc import Files
from xai_vision.testing._errors import invalid_argument, not_found

if TYPE_CHECKING:
    from xai_vision.testing._files.store import FileEntry
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_CHUNK_BYTES: Final = 3 * 1024 * 1024


def _upload(
    engine: Engine, chunks: Iterator[files_pb2.UploadFileChunk], caller: ApiKey, call: ActiveCall
) -> files_pb2.File:
    init = next(chunks, files_pb2.UploadFileChunk())
    call.record.request = init
    engine.apply_faults(call)
    if not init.HasField("init"):
        raise invalid_argument("The first chunk of an upload must be init.")
    content = bytearray()
    for chunk in chunks:
        if not chunk.HasField("data"):
            raise invalid_argument("Each chunk after init must be data.")
        content += chunk.data
    expires = init.init.expires_after if init.init.HasField("expires_after") else None
    entry = engine.files.add(init.init.name, bytes(content), expires)
    return _file(engine, entry)


def _file(engine: Engine, entry: FileEntry) -> files_pb2.File:
    data = engine.files.fetch(entry.file_id) or b""
    file = files_pb2.File(
        id=entry.file_id,
        filename=entry.name,
        size=len(data),
    )
    file.created_at.FromNanoseconds(int(entry.created * 1e9))
    if entry.expires is not None:
        file.expires_at.FromNanoseconds(int(entry.expires * 1e9))
    return file


def _content(
    engine: Engine,
    request: files_pb2.RetrieveFileContentRequest,
    caller: ApiKey,
    call: ActiveCall,
) -> Iterator[Any]:
    engine.apply_faults(call)
    data = engine.files.fetch(request.file_id)
    if data is None:
        raise not_found(f"File not found: {request.file_id}")
    call.record_response(_file(engine, engine.files.entry(request.file_id)))
    return call.delivery.stream(
        [
            files_pb2.FileContentChunk(data=data[at : at + _CHUNK_BYTES])
            for at in range(0, len(data), _CHUNK_BYTES)
        ]
    )


UNARY: Final[dict[Any, Any]] = {
    Files.RetrieveFile: lambda engine, request, *_: _file(
        engine, engine.files.entry(request.file_id)
    ),
}
UPLOADS: Final = {Files.UploadFile: _upload}
STREAMS: Final = {Files.RetrieveFileContent: _content}
