"""The address of an upstream, as the setting ``upstream`` gives it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_OPENAI: Final = "openai:"
_HOST: Final = re.compile(
    r"(?P<scheme>grpcs?://)?(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?"
)
_HTTP: Final = re.compile(r"https?://[^/\s@?#]+(?:/[^\s?#]*)?")
_API_HOST: Final = "api.x.ai"
_MANAGEMENT_HOST: Final = "management-api.x.ai"
_FORMS: Final = (
    "Pass a host such as 'api.x.ai', an address such as 'localhost:50051', or a server with "
    "OpenAI's API such as 'openai:http://localhost:11434/v1'"
)


@dataclass(frozen=True)
class UpstreamAddress:
    """The address of an upstream.

    Attributes:
        target: Of a gRPC service, "host:port"; else the base URL without a slash at its end.
        tls: Whether the connection is encrypted.
        is_openai: Whether the service has OpenAI's API over HTTP, and not xAI's over gRPC.
    """

    target: str
    tls: bool
    is_openai: bool = False

    @property
    def management_target(self) -> str:
        """The address of the service Collections, which xAI serves at another host."""
        host, _, port = self.target.rpartition(":")
        return f"{_MANAGEMENT_HOST}:{port}" if host == _API_HOST else self.target


def parse_address(upstream: object) -> UpstreamAddress:
    """Read the setting ``upstream``.

    A gRPC service is called with TLS unless it runs on this machine; ``grpc://`` and ``grpcs://``
    before the host say which.

    Raises:
        TypeError: The setting is not a string.
        ValueError: It is not the address of a service.
    """
    if not isinstance(upstream, str):
        raise TypeError(f"upstream must be a str, not {type(upstream).__name__}. {_FORMS}")
    if upstream.startswith(_OPENAI):
        url = upstream.removeprefix(_OPENAI)
        if not (_HTTP.fullmatch(url) and _has_host(url)):
            # The message leaves out the URL, which may contain a password.
            raise ValueError(
                "upstream: 'openai:' needs a URL without a user, query or fragment after it, such "
                "as 'openai:http://localhost:11434/v1'"
            )
        return UpstreamAddress(url.rstrip("/"), url.startswith("https:"), is_openai=True)
    match = _HOST.fullmatch(upstream)
    if match is None:
        if "://" in upstream:
            raise ValueError(f"upstream must be a host, not a URL. {_FORMS}")
        raise ValueError(f"upstream {upstream!r} is not a host. {_FORMS}")
    tls = match["scheme"] == "grpcs://" if match["scheme"] else not _is_loopback(match["name"])
    port = int(match["port"] or (443 if tls else 80))
    if not 0 < port < 65536:
        raise ValueError(f"upstream {upstream!r}: the port must be from 1 to 65535")
    return UpstreamAddress(f"{match['name']}:{port}", tls)


def _has_host(url: str) -> bool:
    """Return whether a URL has a host, and a valid port if it has one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    name = host.strip("[]")
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
