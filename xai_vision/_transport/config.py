"""Check a client's arguments and make the options of its channels."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeAlias

import grpc

from xai_vision.__about__ import __version__
from xai_vision._transport.durations import client_seconds
from xai_vision._transport.host import is_loopback, parse_host
from xai_vision._transport.logs import print_logs_if_requested
from xai_vision._transport.metadata import MetadataLike, MetadataPairs, metadata_pairs
from xai_vision._transport.retry import RetryPolicy, policy
from xai_vision.errors import ConfigurationError, InsecureChannelWarning

ChannelOptions: TypeAlias = "Sequence[tuple[str, Any]]"

DEFAULT_HOST = "api.x.ai"
DEFAULT_MANAGEMENT_HOST = "management-api.x.ai"
USER_AGENT = f"xai-vision/{__version__}"
DEFAULT_TIMEOUT = 27 * 60.0
"""Seconds, as in xai_sdk. Long responses of reasoning models take many minutes."""

_OWN_SERVICE = re.compile(r"(.+\.)?x\.ai", re.IGNORECASE)
_MIN_KEY_LENGTH = 8

# The size of a request is limited only by protobuf: one image of 20 MiB is 26.7 MiB of base64, and
# a request may hold any number of images. Responses have a limit, because a megabyte of compressed
# data could otherwise fill the memory. A response of images has tens of MiB.
_MAX_RESPONSE_BYTES = 128 * 1024 * 1024
_OPTIONS: ChannelOptions = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", _MAX_RESPONSE_BYTES),
    ("grpc.primary_user_agent", USER_AGENT),
    ("grpc.http2.max_pings_without_data", 0),
    # By default, the clients of a process share connections to the same address, and with them the
    # delay after a failed attempt to connect: a new client would fail without trying.
    ("grpc.use_local_subchannel_pool", 1),
    # By default, gRPC waits a second after the first failed attempt to connect, and up to two
    # minutes later. Retries in between would fail without trying.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)

# Pings detect a dead connection. By default, gRPC servers close a connection (too_many_pings) that
# pings more often than every 5 minutes during a silent call. Common load balancers drop a
# connection that is silent for 350 seconds.
_KEEPALIVE: ChannelOptions = (
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
# xAI's service accepts the pings of xai_sdk, which also detect a dead connection between calls.
_OWN_SERVICE_KEEPALIVE: ChannelOptions = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """The checked configuration of a transport.

    Attributes:
        target: gRPC's name of the server, such as ``host:port``.
        host: The server's host.
        port: The server's port.
        secure: Whether to use TLS.
        metadata: Metadata of every call. It contains the API key, so the repr leaves it out.
        timeout: The default timeout of a call in seconds.
        retries: The default retry policy.
        channel_options: The caller's channel options.
        root_certificates: Trusted certificates in PEM form; None for gRPC's own.
    """

    target: str
    host: str
    port: int
    secure: bool
    timeout: float
    metadata: MetadataPairs = field(repr=False)
    retries: RetryPolicy
    channel_options: tuple[tuple[str, Any], ...] = ()
    root_certificates: bytes | None = field(default=None, repr=False)

    @property
    def loopback(self) -> bool:
        """Whether the host's name is one of this machine."""
        return is_loopback(self.host)

    def options(self) -> list[tuple[str, Any]]:
        """Return the channel's options; the caller's take precedence."""
        own_service = _OWN_SERVICE.fullmatch(self.host) is not None
        merged = {**dict(_OPTIONS), **dict(_OWN_SERVICE_KEEPALIVE if own_service else _KEEPALIVE)}
        if self.loopback:
            # Otherwise gRPC would use the proxy in http_proxy, which cannot reach this machine.
            merged["grpc.enable_http_proxy"] = 0
        merged.update(self.channel_options)
        return list(merged.items())

    def redact(self, value: Any) -> Any:
        """Replace the API key in a string or in bytes of the server."""
        key = next(pair[1] for pair in self.metadata if pair[0] == "authorization")
        key = str(key).removeprefix("Bearer ")
        # A shorter key is not a secret, and would occur in any text.
        if len(key) < _MIN_KEY_LENGTH:
            return value
        if isinstance(value, bytes):
            return value.replace(key.encode(), b"***")
        return value.replace(key, "***")

    def credentials(self) -> grpc.ChannelCredentials:
        """Return the credentials of a secure channel."""
        return grpc.ssl_channel_credentials(self.root_certificates)


