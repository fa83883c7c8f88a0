"""A fake server in a process of its own, which a test can kill."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import textwrap

SERVER = textwrap.dedent("""
    import sys
    from xai_vision.testing import FakeServer, Fault
    with FakeServer(port=int(sys.argv[1])) as server:
        if len(sys.argv) > 2:
            server.fault(Fault.hang(after_chunks=2))
        print(server.target, server.api_key, flush=True)
        sys.stdin.read()
""")


def _lasting_port() -> str:
    """Return a free port that no connection gets by itself.

    A client that keeps connecting to a local port between 32768 and 60999 may get that port for its
    own end, and would be connected to itself.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            with socket.create_server(("localhost", port)):
                return str(port)
        except OSError:
            continue


class ServerProcess:
    """A fake server that can be killed."""

    def __init__(self, port: str | None = None, *options: str) -> None:
        command = [sys.executable, "-c", SERVER, port or _lasting_port(), *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.target, self.key = self.process.stdout.readline().split()
        self.port = self.target.rpartition(":")[2]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
