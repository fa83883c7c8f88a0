"""Run a command on a pseudo-terminal without forking this process.

pexpect.spawn forks and then closes every file before the new program starts. By then gRPC's fork
handlers poll in the child, which sometimes ends it with "epoll_wait error: Bad file descriptor".
subprocess does not run these handlers.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import Any

from pexpect import fdpexpect

# Make it the terminal of the session, so that Ctrl-C sends a signal.
_START = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n"
)


class Terminal(fdpexpect.fdspawn):  # type: ignore[misc]  # pexpect has no types
    """The part of pexpect.spawn that the tests need."""

    def __init__(
        self, command: list[str], env: dict[str, str], columns: int, *, echo: bool = False
    ) -> None:
        parent_fd, child_fd = pty.openpty()
        fcntl.ioctl(child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        attributes = termios.tcgetattr(child_fd)
        if not echo:  # The line editor of a shell uses the setting as well.
            attributes[3] &= ~termios.ECHO
        termios.tcsetattr(child_fd, termios.TCSANOW, attributes)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *command],
            stdin=child_fd,
            stdout=child_fd,
            stderr=child_fd,
            env=env,
            start_new_session=True,
        )
        os.close(child_fd)
        super().__init__(parent_fd, encoding="utf-8", timeout=60)

    def sendintr(self) -> None:
        """Type Ctrl-C."""
        self.send("\x03")

    def sendeof(self) -> None:
        """Type Ctrl-D."""
        self.send("\x04")

    def kill(self, number: int) -> None:
        """Send a signal to the command."""
        self.process.send_signal(number)

    def close(self, **_: Any) -> None:
        """Close the terminal, and wait for the command."""
        if self.child_fd >= 0:
            super().close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def code(self) -> int:
        """The exit code that a shell would show."""
        return (
            128 - self.process.returncode
            if self.process.returncode < 0
            else self.process.returncode
        )
