"""Ask rows through the Batch API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xai_vision.bulk._batch_api.batch_run import BatchRun
from xai_vision.bulk._batch_api.service import Batches

if TYPE_CHECKING:
    from xai_vision.bulk._protocols import Work
    from xai_vision.bulk._row import Via

_BATCH_ROWS: Final = 10_000
"""Rows of a batch. Its results are recorded when all of them are complete."""


class BatchSender:
    """Asks rows through the Batch API.

    Rows are sent in calls of up to 25 MB. Several batches are open at the same time. Rows whose
    requests fail with a transient error go into a later batch.

    Args:
        rows_per_batch: The most rows of a batch.
        interval: The seconds between polls. Default: 5.
        large_rows_now: Whether rows that are too large for a batch are asked by calls of their own,
            one after another. Otherwise they fail.

    Attributes:
        refused: Whether the last run ended because the service has refused its first rows.
    """

    via: Via = "batch"
    price_factor = 0.5

    def __init__(
        self,
        *,
        rows_per_batch: int = _BATCH_ROWS,
        interval: float | None = None,
        large_rows_now: bool = False,
    ) -> None:
        self._rows_per_batch = rows_per_batch
        self._interval = interval
        self._large_rows_now = large_rows_now
        self.refused = False

    async def run(self, work: Work) -> None:
        """Ask rows until there are none.

        Cancelling the task leaves the batches to the service; the next run fetches their results.

        Raises:
            BadRequestError: The service refuses the first rows, as for a model that it does not
                accept in batches. None of them is recorded as failed.
            APIError: An error that ends the run.
        """
        service = Batches(work.client, self._interval)
        run = BatchRun(work, service, self._rows_per_batch, large_rows_now=self._large_rows_now)
        try:
            await run.run()
        finally:
            self.refused = run.refused_all
