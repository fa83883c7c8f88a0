"""Measure the time, CPU time and memory that work takes in this process."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from pathlib import Path

MIB = 1024 * 1024


class Spent:
    """The elapsed seconds and CPU seconds, including those of gRPC's threads."""

    wall = 0.0
    cpu = 0.0

    def __enter__(self):
        self._start = time.perf_counter(), _cpu_seconds()
        return self

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self._start[0]
        self.cpu = _cpu_seconds() - self._start[1]


class Peak:
    """The peak growth of the process in MiB."""

    mib = 0.0

    def __enter__(self):
        _reset_peak()
        self._before = _memory("VmRSS")
        return self

    def __exit__(self, *_):
        self.mib = (_memory("VmHWM") - self._before) / MIB


def _cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(name):
    """Return the current (VmRSS) or peak bytes (VmHWM); without /proc, always the peak."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _reset_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
