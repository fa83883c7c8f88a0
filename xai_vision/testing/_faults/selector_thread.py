"""A thread that watches sockets and runs functions for other threads."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

# How often run() checks that the thread is alive.
_CHECK_SECONDS = 0.5
_STOP_SECONDS = 5.0


class SelectorThread:
    """Runs a selector loop on a daemon thread.

    Args:
        name: The name of the thread.
        on_stop: Called when the thread ends.
    """

    def __init__(self, name: str, on_stop: Callable[[], None]) -> None:
        self._on_stop = on_stop
        self._wake_writer, self._wake_reader = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self.watch(self._wake_reader, selectors.EVENT_READ, self._read_wake_bytes)
        self._commands: deque[Callable[[], None]] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopping = True
        self._wake()
        self._thread.join(_STOP_SECONDS)

    def submit(self, command: Callable[[], None]) -> None:
        """Run a function on the thread, before it handles the next event."""
        self._commands.append(command)
        self._wake()

    def run(self, command: Callable[[], None]) -> None:
        """Run a function on the thread and wait for it, unless the thread has ended."""
        done = threading.Event()
        self.submit(command)
        self.submit(done.set)
        while not done.wait(_CHECK_SECONDS) and self._thread.is_alive():
            pass

    def watch(
        self, sock: socket.socket, events: int, on_ready: Callable[[int], None] | None = None
    ) -> None:
        """Call ``on_ready`` when a socket has some of ``events``; 0 stops watching the socket.

        Once the thread has started, call this on the thread only.
        """
        watched = sock in self._selector.get_map()
        if events and watched:
            self._selector.modify(sock, events, on_ready)
        elif events:
            self._selector.register(sock, events, on_ready)
        elif watched:
            self._selector.unregister(sock)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # The thread has ended.
            self._wake_writer.send(b"!")

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, events in self._selector.select():
                    self._run_commands()
                    sock: Any = key.fileobj
                    if sock.fileno() >= 0:  # A command or an event may have closed it.
                        key.data(events)
                # The bytes of commands that arrived meanwhile may already be read.
                self._run_commands()
        finally:
            self._run_commands()
            self._on_stop()
            self._wake_writer.close()
            self._wake_reader.close()
            self._selector.close()

    def _read_wake_bytes(self, events: int) -> None:
        self._wake_reader.recv(4096)

    def _run_commands(self) -> None:
        while self._commands:
            self._commands.popleft()()
