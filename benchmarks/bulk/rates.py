"""Ask 2,000 rows under rate limits and faults: ``python -m benchmarks.bulk.rates``.

No row may be lost, and each row may take 1.05 calls, besides those that a fault ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.bulk.__main__ import write_images
from benchmarks.runner import Process


def measure(folder, rows, limit, workers, faults):
    """Run a job against a service of its own; return its numbers."""
    from xai_vision import AsyncClient, bulk

    service = Process("-m", "benchmarks.bulk.service", str(limit), str(faults))
    try:
        target, key = service.read_line("ready").split()
        with tempfile.TemporaryDirectory() as scratch:
            job = bulk.ask(
                "Describe it in a sentence.",
                bulk.folder(folder),
                out=Path(scratch) / "answers.jsonl",
                concurrency=workers,
                client=AsyncClient(key, api_host=target),
            )
            started, cpu = time.monotonic(), time.process_time()
            result = job.run()
            seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        service.go()
        calls = json.loads(service.read_line("report"))
    finally:
        service.close()
    statuses = calls["statuses"]
    faulty = statuses.get("INTERNAL", 0) + statuses.get("UNAVAILABLE", 0)
    return {
        "lost": rows - result.answered,
        "paid_twice": calls["paid_twice"],
        "faults": faulty,
        "refused": statuses.get("RESOURCE_EXHAUSTED", 0),
        "calls_per_row": (calls["calls"] - faulty) / rows,
        "seconds": seconds,
        "cpu_ms": cpu / rows * 1000,
    }


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk.rates", description=__doc__)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--limits", type=float, nargs="+", default=[10.0, 100.0, 500.0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 8, 32])
    parser.add_argument("--faults", type=float, default=0.04, help="the rate; default 0.04")
    args = parser.parse_args()
    lines, failed = [], False
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        write_images(folder, args.rows)
        for limit in args.limits:
            for workers in args.workers:
                found = measure(folder, args.rows, limit, workers, args.faults)
                failed |= found["lost"] > 0 or found["calls_per_row"] > 1.05
                numbers = [f"{value:.3g}" for value in found.values()]
                lines.append([f"{limit:g}", str(workers), *numbers])
                print(lines[-1], file=sys.stderr, flush=True)
    heads = ["limit", "workers", "lost", "paid twice", "faults", "refused", "calls a row"]
    print(report.table([*heads, "time (s)", "CPU a row (ms)"], lines))
    return failed


if __name__ == "__main__":
    sys.exit(main())
