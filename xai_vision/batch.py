"""Results of batches."""

from __future__ import annotations

from xai_vision.services._batch.results import (
    AsyncBatchResult,
    AsyncListBatchResultsResponse,
    BatchResult,
    ListBatchResultsResponse,
)

__all__ = [
    "AsyncBatchResult",
    "AsyncListBatchResultsResponse",
    "BatchResult",
    "ListBatchResultsResponse",
]
