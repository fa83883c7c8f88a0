"""Read the rows of a run, and prepare those that have no answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from xai_vision.bulk._ledger.keys import NO_STAMP, row_hash
from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._row import Row, Ticket
from xai_vision.bulk._run.question import Prepared, Question
from xai_vision.bulk._status import Status
from xai_vision.errors import InvalidRequestError

_GONE = (
    "source: the row has to be sent again, but the source does not have it any more. Keep the "
    "rows until the job has ended"
)


class RowReader:
    """Reads a source lazily. Several threads use it, and one of them reads at a time.

    Args:
        question: What is asked.
        ledger: What was answered.
        rows: Starts to read the source.
        status: Counts the rows that have an answer.

    Attributes:
        ended: Whether ``take`` has returned None, and no row has to be read again since.
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
        # The ids of the rows that this pass is for, with the ledger's hashes of them; None: all.
        self._selected: dict[str, bytes] | None = None
        self._missing: dict[str, bytes] = {}  # those that it has not reached yet
        self._next_selected: dict[str, bytes] = {}
        self.ended = False

    def take(self) -> tuple[Row, Prepared | Exception] | None:
        """Read rows up to one without an answer, and prepare it; None at the end.

        Raises:
            Exception: The source failed.
        """
        while True:
            with self._lock:
                row = next(self._rows, None)
                if row is None and self._missing:
                    name, known_row = self._missing.popitem()
                    if self._ledger.has(known_row):
                        continue
                    return Row(name), InvalidRequestError(_GONE)
                # Another thread may call read_again() at any time. In this order, it either resets
                # ``ended``, or its row is seen here.
                self.ended = row is None
                if row is None and self._next_selected:
                    self.ended = False
                    self._selected, self._next_selected = self._next_selected, {}
                    self._missing = dict(self._selected)
                    self._rows = self._start()
                    continue
                if row is None:
                    return None
                if self._selected is not None and row.id not in self._selected:
                    continue
                self._missing.pop(row.id, None)
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
                return row, self._question.prepare(row, stamp, known)
            except Exception as error:  # noqa: BLE001 - a row's function may raise anything
                return row, error

    def read_again(self, ticket: Ticket) -> None:
        """Read the source once more at its end, for a row. Its content may be another by then."""
        self._next_selected[ticket.id] = bytes.fromhex(ticket.key[32:48])
        self.ended = False

    def skip(self) -> None:
        """Count a row that has an answer."""
        # The first pass has counted all rows.
        self._status.earlier += self._selected is None
