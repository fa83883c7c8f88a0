"""``client.files``: files that the service stores, for messages and batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters, call_options
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.stream import Stream
from xai_vision._transport.sync import Transport
from xai_vision.proto import files_pb2
from xai_vision.proto.files_grpc import Files as Rpc
from xai_vision.services._rpcs import Call, describe, unchanged
from xai_vision.services._upload import open_upload

if TYPE_CHECKING:
    from typing_extensions import Unpack

File: TypeAlias = files_pb2.File


def _upload(file: Any, filename: str | None, call: Call) -> RpcCall[File, File]:
    upload = open_upload(file, filename, None)
    return RpcCall(Rpc.UploadFile, b"", unchanged, call_options(call), source=upload.source)


def _get(file_id: str, call: Call) -> RpcCall[File, File]:
    request = files_pb2.RetrieveFileRequest(file_id=checks.string("file_id", file_id, empty=False))
    return describe(Rpc.RetrieveFile, request, unchanged, call)


def _content(file_id: str, call: Call) -> RpcCall[files_pb2.FileContentChunk, bytes]:
    request = files_pb2.RetrieveFileContentRequest(
        file_id=checks.string("file_id", file_id, empty=False)
    )
    return describe(Rpc.RetrieveFileContent, request, lambda chunk: chunk.data, call)


class FilesService:
    """Stored files."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(
        self, file: Any, *, filename: str | None = None, **call: Unpack[CallParameters]
    ) -> File:
        """Upload a file."""
        return self._transport.unary(_upload(file, filename, call))

    def get(self, file_id: str, **call: Unpack[CallParameters]) -> File:
        """Return the facts about a file."""
        return self._transport.unary(_get(file_id, call))

    def content(self, file_id: str, **call: Unpack[CallParameters]) -> bytes:
        """Return the content of a file."""
        stream: Stream[bytes] = self._transport.stream(_content(file_id, call))
        return b"".join(stream)


class AsyncFilesService:
    """Stored files; see ``FilesService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def upload(
        self, file: Any, *, filename: str | None = None, **call: Unpack[CallParameters]
    ) -> File:
        """Upload a file."""
        return await self._transport.unary(_upload(file, filename, call))

    async def get(self, file_id: str, **call: Unpack[CallParameters]) -> File:
        """Return the facts about a file."""
        return await self._transport.unary(_get(file_id, call))

    async def content(self, file_id: str, **call: Unpack[CallParameters]) -> bytes:
        """Return the content of a file."""
        return b"".join([data async for data in self._transport.stream(_content(file_id, call))])
