"""``AsyncClient.files``; see ``files``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters, StreamParameters
from xai_vision.chat._messages.image_content import ImageDetail, detail_to_proto
from xai_vision.imaging import ImageSource, prepare_image
from xai_vision.proto import chat_pb2, files_pb2
from xai_vision.services._files import batch_upload as uploads
from xai_vision.services._files import calls
from xai_vision.services._files.batch_upload import BatchUploadCallback
from xai_vision.services._files.calls import ContentFormat, File, Order, SortBy
from xai_vision.services._files.content_target import ContentTarget, content_target
from xai_vision.services._files.progress import ProgressCallback
from xai_vision.services._files.upload_content import FileLike
from xai_vision.services._pages import async_items_of_pages

if TYPE_CHECKING:
    from typing_extensions import Unpack


class AsyncFilesService:
    """Stored files; see ``FilesService``. Callbacks run in the event loop."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def upload(
        self,
        file: FileLike,
        *,
        filename: str | None = None,
        on_progress: ProgressCallback | None = None,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> File:
        """Upload a file; see ``FilesService.upload``. It is read in another thread."""
        return await self._transport.unary(
            calls.upload(file, filename, expires_after, on_progress, call)
        )

    async def image(
        self,
        source: ImageSource,
        *,
        detail: ImageDetail | None = "auto",
        filename: str | None = None,
        on_progress: ProgressCallback | None = None,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> chat_pb2.Content:
        """Upload an image and return the part that shows it; see ``FilesService.image``."""
        number = detail_to_proto(detail)
        prepared = await asyncio.to_thread(prepare_image, source)
        described = calls.upload(prepared, filename, expires_after, on_progress, call)
        return calls.image_part(await self._transport.unary(described), number)

    async def batch_upload(
        self,
        files: Sequence[FileLike],
        *,
        batch_size: int = 50,
        on_file_complete: BatchUploadCallback | None = None,
        **call: Unpack[CallParameters],
    ) -> dict[int, File | Exception]:
        """Upload several files at the same time; see ``FilesService.batch_upload``."""
        batch = uploads.BatchUpload(files, batch_size, on_file_complete, {**call})
        return await uploads.run_async(batch, self._transport.unary)

    async def list(
        self,
        *,
        limit: int | None = None,
        order: Order | None = None,
        sort_by: SortBy | None = None,
        pagination_token: str | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> files_pb2.ListFilesResponse:
        """Return a page of the stored files; see ``FilesService.list``."""
        return await self._transport.unary(
            calls.list_files(limit, order, sort_by, pagination_token, filter, call)
        )

    def list_all(
        self,
        *,
        order: Order | None = None,
        sort_by: SortBy | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> AsyncIterator[File]:
        """Iterate over all stored files with ``async for``; see ``FilesService.list_all``."""
        describe = calls.list_pages(order, sort_by, filter, call)
        return async_items_of_pages(self._transport, describe, lambda page: page.data)

    async def get(self, file_id: str | File, **call: Unpack[CallParameters]) -> File:
        """Return the facts about a file; see ``FilesService.get``."""
        return await self._transport.unary(calls.get(file_id, call))

    async def delete(
        self, file_id: str | File, **call: Unpack[CallParameters]
    ) -> files_pb2.DeleteFileResponse:
        """Delete a file; see ``FilesService.delete``."""
        return await self._transport.unary(calls.delete(file_id, call))

    async def content(
        self,
        file_id: str | File,
        *,
        format: ContentFormat | None = None,  # noqa: A002 - the service's word
        **call: Unpack[StreamParameters],
    ) -> bytes:
        """Return the content of a file; see ``FilesService.content``."""
        described = calls.content(file_id, format, call)
        return b"".join([chunk async for chunk in self._transport.stream(described)])

    async def content_to(
        self,
        file_id: str | File,
        target: ContentTarget,
        *,
        format: ContentFormat | None = None,  # noqa: A002 - the service's word
        **call: Unpack[StreamParameters],
    ) -> int:
        """Write the content of a file to a path or file object, in another thread.

        See ``FilesService.content_to``.
        """
        described, size = calls.content(file_id, format, call), 0
        with content_target(target) as write:
            async with self._transport.stream(described) as chunks:
                async for chunk in chunks:
                    size += await asyncio.to_thread(write, chunk)
        return size

    async def create_public_url(
        self,
        file_id: str | File,
        *,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> files_pb2.CreatePublicUrlResponse:
        """Make a file public; see ``FilesService.create_public_url``."""
        described = calls.create_public_url(file_id, expires_after, call)
        return await self._transport.unary(described)

    async def revoke_public_url(
        self, file_id: str | File, **call: Unpack[CallParameters]
    ) -> files_pb2.RevokePublicUrlResponse:
        """End the public URL of a file; see ``FilesService.revoke_public_url``."""
        return await self._transport.unary(calls.revoke_public_url(file_id, call))