def make_config(
    *,
    api_key: str | None,
    api_host: str | None,
    metadata: MetadataLike | None,
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
    print_logs_if_requested()
    key = os.environ.get("XAI_API_KEY") if api_key is None else api_key
    if key is None:
        raise ConfigurationError(
            "no API key. Pass api_key= or set the environment variable XAI_API_KEY"
        )
    key = _key(key, "API key", "api_key= or XAI_API_KEY")
    if api_host is None:
        api_host = os.environ.get("XAI_API_HOST") or DEFAULT_HOST
    scheme, name, port = parse_host("api_host", api_host)
    secure = _uses_tls(name, use_insecure_channel, root_certificates)
    if use_insecure_channel and root_certificates is not None:
        raise ConfigurationError("root_certificates= needs TLS. Leave out use_insecure_channel=")
    _warn_if_plain_text(name, secure, "the API key and all images")
    options = _channel_options(channel_options or ())
    if retries is None and dict(options).get("grpc.enable_retries") == 0:
        retries = 0  # how programs for xai_sdk turn retries off
    return ConnectionConfig(
        target=f"{scheme}{name}:{port}",
        host=name,
        port=port,
        secure=secure,
        timeout=DEFAULT_TIMEOUT if timeout is None else client_seconds(timeout),
        metadata=(
            ("authorization", f"Bearer {key}"),
            ("xai-vision-version", __version__),
            ("xai-vision-language", f"python/{sys.version.split()[0]}"),
            *metadata_pairs(metadata or (), ConfigurationError),
        ),
        channel_options=options,
        retries=RetryPolicy() if retries is None else policy(retries, ConfigurationError),
        root_certificates=_certificates(root_certificates),
    )


def management_config(
    config: ConnectionConfig, key: str | None, host: str | None, use_insecure_channel: bool
) -> ConnectionConfig | None:
    """Return the configuration for the management API, which has its own host and key.

    Args:
        config: The configuration for the API, with the common arguments.
        key: The key. Default: the environment variable XAI_MANAGEMENT_KEY.
        host: The host. Default: that of xAI's service.
        use_insecure_channel: As for the API.

    Returns:
        The configuration, or None if there is no key.

    Raises:
        ConfigurationError: The key or the host is invalid.
    """
    host = DEFAULT_MANAGEMENT_HOST if host is None else host
    scheme, name, port = parse_host("management_api_host", host)
    if key is None:
        # An empty variable is not an error, because most programs do not need the key.
        key = os.environ.get("XAI_MANAGEMENT_KEY") or None
    if key is None:
        return None
    key = _key(key, "management API key", "management_api_key= or XAI_MANAGEMENT_KEY")
    secure = _uses_tls(name, use_insecure_channel, config.root_certificates)
    _warn_if_plain_text(name, secure, "the management API key and all documents")
    return replace(
        config,
        target=f"{scheme}{name}:{port}",
        host=name,
        port=port,
        secure=secure,
        metadata=(("authorization", f"Bearer {key}"), *config.metadata[1:]),
    )


def changed_config(
    config: ConnectionConfig,
    timeout: float | timedelta | None,
    retries: int | RetryPolicy | None,
    metadata: MetadataLike | None,
) -> ConnectionConfig:
    """Return a configuration with other defaults of its calls; None keeps a default.

    Raises:
        ConfigurationError: A value is invalid.
    """
    added = metadata_pairs(metadata or (), ConfigurationError)
    replaced = {key for key, _ in added}
    kept = (pair for pair in config.metadata if pair[0] not in replaced)
    return replace(
        config,
        timeout=config.timeout if timeout is None else client_seconds(timeout),
        retries=config.retries if retries is None else policy(retries, ConfigurationError),
        metadata=(*kept, *added),
    )


def _key(key: str, name: str, arguments: str) -> str:
    if not isinstance(key, str):
        raise ConfigurationError(f"the {name} must be a string, not {type(key).__name__}")
    if not key.strip():
        raise ConfigurationError(f"the {name} is empty. Check {arguments}")
    if not (key.isascii() and key.isprintable()) or " " in key:
        # The message leaves out the key, because messages end up in logs.
        raise ConfigurationError(
            f"the {name} contains a space, a line break or another invalid character. "
            "Call .strip() on a key that was read from a file"
        )
    return key


def _uses_tls(host: str, use_insecure_channel: bool, root_certificates: bytes | None) -> bool:
    return root_certificates is not None or not (is_loopback(host) or use_insecure_channel)


def _warn_if_plain_text(host: str, secure: bool, what: str) -> None:
    if not (secure or is_loopback(host)):
        warnings.warn(
            f"{what} are sent to {host} in plain text (use_insecure_channel)",
            InsecureChannelWarning,
            stacklevel=4,
        )


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
