"""Check a client's arguments and make the options of its channels."""

from __future__ import annotations

import os
import platform
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

import grpc

from xai_vision._transport.durations import client_seconds
from xai_vision._transport.retry import RetryPolicy, policy
from xai_vision._version import __version__
from xai_vision.errors import ConfigurationError, InsecureChannelWarning

ChannelOptions: TypeAlias = "Sequence[tuple[str, Any]]"

DEFAULT_HOST = "api.x.ai"
DEFAULT_TIMEOUT = 27 * 60.0
"""Seconds, as in xai_sdk. Long responses of reasoning models take many minutes."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>\d{1,5}))?")
_KEY = re.compile(r"[0-9a-z_.-]+")

# The size of a message is limited only by protobuf: one image of 20 MiB is 26.7 MiB of base64, and
# a request may hold any number of images.
_OPTIONS: ChannelOptions = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.primary_user_agent", f"xai-vision/{__version__}"),
    # Pings detect a dead connection during a call that is silent for long. By default, gRPC servers
    # close a connection (too_many_pings) that pings more often than every 5 minutes.
    ("grpc.keepalive_time_ms", 6 * 60 * 1000),
    ("grpc.keepalive_timeout_ms", 20 * 1000),
    ("grpc.http2.max_pings_without_data", 0),
    # By default, the clients of a process share connections to the same address, and with them the
    # delay after a failed attempt to connect: a new client would fail without trying.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """The checked configuration of a transport.

    Attributes:
        target: ``host:port``.
        secure: Whether to use TLS.
        loopback: Whether the host's name is one of this machine.
        metadata: Metadata of every call. It contains the API key, so the repr leaves it out.
        timeout: The default timeout of a call in seconds.
        retries: The default retry policy.
        channel_options: The caller's channel options.
        root_certificates: Trusted certificates in PEM form; None for gRPC's own.
    """

    target: str
    secure: bool
    loopback: bool
    timeout: float
    metadata: tuple[tuple[str, str], ...] = field(repr=False)
    retries: RetryPolicy
    channel_options: tuple[tuple[str, Any], ...] = ()
    root_certificates: bytes | None = field(default=None, repr=False)

    def options(self) -> list[tuple[str, Any]]:
        """Return the channel's options; the caller's take precedence."""
        merged = dict(_OPTIONS)
        if self.loopback:
            # Otherwise gRPC would use the proxy in http_proxy, which cannot reach this machine.
            merged["grpc.enable_http_proxy"] = 0
        merged.update(self.channel_options)
        return list(merged.items())

    def credentials(self) -> grpc.ChannelCredentials:
        """Return the credentials of a secure channel."""
        return grpc.ssl_channel_credentials(self.root_certificates)


def make_config(
    *,
    api_key: str | None,
    api_host: str,
    metadata: Mapping[str, str] | Iterable[tuple[str, str]] | None,
    channel_options: ChannelOptions | None,
    timeout: float | timedelta | None,
    use_insecure_channel: bool,
    retries: int | RetryPolicy | None,
    root_certificates: bytes | None,
) -> ConnectionConfig:
    """Check a client's arguments.

    Raises:
        ConfigurationError: An argument is invalid; the message names it and a remedy.
    """
    key = _key(os.environ.get("XAI_API_KEY") if api_key is None else api_key)
    name, port = _host(api_host)
    loopback = name.strip("[]").lower() in _LOOPBACK
    secure = root_certificates is not None or not (loopback or use_insecure_channel)
    if use_insecure_channel and root_certificates is not None:
        raise ConfigurationError("root_certificates= needs TLS. Leave out use_insecure_channel=")
    if not (secure or loopback):
        warnings.warn(
            f"the API key and all images are sent to {name} in plain text (use_insecure_channel)",
            InsecureChannelWarning,
            stacklevel=4,
        )
    return ConnectionConfig(
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
        channel_options=_channel_options(channel_options or ()),
        retries=RetryPolicy() if retries is None else policy(retries, ConfigurationError),
        root_certificates=_certificates(root_certificates),
    )


def _key(key: str | None) -> str:
    if key is None:
        raise ConfigurationError(
            "no API key. Pass api_key= or set the environment variable XAI_API_KEY"
        )
    if not isinstance(key, str):
        raise ConfigurationError(f"the API key must be a string, not {type(key).__name__}")
    if not key.strip():
        raise ConfigurationError("the API key is empty. Check api_key= or XAI_API_KEY")
    if not (key.isascii() and key.isprintable()) or " " in key:
        # The message leaves out the key, because messages end up in logs.
        raise ConfigurationError(
            "the API key contains a space, a line break or another invalid character. "
            "Call .strip() on a key that was read from a file"
        )
    return key


def _host(host: str) -> tuple[str, int | None]:
    if not isinstance(host, str):
        raise ConfigurationError(f"api_host must be a string, not {type(host).__name__}")
    if not host:
        raise ConfigurationError("api_host is empty. Pass a host such as 'api.x.ai'")
    if "/" in host:
        # The message leaves out the URL, which may contain a password.
        bare = host.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
        instead = repr(bare) if bare else "a host such as 'api.x.ai'"
        raise ConfigurationError(f"api_host must be a host, not a URL. Pass {instead}")
    match = _HOST.fullmatch(host)
    if match is None:
        raise ConfigurationError(f"api_host must have the form 'host' or 'host:port', not {host!r}")
    port = match["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise ConfigurationError(f"api_host {host!r}: the port must be from 1 to 65535")
    return match["name"], int(port) if port else None


def _channel_options(options: ChannelOptions) -> tuple[tuple[str, Any], ...]:
    checked = []
    for option in options:
        is_pair = isinstance(option, (tuple, list)) and len(option) == 2
        if not is_pair or not isinstance(option[0], str):
            raise ConfigurationError(
                f"channel_options must be pairs (name, value), not {option!r:.80}"
            )
        checked.append((option[0], option[1]))
    return tuple(checked)


def _certificates(pem: bytes | None) -> bytes | None:
    if pem is None or (isinstance(pem, bytes) and b"-----BEGIN CERTIFICATE-----" in pem):
        return pem
    raise ConfigurationError(
        "root_certificates must be bytes in PEM form ('-----BEGIN CERTIFICATE-----'). "
        "Pass Path('ca.pem').read_bytes()"
    )


def _metadata(
    metadata: Mapping[str, str] | Iterable[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    checked = []
    for key, value in metadata.items() if isinstance(metadata, Mapping) else metadata:
        if not isinstance(key, str) or not _KEY.fullmatch(key.lower()):
            raise ConfigurationError(
                f"metadata key {key!r} may contain only letters, digits, '-', '_' and '.'"
            )
        if key.lower() == "authorization":
            raise ConfigurationError("metadata must not contain 'authorization'. Pass api_key=")
        if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            raise ConfigurationError(f"the value of metadata key {key!r} must be printable ASCII")
        checked.append((key.lower(), value))
    return tuple(checked)
