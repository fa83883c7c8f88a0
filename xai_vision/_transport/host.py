"""Check the host of a client."""

from __future__ import annotations

import re

from xai_vision.errors import ConfigurationError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(
    # gRPC's names for how to resolve a host; most callers pass none.
    r"(?P<scheme>dns:///|dns:|ipv4:|ipv6:)?"
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?"
)


def is_loopback(host: str) -> bool:
    """Return whether a host's name is one of this machine."""
    return host.strip("[]").lower() in _LOOPBACK


def parse_host(argument: str, host: str) -> tuple[str, str, int]:
    """Return gRPC's prefix, the name and the port of a host.

    Args:
        argument: The argument's name in the error.
        host: ``host`` or ``host:port``, also with a prefix such as ``dns:///``.

    Raises:
        ConfigurationError: The host is not valid.
    """
    if not isinstance(host, str):
        raise ConfigurationError(f"{argument} must be a string, not {type(host).__name__}")
    if not host:
        raise ConfigurationError(f"{argument} is empty. Pass a host such as 'api.x.ai'")
    match = _HOST.fullmatch(host)
    if match is None and "/" in host:
        # The message leaves out the URL, which may contain a password.
        bare = host.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
        instead = repr(bare) if bare else "a host such as 'api.x.ai'"
        raise ConfigurationError(f"{argument} must be a host, not a URL. Pass {instead}")
    if match is None:
        raise ConfigurationError(
            f"{argument} must have the form 'host' or 'host:port', not {host!r}"
        )
    port = match["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise ConfigurationError(f"{argument} {host!r}: the port must be from 1 to 65535")
    return match["scheme"] or "", match["name"], int(port or 443)
