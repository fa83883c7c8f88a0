"""The address that a fake server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Final

from xai_vision.testing import _validation

LOOPBACK: Final = "127.0.0.1"
# With a linger time of 0, closing sends RST. The two numbers are short integers on Windows.
LINGER_0: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
# The likely reason when gRPC cannot open a port that was free a moment before.
_IN_USE: Final = errno.EADDRINUSE


def is_loopback(host: str) -> bool:
    """Return whether only programs on this machine can reach a server on a host."""
    host = host.strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)


@dataclass(frozen=True)
class BindAddress:
    """The host and ports that a fake server listens on.

    Attributes:
        host: An address of this machine, or a name for one.
        port: The gRPC port; 0 selects a free one.
        http_port: The HTTP port; 0 selects a free one.
    """

    host: str = LOOPBACK
    port: int = 0
    http_port: int = 0

    def __post_init__(self) -> None:
        host = _validation.string("FakeServer: host", self.host).strip("[]")
        object.__setattr__(self, "host", LOOPBACK if host == "localhost" else host)
        if not host.strip() or ":" in host:
            try:
                ipaddress.IPv6Address(host)
            except ValueError:
                raise ValueError(
                    f"FakeServer: host must be an address of this machine, without a port, "
                    f"not {host!r}"
                ) from None
        for name in ("port", "http_port"):
            _validation.integer(f"FakeServer: {name}", getattr(self, name), 0, 65_535)
        if self.port and self.port == self.http_port:
            raise ValueError("FakeServer: port and http_port must differ")

    @property
    def client_host(self) -> str:
        """The host that clients connect to: "localhost" if possible, as xai_sdk expects it."""
        if self.host in (LOOPBACK, "0.0.0.0", "::"):  # noqa: S104 - only compared
            return "localhost"
        return self.bracketed_host

    @property
    def bracketed_host(self) -> str:
        """The host as written before a port: IPv6 addresses have brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url_host(self) -> str:
        """The host for URLs; it is numeric where ``client_host`` is "localhost"."""
        if self.host == "::":
            return "[::1]"
        return LOOPBACK if self.client_host == "localhost" else self.bracketed_host

    def require_loopback(self, option: str, reason: str) -> None:
        """Check that other machines cannot reach the server.

        Raises:
            ValueError: They can. The message names the option and the reason.
        """
        if not is_loopback(self.host):
            raise ValueError(
                f"FakeServer: {option} needs a host that other machines cannot reach, because "
                f"{reason}, but host is {self.host!r}. Use host={LOOPBACK!r}"
            )

    def listen(self, port: int) -> socket.socket:
        """Open a listening socket.

        Raises:
            OSError: The port cannot be opened. The error names host and port.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, port), family=family, backlog=512)
        except OSError as error:
            reason = error.strerror or str(error)
            raise self.bind_error(port, error.errno or _IN_USE, reason) from None

    def check_available(self, port: int) -> None:
        """Check that a port can be opened. gRPC itself only prints the reason if it cannot.

        Raises:
            OSError: The port cannot be opened.
        """
        if port or self.host != LOOPBACK:
            self.listen(port).close()

    def bind_error(self, port: int, number: int = _IN_USE, reason: str = "") -> OSError:
        """Return the error for a port that cannot be opened.

        Args:
            port: The port; 0 stands for any.
            number: The system's error number.
            reason: The system's message.
        """
        target = f"port {port} of {self.host}" if port else f"a port of {self.host}"
        reason = "it is already in use" if number == _IN_USE else reason
        return OSError(number, f"the fake server cannot open {target}: {reason}")
