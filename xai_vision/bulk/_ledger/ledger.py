"""The ledger of a job: one JSON line for each row that was answered.

It is the truth about a job: a row with a line is never asked again. Rows that failed without an
answer are in a file beside it, which each run begins anew, because it asks them again.
"""

from __future__ import annotations

import json
import re
from binascii import unhexlify
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from xai_vision.bulk._errors import LedgerError
from xai_vision.bulk._ledger.append_file import AppendFile
from xai_vision.bulk._ledger.index import LineIndex
from xai_vision.bulk._ledger.keys import KEY_DIGITS
from xai_vision.bulk._row import Outcome

_HEAD = b'{"key":"'
# The columns that are needed when a ledger is opened come first.
_FIRST = ("key", "usd", "error", "usage")
_LINE = re.compile(
    rb'\{"key":"([0-9a-f]{%d})","usd":([^,]+),"error":(?:(null),"usage":\{(?:"total_tokens":(\d+))?'
    rb"|\{)" % KEY_DIGITS
)
_QUESTION_DIGITS = slice(64, 80)
_LAST = ord("}")
_OF_EARLIER_VERSION = b'{"image": '


class Ledger(AbstractContextManager["Ledger"]):
    """The answers of a job, and its failed rows.

    Args:
        path: The file, which is created if missing. None: temporary files.
        question: The hash of the question, 16 hexadecimal digits.

    Attributes:
        answered: The number of rows with an answer and without an error.
        rejected: The number of rows with an answer that does not match the schema.
        failures: The number of rows of this run that have no answer.
        usd: The known price of all answers in US dollars.
        tokens: The tokens of all answers.
        repaired: Whether an incomplete line was removed.

    Raises:
        LedgerError: The file is not a ledger, or has results of another question.
        LedgerLockedError: Another run is writing it.
    """

    def __init__(self, path: Path | None, question: str) -> None:
        self.path = path
        self.answered = self.rejected = self.failures = self.tokens = 0
        self.usd = 0.0
        self.repaired = False
        self._question = question
        self._index = LineIndex()
        self._failed: AppendFile | None = None
        if path is not None:
            _check_failed_file(failed_path(path))
        self._file = AppendFile(path)
        try:
            self._load()
        except BaseException:
            self._file.close()
            raise
        if path is not None:
            failed_path(path).unlink(missing_ok=True)

    # --- look-ups ---

    def has(self, digest: bytes) -> bool:
        """Return whether a row has an answer, by the hash of the row or by its stamp."""
        return digest in self._index

    def same_content(self, content: bytes) -> Outcome | None:
        """Return the answer of a row with this content, or None."""
        offset = self._index.get(content[:8])
        if offset is None:
            return None
        line = self._file.line_at(offset)
        if not line.startswith(_HEAD + content.hex().encode()):
            return None
        return Outcome.from_dict(json.loads(line))

    def outcomes(self) -> Iterator[Outcome]:
        """Read the rows with an answer, in the order of the answers."""
        yield from _outcomes(self._file)

    def failed(self) -> Iterator[Outcome]:
        """Read the rows that failed: without an answer, and with one that is not valid."""
        if self._failed is not None:
            yield from _outcomes(self._failed)
        if self.rejected:
            yield from (outcome for outcome in self.outcomes() if not outcome.ok)

    # --- writing ---

    def add(self, key: str, outcome: Outcome) -> None:
        """Append the outcome of a row that was answered. It survives the end of the process."""
        line = encode_line(key, outcome)
        self._index.add(bytes.fromhex(key), self._file.append(line))
        self._count(outcome)

    def add_failure(self, key: str, outcome: Outcome) -> None:
        """Append a row that has no answer to the file of failed rows."""
        if self._failed is None:
            self._failed = AppendFile(self.path and failed_path(self.path))
        self._failed.append(encode_line(key, outcome))
        self.failures += 1

    def sync(self) -> None:
        """Flush all lines to the disk."""
        self._file.sync()

    def close(self) -> None:
        """Close the files and release the lock."""
        if self._failed is not None:
            self._failed.close()
        self._file.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- existing lines ---

    def _load(self) -> None:
        # A ledger can have millions of lines: the usual line costs no call of Python's.
        match, question, add = _LINE.match, self._question.encode(), self._index.add
        offset, number, answered, usd, tokens = 0, 0, 0, 0.0, 0
        for block in self._file.blocks():
            lines = block.split(b"\n")
            last = lines.pop()  # empty, except at an incomplete last line
            for line in lines:
                number += 1
                fields = match(line)
                if fields is None or fields[3] is None or fields[2] == b"null":
                    self._load_line(line, offset, number)
                else:
                    if fields[1][_QUESTION_DIGITS] != question or line[-1] != _LAST:
                        raise self._not_ours(line, number)
                    add(unhexlify(fields[1]), offset)
                    answered += 1
                    usd += float(fields[2])
                    tokens += int(fields[4] or 0)
                offset += len(line) + 1
            if last:
                self._repair(last, offset)
        self.answered += answered
        self.usd += usd
        self.tokens += tokens

    def _load_line(self, line: bytes, offset: int, number: int) -> None:
        """Load a line in any valid form."""
        if not line.strip():
            return
        try:
            columns = json.loads(line)
            key, outcome = bytes.fromhex(columns["key"]), Outcome.from_dict(columns)
            self._count(outcome)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise self._not_ours(line, number) from None
        if len(key) != KEY_DIGITS // 2 or key[32:].hex() != self._question:
            raise self._not_ours(line, number)
        self._index.add(key, offset)

    def _repair(self, rest: bytes, offset: int) -> None:
        """Complete or remove a last line without a line end."""
        if not (rest.startswith(_HEAD) or _HEAD.startswith(rest)):
            raise self._not_a_ledger(rest, "the last line is not a result of a job")
        try:
            json.loads(rest)
        except RecursionError:
            raise self._not_a_ledger(rest, "the last line is not a result of a job") from None
        except ValueError:
            self.repaired = True
            self._file.truncate(offset)
        else:  # only the line end is missing
            self._load_line(rest, offset, 0)
            self._file.append(b"\n")
        self._file.sync()

    def _count(self, outcome: Outcome) -> None:
        self.usd += outcome.usd or 0.0
        self.tokens += outcome.usage.get("total_tokens", 0)
        if outcome.ok:
            self.answered += 1
        else:
            self.rejected += 1

    def _not_ours(self, line: bytes, number: int) -> LedgerError:
        fields = _LINE.match(line)
        if fields is not None and fields[1][_QUESTION_DIGITS].decode() != self._question:
            return LedgerError(
                f"{self.path} has results of another request (prompt, model, settings or image "
                f"options) from line {number} on: use another out"
            )
        return self._not_a_ledger(line, f"line {number} is not a result of a job")

    def _not_a_ledger(self, line: bytes, why: str) -> LedgerError:
        if line.startswith(_OF_EARLIER_VERSION):
            why = "it was written by an earlier version of `xai-vision batch`; use another out"
        return LedgerError(f"{self.path} is not a results file: {why}. The file was not changed.")


