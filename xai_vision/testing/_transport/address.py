"""Where a server listens."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

from xai_vision.testing import _validation as given

__all__ = ["LOOPBACK", "Place"]

LOOPBACK: Final = "127.0.0.1"
# What is likely, where grpc could not open a port a moment after it was free.
_TAKEN: Final = errno.EADDRINUSE


@dataclass(frozen=True)
class Place:
    """Where a server listens.

    Attributes:
        host: An address of this machine, or a name for one.
        port: The gRPC port; 0 is any that is free.
        http_port: The HTTP port; likewise.
    """

    host: str = LOOPBACK
    port: int = 0
    http_port: int = 0

    def __post_init__(self) -> None:
        host = given.text("FakeServer: host", self.host).strip("[]")
        object.__setattr__(self, "host", LOOPBACK if host == "localhost" else host)
        if not host.strip() or ":" in host:
            self._check_v6()
        for name in ("port", "http_port"):
            given.whole(f"FakeServer: {name}", getattr(self, name), 0, 65_535)
        if self.port and self.port == self.http_port:
            raise ValueError("FakeServer: port and http_port cannot be the same")

    def _check_v6(self) -> None:
        try:
            ipaddress.IPv6Address(self.host)
        except ValueError:
            raise ValueError(
                f"FakeServer: host must be an address of this machine, without a port, "
                f"not {self.host!r}"
            ) from None

    @property
    def family(self) -> socket.AddressFamily:
        """The kind of socket it needs."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def shown(self) -> str:
        """The host for clients: "localhost" where that leads to it, as xai_sdk wants it."""
        if self.host in (LOOPBACK, "0.0.0.0", "::"):  # noqa: S104 - compared
            return "localhost"
        return self.quoted

    @property
    def quoted(self) -> str:
        """The host as it stands before a port."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def numeric(self) -> str:
        """The host for a URL: an address, where one leads to it."""
        if self.host == "::":
            return "[::1]"
        return LOOPBACK if self.shown == "localhost" else self.quoted

    def listen(self, port: int) -> socket.socket:
        """Open a listening socket.

        Raises:
            OSError: It cannot be; the error names host and port.
        """
        try:
            return socket.create_server((self.host, port), family=self.family, backlog=512)
        except OSError as error:
            why = error.strerror or str(error)
            raise self.refusal(port, error.errno or _TAKEN, why) from None

    def probe(self, port: int) -> None:
        """Find out whether a port can be opened, for grpc only prints why it cannot.

        Raises:
            OSError: It cannot be.
        """
        if port or self.host != LOOPBACK:
            self.listen(port).close()

    def refusal(self, port: int, number: int = _TAKEN, why: str = "") -> OSError:
        """What to raise for a port that cannot be opened."""
        where = f"port {port} of {self.host}" if port else f"a port of {self.host}"
        why = "it is taken" if number == _TAKEN else why
        return OSError(number, f"the fake server cannot open {where}: {why}")
