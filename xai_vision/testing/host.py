"""The port: a grpc server and its threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import grpc

from xai_vision.testing.crew import Crew
from xai_vision.testing.grpc_face import GrpcFace
from xai_vision.testing.keyring import Keyring

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Host"]

_OPTIONS = (
    # Without this two servers may share a port unnoticed, and each gets some of the calls.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Clients ping as often as they like, also while nothing is under way: xai_sdk does every
    # 30 s, for which a server with default settings sends it away.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10),
    ("grpc.http2.min_ping_interval_without_data_ms", 10),
    ("grpc.http2.max_ping_strikes", 0),
)
_STOP_SECONDS = 5.0
_IDLE_GRACE = 0.2


class Host:
    """One listening server.

    The synchronous grpc server, on purpose: the one of grpc.aio polls on the event loop of
    whatever test it runs in (grpcio below 1.80 then fills stderr with BlockingIOError), takes
    no calls while the test's own code holds the loop, and is no faster.
    """

    def __init__(self, keys: Keyring, max_threads: int) -> None:
        self._crew = Crew(max_threads, "xai-vision-fake")
        self._face = GrpcFace(keys)
        # Typed as a ThreadPoolExecutor, used as an Executor.
        crew = cast("ThreadPoolExecutor", self._crew)
        self._server = grpc.server(crew, handlers=[self._face], options=_OPTIONS)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    @property
    def threads(self) -> int:
        """How many threads work on calls, or wait for some."""
        return self._crew.threads

    def stop(self, grace: float | None = None) -> None:
        """Take no more calls; cancel those under way after ``grace`` seconds, or at once."""
        if grace is None and not self._face.live:
            # Nothing to wait for, so this is as quick; but connected clients hear of it in
            # good order, and do not log a GOAWAY with an error to the test's stderr.
            grace = _IDLE_GRACE
        self._server.stop(grace).wait((grace or 0) + _STOP_SECONDS)
        self._crew.shutdown()
