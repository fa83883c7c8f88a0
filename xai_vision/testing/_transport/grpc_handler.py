"""Serve the engine over gRPC: translate requests, responses, errors and streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import grpc
from google.protobuf.message import DecodeError

from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.collections_pb2_grpc import Collections
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact_metadata
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.active_call import ActiveCall, attempt_number
from xai_vision.testing._service.api_keys import key_of_upstream, own_key, require_valid_key
from xai_vision.testing._service.call_errors import to_service_error
from xai_vision.testing._service.delivery import MALFORMED_MESSAGE, ClientDisconnected
from xai_vision.testing._service.methods import (
    STREAM_METHODS,
    UNARY_METHODS,
    UPLOAD_METHODS,
    MethodHandler,
    StreamHandler,
)
from xai_vision.testing._thread_pool import release_slot, submission_time
from xai_vision.testing._upstream.exchange import Incoming, Metadata
from xai_vision.testing._upstream.metadata import without_transport_keys

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._faults.tcp_proxy import TcpProxy
    from xai_vision.testing._service.api_keys import ApiKey, KeyRegistry
    from xai_vision.testing._service.engine import Engine


_MAX_TIMEOUT: Final = 10.0 * 365 * 24 * 3600


class GrpcHandler(grpc.GenericRpcHandler):
    """Handles every method that the engine knows.

    It parses and serializes messages itself. gRPC would do so before the call is in the log,
    and could not send a malformed message on purpose.

    Attributes:
        proxy: The TCP proxy that injects connection faults; None until they are enabled.

    Args:
        keys: The API keys and their tenants.
    """

    def __init__(self, keys: KeyRegistry[Engine]) -> None:
        self.proxy: TcpProxy | None = None
        self._keys = keys
        self._handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            method.path: grpc.unary_unary_rpc_method_handler(
                partial(self._handle_unary, method, handler)
            )
            for method, handler in UNARY_METHODS.items()
        }
        self._handlers |= {
            method.path: grpc.unary_stream_rpc_method_handler(
                partial(self._handle_stream, method, handler)
            )
            for method, handler in STREAM_METHODS.items()
        }
        self._handlers |= {
            method.path: grpc.stream_unary_rpc_method_handler(
                partial(self._handle_upload, method, handler)
            )
            for method, handler in UPLOAD_METHODS.items()
        }

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Return the handler of a method; gRPC sends UNIMPLEMENTED if there is none."""
        return self._handlers.get(handler_call_details.method)

    def _handle_unary(
        self,
        method: Method[Any, Any],
        handler: MethodHandler,
        raw: bytes,
        context: grpc.ServicerContext,
    ) -> bytes:
        call, engine, api_key = self._start_call(method, context, raw)
        try:
            call.record.request = _parse(method, raw)
            # A blocked key may still request its own status.
            if api_key is None or method is not Auth.get_api_key_info:
                authorization = _authorization(context)
                management = _is_management(method)
                api_key = require_valid_key(authorization, api_key, management=management)
            respond = partial(handler, engine, call.record.request, api_key, call)
            response = self._respond(respond, engine, call, context)
            if response is not None:
                call.delivery.wait_for_response()
                self._inject_fault(engine, call, context)
        except Exception as error:  # noqa: BLE001 - becomes the call's status
            _abort(context, engine, call, error)
        return _finish_with(context, call, response)

    def _handle_stream(
        self,
        method: Method[Any, Any],
        handler: StreamHandler,
        raw: bytes,
        context: grpc.ServicerContext,
    ) -> Iterator[bytes]:
        call, engine, api_key = self._start_call(method, context, raw)
        try:
            call.record.request = _parse(method, raw)
            api_key = require_valid_key(_authorization(context), api_key)
            respond = partial(handler, engine, call.record.request, api_key, call)
            chunks = self._respond(respond, engine, call, context)
            if chunks is not None:
                self._inject_fault(engine, call, context)
                release_slot()  # A slow client may block the stream.
                for chunk in chunks:
                    yield chunk if isinstance(chunk, bytes) else chunk.SerializeToString()
                    call.record.chunks_sent += 1
            elif call.delivery.malformed:
                yield MALFORMED_MESSAGE
        except Exception as error:  # noqa: BLE001 - becomes the call's status
            _abort(context, engine, call, error)
        _finish(context, call)

    def _handle_upload(
        self,
        method: Method[Any, Any],
        handler: MethodHandler,
        messages: Iterator[bytes],
        context: grpc.ServicerContext,
    ) -> bytes:
        call, engine, api_key = self._start_call(method, context)
        try:
            api_key = require_valid_key(_authorization(context), api_key)
            release_slot()  # A slow client may block the request.
            call.delivery.expect_upload(partial(self._inject_fault, engine, call, context))
            chunks = _parse_each(method, messages, call, context)
            respond = partial(handler, engine, chunks, api_key, call)
            response = self._respond(respond, engine, call, context)
            if response is not None:
                call.delivery.wait_for_response()
                self._inject_fault(engine, call, context)
        except Exception as error:  # noqa: BLE001 - becomes the call's status
            _abort(context, engine, call, error)
        return _finish_with(context, call, response)

    def _respond(
        self,
        respond: Callable[[], Any],
        engine: Engine,
        call: ActiveCall,
        context: grpc.ServicerContext,
    ) -> Any:
        """Return the result of ``respond``, or None if a fault takes the place of its error.

        Raises:
            ServiceError: The function raised an error.
        """
        try:
            return respond()
        except Exception as error:
            failure = call.delivery.wait_for_error(to_service_error(engine, call, error))
            self._inject_fault(engine, call, context)
            if failure is not None:
                raise failure from error
            return None

    def _start_call(
        self,
        method: Method[Any, Any],
        context: grpc.ServicerContext,
        raw: bytes | None = None,
    ) -> tuple[ActiveCall, Engine, ApiKey | None]:
        record = Call(method.name, method.service, stream=method.server_streaming)
        authorization = _authorization(context)
        engine, api_key = self._keys.find(authorization)
        record.metadata = redact_metadata(context.invocation_metadata(), authorization)
        record.attempt = attempt_number(str(record.header("grpc-previous-rpc-attempts") or ""))
        incoming = Incoming()
        if engine.upstream is not None:
            incoming = _incoming(context, raw, None if api_key else own_key(authorization))
            if incoming.key is not None and engine.upstream.accepts_keys:
                api_key = key_of_upstream(incoming.key, management=_is_management(method))
        record.key_id = api_key.key_id if api_key else ""
        record.peer = context.peer()
        call = engine.start_call(record)
        call.incoming = incoming
        call.send_initial_metadata = partial(_send_initial_metadata, context)
        if record.trace is not None:
            record.trace.arrived = submission_time()
            call.note("thread")
        on_complete = None if self.proxy is None else self.proxy.track_call(call)
        if not context.add_callback(partial(_on_termination, call, on_complete)):
            _on_termination(call, on_complete)
        return call, engine, api_key

    def _inject_fault(
        self, engine: Engine, call: ActiveCall, context: grpc.ServicerContext
    ) -> None:
        fault = call.delivery.connection_fault
        if fault is None:
            return
        if self.proxy is None:
            raise engine.test_error(
                "a function of the test returned a connection fault. "
                "Create the server with FakeServer(tcp_proxy=True)."
            )
        cancel = self.proxy.schedule(call, fault, engine)
        if cancel is None:
            # The connection does not go through the proxy, so the call gets the status that its
            # client would get from a reset.
            call.mark_lost(fault)
            raise ServiceError("UNAVAILABLE", "Connection reset by peer")
        if not context.add_callback(cancel):
            cancel()


