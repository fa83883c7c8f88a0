"""Upload several files at the same time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.options import call_options
from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError
from xai_vision.services._files.calls import File, upload
from xai_vision.services._files.progress import check_callback

if TYPE_CHECKING:
    from xai_vision._transport.rpc import RpcCall

BatchUploadCallback: TypeAlias = "Callable[[int, Any, File | Exception], Any]"
"""A function of the index of a file, the file as it was passed, and the result or error."""
Results: TypeAlias = "dict[int, File | Exception]"


class BatchUpload:
    """The files of a batch, and their results.

    Args:
        files: The files, as the caller passed them.
        batch_size: The number of files to upload at the same time.
        on_file_complete: The caller's callback, or None.
        call: The options of each call.

    Raises:
        InvalidRequestError: An argument is invalid.
    """

    def __init__(
        self,
        files: Any,
        batch_size: int,
        on_file_complete: BatchUploadCallback | None,
        call: dict[str, Any],
    ) -> None:
        self.files = _file_list(files)
        self.batch_size = checks.integer("batch_size", batch_size, 1)
        if on_file_complete is not None:
            check_callback("on_file_complete", on_file_complete, "f(index, file, result)")
        self._on_file_complete = on_file_complete
        self._options = call_options(call)
        self._results: Results = {}
        self._calls: dict[int, RpcCall[File, File]] = {}
        self._cancelled = False

    def open(self, index: int) -> RpcCall[File, File]:
        """Describe the upload of a file; errors as for ``upload``."""
        call = upload(self.files[index], None, None, None, self._options)
        self._calls[index] = call
        if self._cancelled:
            self.cancel()
        return call

    def cancel(self) -> None:
        """End all uploads."""
        self._cancelled = True
        for call in list(self._calls.values()):
            if call.source is not None:
                call.source.cancellation.cancel()

    def complete(self, index: int, result: File | Exception) -> None:
        """Store the result of a file, and call the caller's callback."""
        self._results[index] = result
        self._calls.pop(index, None)
        if self._on_file_complete is not None:
            self._on_file_complete(index, self.files[index], result)

    def results(self) -> Results:
        """Return the results in the order of the files."""
        return {index: self._results[index] for index in range(len(self.files))}


def _file_list(files: Any) -> list[Any]:
    single = isinstance(files, (str, bytes, bytearray, memoryview, os.PathLike))
    if single or hasattr(files, "read") or not isinstance(files, Iterable):
        raise InvalidRequestError(
            f"batch_upload(): files must be a list of files, not {short_repr(files)}. "
            "Pass [file], or use upload(file)"
        )
    items = list(files)
    if not items:
        raise InvalidRequestError("batch_upload(): files is empty. Pass at least one file")
    objects: dict[int, int] = {}
    for index, item in enumerate(items):
        if isinstance(item, (str, bytes, os.PathLike)) or not hasattr(item, "seek"):
            continue
        first = objects.setdefault(id(item), index)
        if first != index:
            raise InvalidRequestError(
                f"batch_upload(): files[{index}] is the same file object as files[{first}]. "
                "Open the file twice, or pass its path"
            )
    return items


def run(batch: BatchUpload, perform: Callable[[RpcCall[File, File]], File]) -> Results:
    """Upload the files in threads; the callback runs in the calling thread."""

    def upload_one(index: int) -> File | Exception:
        try:
            return perform(batch.open(index))
        except Exception as error:  # noqa: BLE001 - the result of this file
            return error

    threads = min(batch.batch_size, len(batch.files))
    executor = ThreadPoolExecutor(threads, thread_name_prefix="xai-vision-upload")
    try:
        futures: dict[Future[File | Exception], int] = {
            # The context has the current span, which becomes the parent of the uploads' spans.
            executor.submit(copy_context().run, upload_one, index): index
            for index in range(len(batch.files))
        }
        for future in as_completed(futures):
            batch.complete(futures[future], future.result())
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        batch.cancel()
        raise
    finally:
        executor.shutdown()
    return batch.results()


async def run_async(
    batch: BatchUpload, perform: Callable[[RpcCall[File, File]], Awaitable[File]]
) -> Results:
    """Upload the files in tasks."""
    slots = asyncio.Semaphore(batch.batch_size)

    async def upload_one(index: int) -> File | Exception:
        async with slots:
            try:
                return await perform(batch.open(index))
            except Exception as error:  # noqa: BLE001 - the result of this file
                return error

    indexes = {asyncio.create_task(upload_one(index)): index for index in range(len(batch.files))}
    pending = set(indexes)
    try:
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=indexes.__getitem__):
                batch.complete(indexes[task], task.result())
    finally:
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.gather(*pending, return_exceptions=True)
    return batch.results()
