"""Measure the memory of jobs: ``python -m benchmarks.bulk.memory``.

Small images are made by a generator, large ones are files. Each job runs in a process of its own,
with its service in another process. A job's memory must not grow with the number of its rows, and
not exceed three times the images that are being sent.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.runner import Process

MIB = 1024 * 1024


def images(count, size):
    """Yield pairs of an id and a JPEG of about ``size`` bytes, each with other content."""
    from io import BytesIO

    from PIL import Image

    small = BytesIO()
    Image.new("RGB", (64, 64)).save(small, "JPEG")
    tail = small.getvalue()[2:]
    for number in range(count):
        text = str(number).encode()
        # Comments of up to 65,533 bytes fill the file.
        left = max(0, size - len(tail))
        comments = []
        while left > 0:
            comment = text.ljust(min(left, 65_533), b".")
            comments.append(b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment)
            left -= len(comment)
        yield f"{number:07}.jpg", b"".join([b"\xff\xd8", *comments, tail])


def work(target, key, rows, size, concurrency):
    """Run a job, and print the peak of the memory before and after it."""
    from xai_vision import AsyncClient, bulk

    def source(count, name):
        if size < MIB:
            return lambda: images(count, size)
        photos = Path(folder) / name
        photos.mkdir()
        for file, data in images(count, size):
            (photos / file).write_bytes(data)
        return bulk.folder(photos)

    def ask(count, name):
        client = AsyncClient(key, api_host=target)
        return bulk.ask(
            "Describe it.",
            source(count, f"{count} images"),
            ledger=Path(folder) / name,
            client=client,
            concurrency=concurrency,
        ).run()

    with tempfile.TemporaryDirectory() as folder:
        ask(1, "first.jsonl")  # what is imported and opened once
        before = _peak()
        result = ask(rows, "all.jsonl")
        print("done", json.dumps({"answered": result.answered, "before": before, "peak": _peak()}))
        sys.stdout.flush()


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(rows, size, concurrency):
    """Run a job in a process; return the peaks of its memory in MiB."""
    service = Process("-m", "benchmarks.bulk.service", "0", "0")
    try:
        target, key = service.read_line("ready").split()
        numbers = map(str, (rows, size, concurrency))
        worker = Process("-m", "benchmarks.bulk.memory", "--work", target, key, *numbers)
        try:
            return json.loads(worker.read_line("done"))
        finally:
            worker.close()
    finally:
        service.close()


def main():
    if sys.argv[1:2] == ["--work"]:
        target, key, *numbers = sys.argv[2:]
        work(target, key, *map(int, numbers))
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk.memory", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--size", type=int, default=200_000, help="bytes of an image")
    parser.add_argument("--large-rows", type=int, default=200)
    args = parser.parse_args()
    lines = []
    jobs = [(rows, args.size, 32) for rows in args.rows]
    jobs += [(args.large_rows, 4 * MIB, concurrency) for concurrency in (4, 8, 16)]
    for rows, size, concurrency in jobs:
        found = measure(rows, size, concurrency)
        growth = found["peak"] - found["before"]
        lines.append(
            [
                f"{rows:,}",
                f"{size / MIB:.1f}",
                str(concurrency),
                f"{found['answered']:,}",
                f"{found['peak']:.0f}",
                f"{growth:.0f}",
                f"{concurrency * 3 * size / MIB:.0f}",
            ]
        )
        print(lines[-1], file=sys.stderr, flush=True)
    heads = ["rows", "image (MiB)", "concurrency", "answered", "peak (MiB)", "growth", "allowed"]
    print(report.table(heads, lines))


if __name__ == "__main__":
    main()