def _send_initial_metadata(context: grpc.ServicerContext, metadata: Metadata) -> None:
    with suppress(grpc.RpcError):  # The client may have cancelled the call.
        context.send_initial_metadata(metadata)


def _is_management(method: Method[Any, Any]) -> bool:
    """Return whether a method needs a key of the management API."""
    return bool(method.service == Collections.SERVICE)


def _incoming(context: grpc.ServicerContext, raw: bytes | None, key: str | None) -> Incoming:
    metadata: Any = context.invocation_metadata()
    # Older versions of grpcio return a very large number instead of None.
    seconds = context.time_remaining()
    timeout = None if seconds is None or seconds > _MAX_TIMEOUT else max(seconds, 0.0)
    return Incoming(raw, without_transport_keys(metadata), key, timeout)


def _parse(method: Method[Any, Any], raw: bytes) -> Any:
    try:
        return method.request.FromString(raw)
    except DecodeError:
        raise ServiceError("INTERNAL", "failed to decode the request's message") from None


def _parse_each(
    method: Method[Any, Any],
    messages: Iterator[bytes],
    call: ActiveCall,
    context: grpc.ServicerContext,
) -> Iterator[Any]:
    with suppress(grpc.RpcError):  # raised by the iterator when the client cancelled the call
        for raw in messages:
            yield _parse(method, raw)
        # gRPC reports a cancellation first as the end of the messages, and then as one. The answer
        # to another request for a message comes after both, because gRPC reports in order.
        next(messages, None)
    if not context.is_active():
        call.finish("CANCELLED", cancelled=True)
        raise ClientDisconnected


def _authorization(context: grpc.ServicerContext) -> str | None:
    metadata: Any = context.invocation_metadata()
    return next((value for key, value in metadata if key == "authorization"), None)


def _on_termination(call: ActiveCall, on_complete: Callable[[], None] | None) -> None:
    if call.record.ended is None:
        call.finish("CANCELLED", cancelled=True)
    if on_complete is not None:
        on_complete()


def _finish(context: grpc.ServicerContext, call: ActiveCall) -> None:
    # Called before the last byte is sent, so that a client with its response finds the log
    # complete.
    context.set_trailing_metadata((*call.trailing, _request_id(call)))
    if context.is_active():
        call.finish("OK")
    else:
        call.finish("CANCELLED", cancelled=True)


def _finish_with(context: grpc.ServicerContext, call: ActiveCall, response: Any) -> bytes:
    """Finish a call whose response is one message, and return its bytes."""
    call.record_response(response)
    message = MALFORMED_MESSAGE
    if response is not None and not call.delivery.malformed:
        message = response.SerializeToString()
    _finish(context, call)
    return message


def _abort(
    context: grpc.ServicerContext, engine: Engine, call: ActiveCall, error: Exception
) -> NoReturn:
    status = to_service_error(engine, call, error)
    call.finish(status.code.name, status.details)
    context.set_trailing_metadata((*status.trailing, _request_id(call)))
    context.abort(status.code, status.details)


def _request_id(call: ActiveCall) -> tuple[str, str]:
    return "x-request-id", call.request_id
