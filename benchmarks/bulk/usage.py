"""Measure the CPU time and the memory of a process and its descendants, on Linux."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SECONDS = 0.25


class TreeUsage:
    """Samples the processes below ``pid`` until ``stop``.

    Attributes:
        cpu: CPU seconds, including those of processes that have ended.
        peak: The largest proportional set size of all processes together, in MiB.
    """

    def __init__(self, pid):
        self.cpu = 0.0
        self.peak = 0.0
        self._pid = pid
        self._by_process = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        """Take a last sample and end."""
        self._stopped.set()
        self._thread.join()
        self._sample()

    def _run(self):
        while not self._stopped.wait(_SECONDS):
            self._sample()

    def _sample(self):
        memory = 0.0
        for pid in tree(self._pid):
            with contextlib.suppress(OSError, IndexError, ValueError):
                # A process is identified by its id and its start: ids are used again.
                start, seconds = _times(pid)
                self._by_process[pid, start] = seconds
                memory += _proportional_mib(pid)
        self.cpu = sum(self._by_process.values())
        self.peak = max(self.peak, memory)


def tree(root):
    """Return the ids of a process and its descendants."""
    children = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                parent = int(_fields(folder.name)[1])
                children.setdefault(parent, []).append(int(folder.name))
    pending, found = [root], []
    while pending:
        pid = pending.pop()
        found.append(pid)
        pending += children.get(pid, ())
    return found


def _fields(pid):
    """Return the fields of /proc/PID/stat after the name of the program."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _times(pid):
    fields = _fields(pid)
    return fields[19], (int(fields[11]) + int(fields[12])) / _TICKS


def _proportional_mib(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
