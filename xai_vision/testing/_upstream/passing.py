"""Pass a call of a client on to the upstream of its tenant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.delivery import ClientDisconnected
from xai_vision.testing._thread_pool import release_slot
from xai_vision.testing._upstream.chunks import MergedChunks
from xai_vision.testing._upstream.exchange import Exchange, Upstream, UpstreamCall
from xai_vision.testing._upstream.metadata import split_request_id, without_transport_keys

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.engine import Engine


class PassedCall:
    """A call that is passed on.

    Args:
        upstream: The upstream.
        method: The method.
        body: The bytes of the request, or of each of its messages.
        call: The client's call. It is cancelled with the call of the upstream, which is started
            now.

    Raises:
        ServiceError: The upstream cannot be called.
    """

    def __init__(
        self,
        upstream: Upstream,
        method: Method[Any, Any],
        body: bytes | Iterator[bytes],
        call: ActiveCall,
    ) -> None:
        self._name, self._method, self._call = upstream.name, method, call
        incoming = call.incoming
        call.record.passed_on = True
        exchange = Exchange(
            method, body, call.record, incoming.metadata, incoming.key, incoming.timeout
        )
        self._upstream_call: UpstreamCall = upstream.open(exchange)
        call.delivery.call_on_release(self._upstream_call.cancel)

    def response(self) -> Any:
        """Wait for the only message of the response.

        Raises:
            ServiceError: The upstream refused the call, or failed.
            ClientDisconnected: The client cancelled the call.
        """
        response = None
        for message in self._messages():
            response = message
        if response is None:
            raise ServiceError(
                "INTERNAL", f"The upstream {self._name} ended the call without a response."
            )
        return response

    def stream(self) -> Iterator[Any]:
        """Yield each message of the response as it comes. Raises the errors of ``response``."""
        merged = MergedChunks()
        try:
            for message in self._messages():
                merged.add(message)
                yield message
        finally:
            response = merged.response()
            if response is not None:
                self._call.record_response(response)

    def _messages(self) -> Iterator[Any]:
        release_slot()  # The upstream may take its time.
        try:
            initial = without_transport_keys(self._upstream_call.initial_metadata())
            if initial:
                self._call.send_initial_metadata(initial)
            for raw in self._upstream_call.messages():
                yield self._parse(raw)
        except ServiceError as error:
            if self._call.record.cancelled:
                raise ClientDisconnected from None
            self._keep_trailing(error.trailing)
            raise ServiceError(error.code, error.details, self._call.trailing) from None
        self._keep_trailing(self._upstream_call.trailing_metadata())

    def _parse(self, raw: bytes) -> Any:
        try:
            return self._method.response.FromString(raw)
        except DecodeError:
            raise ServiceError(
                "INTERNAL", f"The upstream {self._name} sent a message that is not valid."
            ) from None

    def _keep_trailing(self, metadata: Any) -> None:
        trailing, request_id = split_request_id(without_transport_keys(metadata))
        self._call.trailing = trailing
        self._call.request_id = request_id or self._call.request_id


def respond(engine: Engine, method: Method[Any, Any], request: Any, call: ActiveCall) -> Any:
    """Pass on a call that no rule can answer, after its faults; return the response.

    Raises:
        ServiceError: A fault ends the call, or the upstream refused it.
        ClientDisconnected: The client cancelled the call.
    """
    body = body_of(request, call)
    engine.apply_faults(call)
    return respond_after_faults(engine, method, body, call)


def respond_after_faults(
    engine: Engine, method: Method[Any, Any], body: bytes, call: ActiveCall
) -> Any:
    """Pass on a call whose faults were applied. Raises the errors of ``respond``."""
    if call.delivery.is_replaced:
        # The client does not get the response, so the upstream need not make one.
        return method.response()
    return PassedCall(_upstream(engine), method, body, call).response()


def stream(
    engine: Engine, method: Method[Any, Any], request: Any, call: ActiveCall
) -> Iterator[Any]:
    """Pass on a call with a streamed response. Raises the errors of ``respond``."""
    body = body_of(request, call)
    engine.apply_faults(call)
    return call.delivery.stream(stream_after_faults(engine, method, body, call))


def stream_after_faults(
    engine: Engine, method: Method[Any, Any], body: bytes, call: ActiveCall
) -> Iterator[Any]:
    """Pass on a call with a streamed response when the first message is asked for."""
    yield from PassedCall(_upstream(engine), method, body, call).stream()


def upload(
    engine: Engine, method: Method[Any, Any], messages: Iterator[Any], call: ActiveCall
) -> Any:
    """Pass on a call with a streamed request. Raises the errors of ``respond``."""
    first = next(messages, method.request())
    call.record.request = first
    engine.apply_faults(call)
    return send_upload(engine, method, chain([first], call.delivery.receive(messages)), call)


def send_upload(
    engine: Engine, method: Method[Any, Any], messages: Iterator[Any], call: ActiveCall
) -> Any:
    """Pass on an upload whose faults were applied. Raises the errors of ``respond``."""
    sending = _Sending(messages, call)
    try:
        return PassedCall(_upstream(engine), method, iter(sending), call).response()
    except ServiceError:
        if sending.error is not None:
            raise sending.error from None
        raise


class _Sending:
    """The messages of an upload on their way to the upstream.

    Attributes:
        error: The error that ended them. gRPC reports an error of its own instead.

    Args:
        messages: The messages.
        call: The call, whose record gets the size and the hash of the content.
    """

    def __init__(self, messages: Iterator[Any], call: ActiveCall) -> None:
        self.error: Exception | None = None
        self._messages = messages
        self._upload = call.start_upload()

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        try:
            for message in self._messages:
                digest.update(message.data)
                self._upload.add(len(message.data))
                self._upload.sha256 = digest.hexdigest()
                yield message.SerializeToString()
        except Exception as error:
            self.error = error
            raise


def body_of(request: Any, call: ActiveCall) -> bytes:
    """Return the bytes of a request: those of the client, or new ones over REST."""
    body = call.incoming.body
    serialized: bytes = request.SerializeToString() if body is None else body
    return serialized


def _upstream(engine: Engine) -> Upstream:
    if engine.upstream is None:
        raise RuntimeError("the tenant has no upstream")
    return engine.upstream
