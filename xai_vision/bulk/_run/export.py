"""Write the outcomes of a ledger to a sink."""

from __future__ import annotations

from itertools import chain, islice

from xai_vision.bulk._ledger.ledger import Ledger
from xai_vision.bulk._protocols import Sink

_ROWS = 256


def export(sink: Sink, ledger: Ledger) -> None:
    """Write the rows with an answer, then those that failed without one."""
    failed = (outcome for outcome in ledger.failed() if outcome.answer is None)
    outcomes = chain(ledger.outcomes(), failed)
    try:
        while block := list(islice(outcomes, _ROWS)):
            sink.write(block)
        sink.close()
    except BaseException:
        sink.abort()
        raise