def _outcomes(file: AppendFile) -> Iterator[Outcome]:
    for block in file.blocks():
        for line in block.splitlines():
            if line.strip():
                yield Outcome.from_dict(json.loads(line))


def failed_path(ledger: Path) -> Path:
    """Return the path of the file of failed rows."""
    return ledger.with_name(f"{ledger.stem}.failed{ledger.suffix}")


def read_outcomes(path: Path) -> Iterator[Outcome]:
    """Read the rows of a ledger, or of a file of failed rows, without locking it.

    An incomplete last line is left out: its row is not answered.
    """
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") and line.startswith(_HEAD):
                yield Outcome.from_dict(json.loads(line))


def encode_line(key: str, outcome: Outcome) -> bytes:
    """Return the line of an outcome."""
    columns = {"key": key, **outcome.to_dict()}
    ordered = {name: columns.pop(name) for name in _FIRST} | columns
    try:
        text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # a file name that is not valid UTF-8
        return json.dumps(ordered, separators=(",", ":")).encode() + b"\n"


def _check_failed_file(path: Path) -> None:
    """Refuse to replace a file that is not ours."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        head = file.read(len(_HEAD))
        if head and not _HEAD.startswith(head):
            raise LedgerError(
                f"{path} is not a file of failed rows, and a job would replace it. Move it, or use "
                "another out. The file was not changed."
            )
