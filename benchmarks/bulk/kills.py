"""Kill a job at random moments and run it again: ``python -m benchmarks.bulk.kills``.

A row is lost if it has no answer at the end. A row is paid twice if the service answered it twice:
of each killed process, these may be at most as many as it may send at the same time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bulk.__main__ import write_images
from benchmarks.bulk.usage import tree
from benchmarks.runner import ROOT, Process

CONCURRENCY = 16
VIAS = ("now", "batch", "ray-driver", "ray-worker", "ray-coordinator")
_ACTORS = {"ray-worker": b"ray::MapWorker", "ray-coordinator": b"ray::Coordinator"}


class Victim:
    """A process of a job that will be killed, with all of its children."""

    def __init__(self, *arguments):
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bulk.killed", *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, seconds):
        """Return whether it ended, and fail if it failed."""
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if code:
            raise RuntimeError(f"the job ended with {code}")
        return True

    def kill(self):
        """Kill it and its children at the same moment, as the kernel or a node's end does."""
        pids = tree(self._child.pid)
        for pid in pids:
            _kill(pid)
        self._child.wait()

    def kill_actor(self, name):
        """Kill an actor of Ray; return whether there was one."""
        for pid in tree(self._child.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(name):
                    _kill(pid)
                    return True
        return False


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def prove(via, rows, kills, limit, faults, *, seed=None, spread=2.0):
    """Kill a job of so many rows; return what was lost and what was paid twice.

    A kill follows the first request of a run after at most ``spread`` times the seconds that the
    limit allows for each kill: with 2 some runs end before.
    """
    moments = random.Random(seed)
    service = Process("-m", "benchmarks.bulk.service", str(limit), str(faults))
    done = 0
    try:
        target, key = service.read_line("ready").split()
        with tempfile.TemporaryDirectory() as scratch:
            folder, out = Path(scratch, "images"), Path(scratch, "answers.jsonl")
            write_images(folder, rows)
            arguments = (via, target, key, str(folder), str(out))
            victim = Victim(*arguments)
            begun = _calls(service)
            while done < kills:
                # Not before the run has sent something, and then at any moment.
                begun = _wait_for_calls(service, victim, begun)
                if victim.wait(moments.uniform(0, spread * rows / limit / kills)):
                    break
                if via in _ACTORS:
                    done += victim.kill_actor(_ACTORS[via])
                    continue
                victim.kill()
                done += 1
                victim = Victim(*arguments)
            if not victim.wait(600):
                raise RuntimeError("the job does not end")
            answered = {json.loads(line)["id"] for line in out.read_text().splitlines()}
        service.go()
        calls = json.loads(service.read_line("report"))
    finally:
        service.close()
    return {
        "rows": rows,
        "kills": done,
        "lost": rows - len(answered),
        "paid_twice": calls["paid_twice"],
        "allowed": done * CONCURRENCY,
        "calls": calls["calls"],
    }


def _calls(service):
    service.go()
    return json.loads(service.read_line("report"))["calls"]


def _wait_for_calls(service, victim, begun):
    while (calls := _calls(service)) <= begun:
        if victim.wait(0.1):
            return calls
    return calls


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk.kills", description=__doc__)
    parser.add_argument("--via", nargs="+", choices=VIAS, default=VIAS[:2])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--limit", type=float, default=200.0, help="requests a second")
    parser.add_argument("--faults", type=float, default=0.04)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    results = {}
    for via in args.via:
        print(f"{via}, seed {args.seed} ...", file=sys.stderr, flush=True)
        found = prove(via, args.rows, args.kills, args.limit, args.faults, seed=args.seed)
        results[via] = found
        print(
            f"{via}: {found['kills']} kills, {found['lost']} of {found['rows']} rows lost, "
            f"{found['paid_twice']} paid twice (at most {found['allowed']})",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps({"kills": results}, indent=1) + "\n", encoding="utf-8")
    return any(
        found["lost"] or found["paid_twice"] > found["allowed"] for found in results.values()
    )


if __name__ == "__main__":
    sys.exit(main())
