"""A command on a pseudo-terminal, started without forking this process.

pexpect.spawn forks, and closes every file before the new program runs. gRPC's handlers for forks
have then begun to poll in the child, which now and then ends it: "epoll_wait error: Bad file
descriptor". subprocess runs no such handlers.
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

# The terminal becomes that of the session, so that Ctrl-C typed there is a signal.
_START = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n"
)


class Terminal(fdpexpect.fdspawn):  # type: ignore[misc]  # pexpect has no types
    """What pexpect.spawn is, as far as the tests need it."""

    def __init__(
        self, command: list[str], env: dict[str, str], columns: int, *, echo: bool = False
    ) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        shown = termios.tcgetattr(theirs)
        if not echo:  # a shell's own line editor keeps to this
            shown[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, shown)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=env,
            start_new_session=True,
        )
        os.close(theirs)
        super().__init__(ours, encoding="utf-8", timeout=20)

    def sendintr(self) -> None:
        """Type Ctrl-C."""
        self.send("\x03")

    def sendeof(self) -> None:
        """Type Ctrl-D."""
        self.send("\x04")

    def kill(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def close(self, **_: Any) -> None:
        """Close the terminal, and wait for the command."""
        if self.child_fd >= 0:
            super().close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def code(self) -> int:
        """What a shell would say the command ended with."""
        return (
            128 - self.process.returncode
            if self.process.returncode < 0
            else self.process.returncode
        )
