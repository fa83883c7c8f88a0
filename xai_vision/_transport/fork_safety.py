"""What a fork leaves of gRPC.

A child process cannot use its parent's connections; it makes its own. grpc.aio it cannot use at
all once its parent has: that runs on one thread, which does not survive a fork and cannot be
started again (a call is a segmentation fault, measured with grpcio 1.66 to 1.85). gRPC's blocking
side survives it from grpcio 1.80 on; before, a call hangs until its deadline.
"""

from __future__ import annotations

import os

import grpc

from xai_vision.errors import ForkError

_SURVIVES_SINCE = (1, 80)

_aio_since: int | None = None


def note_use_of_aio() -> None:
    """Remember that this process has used grpc.aio."""
    global _aio_since  # noqa: PLW0603  # it is the process that has the state
    if _aio_since is None:
        _aio_since = os.getpid()


def aio_is_lost() -> bool:
    """Whether grpc.aio was used in a process this one was forked from.

    Raises:
        ForkError: It was, and with this grpcio blocking calls are lost as well.
    """
    if _aio_since is None or _aio_since == os.getpid():
        return False
    if tuple(map(int, grpc.__version__.split(".")[:2])) < _SURVIVES_SINCE:
        raise ForkError(
            "this process was forked from one that had used an AsyncClient, which grpcio "
            f"{grpc.__version__} does not survive: upgrade to grpcio 1.80 or newer, start "
            "processes with 'spawn', or fork before the first call"
        )
    return True
