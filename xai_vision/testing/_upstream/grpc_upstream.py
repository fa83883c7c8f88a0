"""Another gRPC service of xAI's API as the upstream."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import grpc

from xai_vision.proto.collections_pb2_grpc import Collections
from xai_vision.testing._calls.redaction import redact, register_key
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._upstream.exchange import Exchange, Metadata, Upstream, UpstreamCall

if TYPE_CHECKING:
    from xai_vision.testing._upstream.address import UpstreamAddress

_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # The client retries, and each of its attempts is a call of its own.
    ("grpc.enable_retries", 0),
    # gRPC otherwise shares the connection with other channels of the process.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.primary_user_agent", "xai-vision-fake"),
)
_KEY_VARIABLE: Final = "XAI_API_KEY"
_MANAGEMENT_KEY_VARIABLE: Final = "XAI_MANAGEMENT_KEY"


class GrpcUpstream(Upstream):
    """Passes calls on to a gRPC service, with the bytes of their messages unchanged.

    Args:
        address: The address of the service.
        key: The key for clients that use a key of the fake server. Default: the environment
            variable XAI_API_KEY, or XAI_MANAGEMENT_KEY for collections.
    """

    accepts_keys = True

    def __init__(self, address: UpstreamAddress, key: str | None = None) -> None:
        self.name = address.target
        self._address = address
        self._key = key
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()

    def open(self, exchange: Exchange) -> UpstreamCall:
        """Start a call.

        Raises:
            ServiceError: FAILED_PRECONDITION if there is no key; UNAVAILABLE after ``close``.
        """
        is_management = exchange.method.service == Collections.SERVICE
        key = exchange.key or self._own_key(
            _MANAGEMENT_KEY_VARIABLE if is_management else _KEY_VARIABLE
        )
        address = self._address
        channel = self._channel(address.management_target if is_management else address.target)
        metadata = (*exchange.metadata, ("authorization", f"Bearer {key}"))
        # On the wire, a response of one message is a stream of one message.
        if isinstance(exchange.body, bytes):
            method: Any = channel.unary_stream(exchange.method.path)
        else:
            method = channel.stream_stream(exchange.method.path)
        try:
            call = method(exchange.body, timeout=exchange.timeout, metadata=metadata)
        except ValueError:  # The channel was closed meanwhile.
            raise ServiceError("UNAVAILABLE", "The fake server was stopped.") from None
        return _GrpcCall(call, self.name, key)

    def _own_key(self, variable: str) -> str:
        key = self._key or os.environ.get(variable, "").strip()
        if not key:
            raise ServiceError(
                "FAILED_PRECONDITION",
                f"The fake server has no key for the upstream {self.name}. Set {variable}, pass "
                "upstream_key, or call with a key of the upstream.",
            )
        return register_key(key, variable if self._key is None else "upstream_key")

    def _channel(self, target: str) -> grpc.Channel:
        with self._lock:
            if target not in self._channels:
                self._channels[target] = (
                    grpc.secure_channel(target, grpc.ssl_channel_credentials(), _OPTIONS)
                    if self._address.tls
                    else grpc.insecure_channel(target, _OPTIONS)
                )
            return self._channels[target]

    def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        with self._lock:
            channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.close()


class _GrpcCall(UpstreamCall):
    """A gRPC call in progress.

    Args:
        call: grpc's call.
        name: The name of the upstream.
        key: The key of the call, which errors do not contain.
    """

    def __init__(self, call: Any, name: str, key: str) -> None:
        self._call, self._name, self._key = call, name, key

    def initial_metadata(self) -> Metadata:
        return tuple(self._call.initial_metadata() or ())

    def messages(self) -> Iterator[bytes]:
        try:
            yield from self._call
        except grpc.RpcError as error:
            raise self._service_error(error) from None

    def trailing_metadata(self) -> Metadata:
        return tuple(self._call.trailing_metadata() or ())

    def cancel(self) -> None:
        self._call.cancel()

    def _service_error(self, error: Any) -> ServiceError:
        code, details = error.code(), redact(error.details() or "", self._key)
        # A connection that was never made has no metadata of the upstream.
        if code is grpc.StatusCode.UNAVAILABLE and not self.initial_metadata():
            details = f"The upstream {self._name} cannot be reached: {details}"
        return ServiceError(code, details, self.trailing_metadata())
