"""Results of batches."""

from __future__ import annotations

from xai_vision.services._batch.results import BatchResult, ListBatchResultsResponse

__all__ = ["BatchResult", "ListBatchResultsResponse"]
