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
        on_ready: Called with each ready socket, its events and the data passed to ``watch``.
        on_stop: Called when the thread ends.
    """

    def __init__(
        self,
        name: str,
        on_ready: Callable[[socket.socket, int, Any], None],
        on_stop: Callable[[], None],
    ) -> None:
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._wake_writer, self._wake_reader = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
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

        def run_and_notify() -> None:
            command()
            done.set()

        self.submit(run_and_notify)
        while not done.wait(_CHECK_SECONDS) and self._thread.is_alive():
            pass

    def watch(self, sock: socket.socket, events: int, data: object = None) -> None:
        """Watch a socket for ``events``; 0 stops watching it. Call it on the thread."""
        watched = sock in self._selector.get_map()
        if events and watched:
            self._selector.modify(sock, events, data)
        elif events:
            self._selector.register(sock, events, data)
        elif watched:
            self._selector.unregister(sock)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # The thread has ended.
            self._wake_writer.send(b"!")

    def _run(self) -> None:
        try:
            while not self._stopping:
                for key, events in self._selector.select():
                    sock: Any = key.fileobj
                    woken = sock is self._wake_reader
                    if woken:
                        self._wake_reader.recv(4096)
                    self._run_commands()
                    # A command may have closed the socket.
                    if not woken and sock.fileno() >= 0:
                        self._on_ready(sock, events, key.data)
        finally:
            self._run_commands()
            self._on_stop()
            self._wake_writer.close()
            self._wake_reader.close()
            self._selector.close()

    def _run_commands(self) -> None:
        while self._commands:
            self._commands.popleft()()
