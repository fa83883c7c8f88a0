"""What a chunk of work takes, in this process: time, processor time, memory."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from pathlib import Path

MIB = 1024 * 1024


class Spent:
    """Seconds by the clock and by the processor, threads of gRPC included."""

    wall = 0.0
    cpu = 0.0

    def __enter__(self):
        self._began = time.perf_counter(), _processor()
        return self

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self._began[0]
        self.cpu = _processor() - self._began[1]


class Peak:
    """MiB by which the process grew at its largest, over what it held before."""

    mib = 0.0

    def __enter__(self):
        _forget_peak()
        self._before = _memory("VmRSS")
        return self

    def __exit__(self, *_):
        self.mib = (_memory("VmHWM") - self._before) / MIB


def _processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory(name):
    """Bytes now (VmRSS) or at most (VmHWM); where /proc is not, the latter stands for both."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _forget_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
