"""A client's process: runs a task for each line of standard input, and prints the measurements.

The runner starts it by its path, so that nothing is imported before the client, because imports are
measured, too.
"""

from __future__ import annotations

import sys
import time


class Server:
    """The address of the server, the API key and the root certificate."""

    def __init__(self, target, key, root):
        self.target = target
        self.key = key
        self.root = root


def main():
    del sys.path[0]  # The folder of this file, whose modules must not be imported by name.
    task, client, target, key, root, *rest = sys.argv[1:]
    parameters = dict(pair.split("=", 1) for pair in rest)
    certificate = None
    if root:
        with open(root, "rb") as file:  # noqa: PTH123 - importing pathlib would be measured
            certificate = file.read()
    server = Server(target, key, certificate)

    if task in ("import", "cold"):
        rounds = measure_start(task, client, server)
    else:
        from benchmarks import tasks

        rounds = getattr(tasks, task)(client, server, **parameters)
    for _ in sys.stdin:
        print("result", repr(next(rounds)), flush=True)


def measure_start(task, client, server):
    """Import the client, and for "cold" make a call. This can be measured once per process."""
    wall, cpu = time.perf_counter(), time.process_time()
    name = f"benchmarks.clients.{client}"
    __import__(name)
    if task == "cold":
        sys.modules[name].Blocking(server).ask("What is this?")
    yield {
        "cpu": (time.process_time() - cpu) * 1e3,
        "wall": (time.perf_counter() - wall) * 1e3,
    }


if __name__ == "__main__":
    main()
