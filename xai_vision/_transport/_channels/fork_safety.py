"""Detect what a fork breaks in gRPC.

A child process cannot use its parent's connections and opens its own. It cannot use grpc.aio at
all if its parent has used it: grpc.aio runs on one thread, which does not survive a fork and
cannot be started again (a call is a segmentation fault, measured with grpcio 1.66 to 1.85).
gRPC's blocking API survives such a fork from grpcio 1.80 on; in earlier versions a call hangs
until its deadline.
"""

from __future__ import annotations

import os

import grpc

from xai_vision.errors import ForkError

_BLOCKING_SURVIVES_SINCE = (1, 80)

_aio_used_in: int | None = None


def record_aio_use() -> None:
    """Remember that this process has used grpc.aio."""
    global _aio_used_in  # noqa: PLW0603 - the state belongs to the process
    if _aio_used_in is None:
        _aio_used_in = os.getpid()


def aio_is_broken() -> bool:
    """Return whether grpc.aio was used in a process that this one was forked from.

    Raises:
        ForkError: It was, and this version of grpcio cannot make blocking calls either.
    """
    if _aio_used_in is None or _aio_used_in == os.getpid():
        return False
    if tuple(map(int, grpc.__version__.split(".")[:2])) < _BLOCKING_SURVIVES_SINCE:
        raise ForkError(
            "this process was forked from one that had used an AsyncClient, which grpcio "
            f"{grpc.__version__} does not survive. Upgrade to grpcio 1.80 or newer, start "
            "processes with 'spawn', or fork before the first call"
        )
    return True
