"""Types of ``client.files``, with the names of xai_sdk's module."""

from __future__ import annotations

from xai_vision.services._files.batch_upload import BatchUploadCallback
from xai_vision.services._files.calls import ContentFormat, File, Order, SortBy
from xai_vision.services._files.progress import ProgressBarLike, ProgressCallback
from xai_vision.services._generation.common import PublicUrlOptions, StorageOptions
from xai_vision.services.files import AsyncFilesService, FilesService
from xai_vision.services.files import FilesService as BaseClient

PublicUrlInput = bool | PublicUrlOptions
"""The values of ``StorageOptions["public_url"]``."""

__all__ = [
    "AsyncFilesService",
    "BaseClient",
    "BatchUploadCallback",
    "ContentFormat",
    "File",
    "FilesService",
    "Order",
    "ProgressBarLike",
    "ProgressCallback",
    "PublicUrlInput",
    "PublicUrlOptions",
    "SortBy",
    "StorageOptions",
]
