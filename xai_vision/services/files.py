"""``client.files``: files that the service stores, for messages and batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from xai_vision._transport.options import CallParameters, StreamParameters
from xai_vision._transport.sync import Transport
from xai_vision.chat._messages.image_content import ImageDetail, detail_to_proto
from xai_vision.imaging import ImageSource, prepare_image
from xai_vision.proto import chat_pb2, files_pb2
from xai_vision.services._files import batch_upload as uploads
from xai_vision.services._files import calls
from xai_vision.services._files.async_service import AsyncFilesService
from xai_vision.services._files.batch_upload import BatchUploadCallback
from xai_vision.services._files.calls import ContentFormat, File, Order, SortBy
from xai_vision.services._files.content_target import ContentTarget, content_target
from xai_vision.services._files.progress import ProgressCallback
from xai_vision.services._files.upload_content import FileLike
from xai_vision.services._pages import items_of_pages

if TYPE_CHECKING:
    from typing_extensions import Unpack


class FilesService:
    """Stored files.

    Each method has the keywords of ``CallParameters`` and raises APIError if the call fails. Where
    a method takes a ``file_id``, a ``files_pb2.File`` is accepted too.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(
        self,
        file: FileLike,
        *,
        filename: str | None = None,
        on_progress: ProgressCallback | None = None,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> File:
        """Upload a file.

        A file is sent in chunks of 3 MiB and never in memory as a whole. If the service cannot be
        reached, the upload is repeated from its start. That needs a path, bytes, or a file object
        that can be rewound.

        Args:
            file: A path as a string or ``pathlib.Path``, bytes, a file object in binary mode
                (read from its current position), or an image from ``prepare_image``.
            filename: The name for the service, at most 255 characters. Default: that of the path,
                file object or image; bytes have none.
            on_progress: A progress bar with ``update(step)``, or a function of (bytes sent so
                far, total) or of (step). The total is None if it is unknown. It is called in
                another thread. An exception of it ends the upload and is raised unchanged.
            expires_after: Seconds or a timedelta, from an hour to 30 days, until the service
                deletes the file. Default: never.
            **call: See ``CallParameters``.

        Returns:
            A ``files_pb2.File`` with ``id``, ``filename``, ``size`` in bytes and ``created_at``.

        Raises:
            FileNotFoundError: The path does not exist.
            OSError: The file cannot be read.
            InvalidRequestError: An argument is invalid; nothing was sent.
            APIError: The call failed.

        Examples:
            >>> uploaded = client.files.upload("receipt.jpg")  # doctest: +SKIP
            >>> user("What is the total?", image(file=uploaded))  # doctest: +SKIP
        """
        return self._transport.unary(calls.upload(file, filename, expires_after, on_progress, call))

    def image(
        self,
        source: ImageSource,
        *,
        detail: ImageDetail | None = "auto",
        filename: str | None = None,
        on_progress: ProgressCallback | None = None,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> chat_pb2.Content:
        """Upload an image and return the part that shows it in a message.

        A conversation sends the images of all its turns with each request. An uploaded image is
        sent once; the requests name only its id.

        Args:
            source: What ``image()`` accepts, except URLs. For other options than its defaults,
                pass the result of ``prepare_image``.
            detail: As for ``image()``.
            filename: See ``upload``.
            on_progress: See ``upload``.
            expires_after: See ``upload``.
            **call: See ``CallParameters``.

        Raises:
            ImageError: The service would refuse the image, or it is a URL.
            InvalidRequestError: An argument is invalid.
            APIError: The call failed.

        Examples:
            >>> photo = client.files.image(Path("photo.jpg"))  # doctest: +SKIP
            >>> chat.append(user("What is this?", photo))  # doctest: +SKIP
        """
        number, prepared = detail_to_proto(detail), prepare_image(source)
        described = calls.upload(prepared, filename, expires_after, on_progress, call)
        return calls.image_part(self._transport.unary(described), number)

    def batch_upload(
        self,
        files: Sequence[FileLike],
        *,
        batch_size: int = 50,
        on_file_complete: BatchUploadCallback | None = None,
        **call: Unpack[CallParameters],
    ) -> dict[int, File | Exception]:
        """Upload several files at the same time.

        A file that cannot be uploaded does not end the others: its exception is its result.

        Args:
            files: Paths, file objects with a name, or prepared images.
            batch_size: The maximum number of uploads at the same time. Default 50.
            on_file_complete: A function of (index, file as it was passed, result), called in the
                calling thread after each file. An exception of it ends all uploads and is raised.
            **call: See ``CallParameters``; the timeout is that of each file.

        Returns:
            The ``files_pb2.File`` or the exception of each file, by its index, in the order of
            ``files``.

        Raises:
            InvalidRequestError: ``files`` is empty or not a list, contains a file object twice,
                or another argument is invalid.

        Examples:
            >>> results = client.files.batch_upload(["a.jpg", "b.jpg"])  # doctest: +SKIP
            >>> failed = {i: e for i, e in results.items() if isinstance(e, Exception)}
            ... # doctest: +SKIP
        """
        batch = uploads.BatchUpload(files, batch_size, on_file_complete, {**call})
        return uploads.run(batch, self._transport.unary)

    def list(
        self,
        *,
        limit: int | None = None,
        order: Order | None = None,
        sort_by: SortBy | None = None,
        pagination_token: str | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> files_pb2.ListFilesResponse:
        """Return a page of the stored files; ``list_all`` returns all pages.

        Args:
            limit: The maximum number of files; the service returns at most 100. Default 100.
            order: "asc" (the default) or "desc".
            sort_by: "created_at" (the default), "filename" or "size".
            pagination_token: That of the previous page, with the same order and sort key.
            filter: A condition on the files, such as ``size_bytes > 1000 AND name = "a.jpg"``.
            **call: See ``CallParameters``.

        Returns:
            A page with its files in ``data``, and the ``pagination_token`` of the next page, which
            the last page does not have.

        Raises:
            InvalidRequestError: An argument is invalid.
            APIError: The call failed.
        """
        return self._transport.unary(
            calls.list_files(limit, order, sort_by, pagination_token, filter, call)
        )

    def list_all(
        self,
        *,
        order: Order | None = None,
        sort_by: SortBy | None = None,
        filter: str | None = None,  # noqa: A002 - the service's word
        **call: Unpack[CallParameters],
    ) -> Iterator[File]:
        """Iterate over all stored files; the pages are requested as they are needed.

        Arguments and errors as for ``list``; the timeout is that of each page.

        Examples:
            >>> for file in client.files.list_all(sort_by="size"):  # doctest: +SKIP
            ...     print(file.id, file.filename, file.size)
        """
        describe = calls.list_pages(order, sort_by, filter, call)
        return items_of_pages(self._transport, describe, lambda page: page.data)

    def get(self, file_id: str | File, **call: Unpack[CallParameters]) -> File:
        """Return the facts about a file.

        Raises:
            InvalidRequestError: ``file_id`` is empty.
            NotFoundError: The file does not exist, or has expired.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(calls.get(file_id, call))

    def delete(
        self, file_id: str | File, **call: Unpack[CallParameters]
    ) -> files_pb2.DeleteFileResponse:
        """Delete a file; returns its ``id`` and ``deleted``. Errors as for ``get``."""
        return self._transport.unary(calls.delete(file_id, call))

    def content(
        self,
        file_id: str | File,
        *,
        format: ContentFormat | None = None,  # noqa: A002 - the service's word
        **call: Unpack[StreamParameters],
    ) -> bytes:
        """Return the content of a file.

        Args:
            file_id: The file.
            format: "original" for the uploaded bytes (the default), or "text" for the text that
                the service extracted, in UTF-8.
            **call: See ``StreamParameters``.

        Raises:
            InvalidRequestError: An argument is invalid.
            NotFoundError: The file does not exist, or has expired.
            StreamBrokenError: The content broke off.
            APIError: The call failed otherwise.
        """
        described = calls.content(file_id, format, call)
        return b"".join([*self._transport.stream(described)])

    def content_to(
        self,
        file_id: str | File,
        target: ContentTarget,
        *,
        format: ContentFormat | None = None,  # noqa: A002 - the service's word
        **call: Unpack[StreamParameters],
    ) -> int:
        """Write the content of a file to a path or file object, without holding it in memory.

        A path is replaced when all of the content has arrived. After an error it is unchanged.

        Args:
            file_id: The file.
            target: A path, or a file object in binary mode.
            format: See ``content``.
            **call: See ``StreamParameters``.

        Returns:
            The number of bytes.

        Raises:
            OSError: The target cannot be written.
            InvalidRequestError: An argument is invalid.
            APIError: As for ``content``.
        """
        described = calls.content(file_id, format, call)
        with content_target(target) as write, self._transport.stream(described) as chunks:
            return sum(write(chunk) for chunk in chunks)

    def create_public_url(
        self,
        file_id: str | File,
        *,
        expires_after: int | timedelta | None = None,
        **call: Unpack[CallParameters],
    ) -> files_pb2.CreatePublicUrlResponse:
        """Make an image, a video or a PDF readable for everyone who knows its URL.

        A file has one public URL. For a file that has one, this changes its expiry.

        Args:
            file_id: The file.
            expires_after: Seconds or a timedelta, from an hour to 30 days. Default: the URL ends
                with the file.
            **call: See ``CallParameters``.

        Returns:
            A message with ``public_url`` and, if it ends, ``expires_at``.

        Raises:
            InvalidRequestError: An argument is invalid.
            APIError: The call failed, for example because the file has another type.
        """
        return self._transport.unary(calls.create_public_url(file_id, expires_after, call))

    def revoke_public_url(
        self, file_id: str | File, **call: Unpack[CallParameters]
    ) -> files_pb2.RevokePublicUrlResponse:
        """End the public URL of a file at once.

        Returns:
            A message with ``revoked``, which is False if the file had no public URL.
        """
        return self._transport.unary(calls.revoke_public_url(file_id, call))


__all__ = ["AsyncFilesService", "FilesService"]
