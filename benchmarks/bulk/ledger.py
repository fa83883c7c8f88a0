"""Open and resume a ledger of a million rows: ``python -m benchmarks.bulk.ledger``."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from xai_vision import bulk
from xai_vision.bulk._ledger.keys import digest, join_key, row_hash, row_stamp
from xai_vision.bulk._ledger.ledger import Ledger, encode_line
from xai_vision.bulk._row import USAGE, Outcome, Row
from xai_vision.bulk._run.question import Question


def write(path, question, rows, folder):
    """Write a ledger with answers for rows whose images are links to one file."""
    answer = "A landscape with a lake and mountains under a cloudy sky. " * 4
    usage = dict.fromkeys(USAGE, 100)
    image = folder / "0.jpg"
    with path.open("wb") as file:
        for number in range(rows):
            name = f"{number}.jpg"
            content = digest(16, str(number).encode())
            stamp = row_stamp(Row(name, (image,)))
            key = join_key(content, row_hash(name, content), stamp, question.hash)
            outcome = Outcome(
                name,
                answer,
                finish_reason="REASON_STOP",
                usage=usage,
                usd=0.001,
                model="grok-4-0709",
                response_id="0" * 36,
                image_sha256="0" * 64,
                attempts=1,
                asked_at="2026-11-29T13:00:00.000Z",
                via="now",
            )
            file.write(encode_line(key, outcome))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk.ledger", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path, image = folder / "answers.jsonl", folder / "0.jpg"
        image.write_bytes(b"an image that is never read")
        question = Question(
            "Describe it.",
            model="grok-4",
            system=None,
            schema=None,
            settings=None,
            image_options=None,
        )
        write(path, question, args.rows, folder)
        before = _peak()
        started, cpu = time.monotonic(), time.process_time()
        with Ledger(path, question.hash.hex()) as ledger:
            opened, used = time.monotonic() - started, time.process_time() - cpu
            answered = ledger.answered
        print(
            f"{args.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB: opened in {opened:.1f} s "
            f"({used:.1f} s of CPU), {_peak() - before:.0f} MiB of memory"
        )
        started = time.monotonic()
        result = bulk.ask(
            "Describe it.",
            lambda: (Row(f"{number}.jpg", (image,)) for number in range(args.rows)),
            out=path,
            client=_client(),
        ).run()
        print(f"resumed in {time.monotonic() - started:.1f} s: {result}")
    return answered != args.rows or result.earlier != args.rows


def _client():
    from xai_vision import AsyncClient

    return AsyncClient("xai-unused", api_host="localhost:1")


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
