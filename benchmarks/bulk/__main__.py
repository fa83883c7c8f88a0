"""Compare ways to ask about many images: ``python -m benchmarks.bulk``.

Each way runs in a process of its own, against a FakeServer in another process that has a rate limit
and seeded faults. A row is lost if it has no answer at the end. Packages that are not installed are
left out; `scripts/environment.py extras` prints a Python that has all.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.bulk.usage import TreeUsage
from benchmarks.runner import Process

WAYS = ("plain", "daft", "ray", "bulk", "bulk_ray")
_NEEDS = {"daft": "daft", "ray": "ray", "bulk_ray": "ray"}


def write_images(folder, count):
    """Write ``count`` small JPEGs, each with other content."""
    from PIL import Image

    folder.mkdir()
    for number in range(count):
        color = (number % 256, number // 256 % 256, number // 65536)
        image = Image.new("RGB", (64, 64), color)
        # A comment makes each file unique, whatever JPEG makes of its color.
        image.save(folder / f"{number:06}.jpg", comment=str(number).encode())


def measure(way, folder, rows, limit, faults):
    """Run one way and return its numbers."""
    service = Process("-m", "benchmarks.bulk.service", str(limit), str(faults))
    try:
        target, key = service.read_line("ready").split()
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "answers.jsonl"
            command = ("-m", "benchmarks.bulk.worker", way, target, key, str(folder), str(out))
            started = time.monotonic()
            worker = Process(*command)
            usage = TreeUsage(worker.pid)
            try:
                worker.read_line("done")
                seconds = time.monotonic() - started
            finally:
                usage.stop()
                worker.close()
            lines = out.read_text(encoding="utf-8").splitlines()
        answered = {row["id"] for row in map(json.loads, lines) if row["answer"] is not None}
        service.go()
        calls = json.loads(service.read_line("report"))
    finally:
        service.close()
    return {
        "lost": rows - len(answered),
        "calls": calls["calls"],
        "statuses": calls["statuses"],
        "paid_twice": calls["paid_twice"],
        "cpu": usage.cpu,
        "memory": usage.peak,
        "seconds": seconds,
    }


def compare(ways, rows, limits, faults, rounds):
    """Return the medians of each way for each limit, and the numbers of each round."""
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        write_images(folder, rows)
        for limit in limits:
            turns = {way: [] for way in ways}
            for turn in range(rounds):
                for way in (*ways[turn % len(ways) :], *ways[: turn % len(ways)]):
                    print(f"{limit:g}/s: {way} ...", file=sys.stderr, flush=True)
                    turns[way].append(measure(way, folder, rows, limit, faults))
            results[f"{limit:g}"] = {
                way: {
                    name: statistics.median(turn[name] for turn in measured)
                    for name in ("lost", "calls", "paid_twice", "cpu", "memory", "seconds")
                }
                | {"rounds": measured}
                for way, measured in turns.items()
            }
    return results


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--limits", type=float, nargs="+", default=[100.0], metavar="PER_SECOND")
    parser.add_argument("--faults", type=float, default=0.04, help="the rate; default 0.04")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers to FILE")
    args = parser.parse_args()
    ways = [way for way in args.ways if importlib.util.find_spec(_NEEDS.get(way, "xai_vision"))]
    results = compare(ways, args.rows, args.limits, args.faults, args.rounds)
    lines = [
        [
            limit,
            way,
            *(f"{numbers[name]:,.0f}" for name in ("lost", "calls")),
            f"{numbers['cpu']:.1f}",
            f"{numbers['memory']:,.0f}",
            f"{numbers['seconds']:.0f}",
        ]
        for limit, by_way in results.items()
        for way, numbers in by_way.items()
    ]
    heads = ["limit", "way", "lost", "calls", "CPU (s)", "memory (MiB)", "time (s)"]
    print(report.table(heads, lines))
    if args.json:
        document = {
            "machine": report.machine(("daft", "ray")),
            "rows": args.rows,
            "faults": args.faults,
            "limits": results,
        }
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
