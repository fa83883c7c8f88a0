"""Where to and as whom: the checked settings of a connection, and the channel's options."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from xai_vision._version import __version__
from xai_vision.errors import ConfigurationError
from xai_vision.wire.exchange import CallOptions
from xai_vision.wire.timing import client_seconds

ChannelOptions: TypeAlias = "Sequence[tuple[str, Any]]"

DEFAULT_HOST = "api.x.ai"
DEFAULT_TIMEOUT = 27 * 60.0
"""Seconds: what xai_sdk gives a call; long answers of reasoning models take many minutes."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?")

# No cap on a message but protobuf's own: one 20 MiB picture is 26.7 MiB of base64, and a request
# may hold any number of them.
_OPTIONS: ChannelOptions = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.primary_user_agent", f"xai-vision/{__version__}"),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything a wire needs to know, checked.

    Attributes:
        target: ``host:port``.
        secure: Whether TLS is used.
        loopback: Whether the host is this machine by its name.
        metadata: Sent with every call; holds the key, so it stays out of the repr.
        timeout: Seconds a call may take unless it says otherwise.
    """

    target: str
    secure: bool
    loopback: bool
    timeout: float
    metadata: tuple[tuple[str, str], ...] = field(repr=False)
    channel_options: tuple[tuple[str, Any], ...] = ()

    def options(self) -> list[tuple[str, Any]]:
        """The channel's options; the caller's own win over ours."""
        merged = dict(_OPTIONS)
        if self.loopback:
            merged["grpc.enable_http_proxy"] = 0
        merged.update(self.channel_options)
        return list(merged.items())

    def call_arguments(self, options: CallOptions) -> dict[str, Any]:
        """What a call is given besides its request."""
        return {
            "timeout": self.timeout if options.timeout is None else options.timeout,
            "metadata": self.metadata + options.metadata,
        }


def connection(
    *,
    api_key: str | None,
    api_host: str,
    metadata: Iterable[tuple[str, str]] | None,
    channel_options: ChannelOptions | None,
    timeout: float | timedelta | None,
    use_insecure_channel: bool,
) -> Connection:
    """Check a client's arguments.

    Raises:
        ConfigurationError: One of them cannot work; the text says which and what to do.
    """
    key = _key(os.environ.get("XAI_API_KEY") if api_key is None else api_key)
    name, port = _host(api_host)
    loopback = name.strip("[]").lower() in _LOOPBACK
    secure = not (loopback or use_insecure_channel)
    return Connection(
        target=f"{name}:{port or 443}",
        secure=secure,
        loopback=loopback,
        timeout=DEFAULT_TIMEOUT if timeout is None else client_seconds(timeout),
        metadata=(
            ("authorization", f"Bearer {key}"),
            ("xai-vision-version", __version__),
            ("xai-vision-language", f"python/{platform.python_version()}"),
            *_metadata(metadata or ()),
        ),
        channel_options=tuple(channel_options or ()),
    )


def _key(key: str | None) -> str:
    if key is None:
        raise ConfigurationError(
            "no API key: give api_key= or set the environment variable XAI_API_KEY"
        )
    if not isinstance(key, str) or not key.strip():
        raise ConfigurationError("the API key is empty: check api_key= or XAI_API_KEY")
    if not (key.isascii() and key.isprintable()) or key != key.strip():
        # The key itself is not shown: this text ends up in logs.
        raise ConfigurationError(
            "the API key holds a space, line break or other character no key has; "
            "strip() what was read from a file"
        )
    return key


def _host(host: str) -> tuple[str, int | None]:
    if not isinstance(host, str) or not host:
        raise ConfigurationError("api_host is empty: give a host such as 'api.x.ai'")
    if "/" in host:
        bare = host.rpartition("://")[2].partition("/")[0]
        raise ConfigurationError(
            f"api_host is a host, not a URL: give {bare!r} instead of {host!r}"
        )
    match = _HOST.fullmatch(host)
    if match is None:
        raise ConfigurationError(f"api_host {host!r} is not of the form 'host' or 'host:port'")
    port = match["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise ConfigurationError(f"api_host {host!r}: a port is 1 to 65535")
    return match["name"], int(port) if port else None


def _metadata(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    checked = []
    for key, value in pairs:
        if key.lower() == "authorization":
            raise ConfigurationError("metadata may not hold 'authorization': use api_key=")
        checked.append((key.lower(), value))
    return tuple(checked)
