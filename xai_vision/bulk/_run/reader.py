"""Read the rows of a run, and prepare those that have no answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from xai_vision.bulk._ledger.keys import NO_STAMP, row_hash
from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._row import Row
from xai_vision.bulk._run.question import Prepared, Question
from xai_vision.bulk._status import Status


class RowReader:
    """Reads a source lazily. Several threads use it, and one of them reads at a time.

    Args:
        question: What is asked.
        ledger: What was answered.
        rows: Starts to read the source.
        status: Counts the rows that have an answer.
    """

    def __init__(
        self,
        question: Question,
        ledger: Ledger,
        rows: Callable[[], Iterator[Row]],
        status: Status,
    ) -> None:
        self._question, self._ledger, self._status = question, ledger, status
        self._start = rows
        self._rows = rows()
        self._lock = threading.Lock()
        self._wanted: set[bytes] | None = None  # the rows of this pass; None: all
        self._next_wanted: set[bytes] = set()

    def take(self) -> tuple[Row, Prepared | Exception] | None:
        """Read rows up to one without an answer, and prepare it; None at the end.

        Raises:
            Exception: The source failed.
        """
        while True:
            with self._lock:
                row = next(self._rows, None)
                if row is None and self._next_wanted:
                    self._wanted, self._next_wanted = self._next_wanted, set()
                    self._rows = self._start()
                    continue
                if row is None:
                    return None
                stamp = self._question.stamp(row)
                if stamp != NO_STAMP and self._ledger.has(stamp):
                    self.skip()
                    continue
            try:
                known = self._question.identify(row)
                if known is not None and self._ledger.has(row_hash(row.id, known[0])):
                    with self._lock:
                        self.skip()
                    continue
                prepared = self._question.prepare(row, stamp, known)
            except Exception as error:  # noqa: BLE001 - a row's function may raise anything
                if self._wanted is None:
                    return row, error
            else:
                if self._wanted is None or prepared.row in self._wanted:
                    return row, prepared

    def read_again(self, row: bytes) -> None:
        """Read the source once more at its end, for the row with this hash."""
        self._next_wanted.add(row)

    def skip(self) -> None:
        """Count a row that has an answer."""
        # The first pass has counted all rows.
        self._status.earlier += self._wanted is None
