"""A client's process: does one task, once for every line it is sent, and says what it took.

Run by path, so that nothing is imported before the client is: imports are measured too.
"""

from __future__ import annotations

import sys
import time


class Where:
    """The server, as a client is told of it."""

    def __init__(self, target, key, root):
        self.target = target
        self.key = key
        self.root = root


def main():
    del sys.path[0]  # this file's folder, whose names are not meant to be imported
    task, client, target, key, root, *rest = sys.argv[1:]
    parameters = dict(pair.split("=", 1) for pair in rest)
    certificate = None
    if root:
        with open(root, "rb") as file:  # noqa: PTH123 - pathlib is among what is measured
            certificate = file.read()
    where = Where(target, key, certificate)

    if task in ("import", "cold"):
        rounds = first_steps(task, client, where)
    else:
        from benchmarks import tasks

        rounds = getattr(tasks, task)(client, where, **parameters)
    for _ in sys.stdin:
        print("result", repr(next(rounds)), flush=True)


def first_steps(task, client, where):
    """Import the client, and for "cold" ask it something. Can be done once."""
    wall, spent = time.perf_counter(), time.process_time()
    name = f"benchmarks.clients.{client}"
    __import__(name)
    if task == "cold":
        who = sys.modules[name].Blocking(where)
        who.ask("What is this?")
    yield {
        "cpu": (time.process_time() - spent) * 1e3,
        "wall": (time.perf_counter() - wall) * 1e3,
    }


if __name__ == "__main__":
    main()
