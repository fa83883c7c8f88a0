"""The order in which a run reads rows, and when there are no more."""

from __future__ import annotations

from xai_vision.bulk import Row, Status
from xai_vision.bulk._ledger.keys import NO_STAMP, join_key
from xai_vision.bulk._row import Ticket
from xai_vision.bulk._run.reader import RowReader


class Question:
    """Prepares every row."""

    def stamp(self, row):
        return NO_STAMP

    def identify(self, row):
        return None

    def prepare(self, row, stamp, known):
        return row.id


class Ledger:
    """Has no answers."""

    def has(self, key):
        return False


def ticket(name):
    return Ticket(name, join_key(bytes(16), bytes(8), NO_STAMP, bytes(8)))


def make_reader(*names, before_end=lambda: None):
    def rows():
        yield from (Row(name) for name in names)
        before_end()

    return RowReader(Question(), Ledger(), rows, Status())


def test_a_row_that_is_returned_after_the_end_is_read():
    reader = make_reader("a", "b")
    assert [reader.take()[1], reader.take()[1], reader.take()] == ["a", "b", None]
    assert reader.ended
    reader.read_again(ticket("b"))
    # A worker that was told of the end before must not take it for the end now.
    assert not reader.ended
    assert reader.take()[1] == "b"
    assert reader.take() is None
    assert reader.ended


def test_a_row_that_is_returned_while_the_end_is_read():
    waiting = [ticket("a")]

    def return_row():
        if waiting:
            reader.read_again(waiting.pop())

    reader = make_reader("a", "b", before_end=return_row)
    taken = [reader.take()[1] for _ in range(3)]
    assert taken == ["a", "b", "a"]
    assert not reader.ended
    assert reader.take() is None
    assert reader.ended
