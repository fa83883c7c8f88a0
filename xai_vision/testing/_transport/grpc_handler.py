"""The engine over gRPC: translates requests, responses, errors and streams."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import grpc
from google.protobuf.message import DecodeError

from xai_vision.proto.auth_grpc import Auth
from xai_vision.proto.chat_grpc import Chat
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact_metadata
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service import api_keys as keyring
from xai_vision.testing._service.active_call import ActiveCall, attempt_number
from xai_vision.testing._service.delivery import MALFORMED_MESSAGE, ClientDisconnected
from xai_vision.testing._service.methods import UNARY_METHODS, MethodHandler
from xai_vision.testing._thread_pool import release_slot

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine


class ConnectionHooks(Protocol):
    """Access to the connections of clients, for connection faults."""

    def track_call(self, call: ActiveCall) -> Callable[[], None] | None:
        """Register a call that arrived.

        Returns:
            A function to call when the response is complete, if any.
        """

    def inject(self, call: ActiveCall, fault: Fault, owner: object) -> Callable[[], None] | None:
        """Apply a tenant's fault to the connection of a call.

        Returns:
            A function to call when the response is complete; None if connection faults are not
            possible.
        """


class GrpcHandler(grpc.GenericRpcHandler):
    """Handles every method that the engine knows.

    It parses and serializes messages itself. gRPC would do so before the call is in the log,
    and could not send a malformed message on purpose.

    Args:
        keys: The API keys and their tenants.
        hooks: Access to the connections.
    """

    def __init__(self, keys: keyring.KeyRegistry[Engine], hooks: ConnectionHooks) -> None:
        self._keys = keys
        self._hooks = hooks
        self._handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {}
        for method, ask in UNARY_METHODS.items():
            self._unary(method, ask)
        self._handlers[Chat.GetCompletionChunk.path] = grpc.unary_stream_rpc_method_handler(
            self._stream
        )

    def service(
        self, details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Return the handler of a method; gRPC sends UNIMPLEMENTED if there is none."""
        return self._handlers.get(details.method)

    def _unary(self, method: Method[Any, Any], ask: MethodHandler) -> None:
        def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
            call, engine, caller = self._start_call(method, context)
            try:
                call.record.request = _parse(method, raw)
                # A blocked key may still ask for its own status.
                known = caller if method is Auth.get_api_key_info else None
                known = known or _admit(context, caller)
                response = ask(engine, call.record.request, known, call)
                malformed = call.delivery.wait_for_response()
                self._inject_fault(engine, call, context)
            except Exception as error:  # noqa: BLE001 - becomes the call's status
                _abort(context, engine, call, error)
            call.record_response(response)
            reply: bytes = MALFORMED_MESSAGE if malformed else response.SerializeToString()
            _end(context, call)
            return reply

        self._handlers[method.path] = grpc.unary_unary_rpc_method_handler(answer)

    def _stream(self, raw: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        method = Chat.GetCompletionChunk
        call, engine, caller = self._start_call(method, context)
        try:
            call.record.request = _parse(method, raw)
            response = engine.complete(call.record.request, _admit(context, caller), call)
            call.record_response(response)
            self._inject_fault(engine, call, context)
            release_slot()  # A slow client may block the stream.
            for chunk in call.delivery.stream(response):
                yield chunk if isinstance(chunk, bytes) else chunk.SerializeToString()
                call.record.chunks_sent += 1
        except Exception as error:  # noqa: BLE001 - becomes the call's status
            _abort(context, engine, call, error)
        _end(context, call)

    def _start_call(
        self, method: Method[Any, Any], context: grpc.ServicerContext
    ) -> tuple[ActiveCall, Engine, ApiKey | None]:
        record = Call(method.name, method.service, stream=method.server_streaming)
        metadata = context.invocation_metadata()
        authorization = _authorization(metadata)
        engine, caller = self._keys.find(authorization)
        record.metadata = redact_metadata(metadata, authorization)
        record.attempt = attempt_number(str(record.header("grpc-previous-rpc-attempts") or ""))
        record.key_id = caller.key_id if caller else ""
        record.peer = context.peer()
        call = engine.start_call(record)
        on_complete = self._hooks.track_call(call)
        if not context.add_callback(partial(_on_termination, call, on_complete)):
            _on_termination(call, on_complete)
        return call, engine, caller

    def _inject_fault(
        self, engine: Engine, call: ActiveCall, context: grpc.ServicerContext
    ) -> None:
        fault = call.delivery.connection_fault
        if fault is None:
            return
        cancel = self._hooks.inject(call, fault, engine)
        if cancel is None:
            raise engine.test_error(
                "a function of the test returned a connection fault. "
                "Create the server with FakeServer(tcp_proxy=True)."
            )
        if not context.add_callback(cancel):
            cancel()


def _parse(method: Method[Any, Any], raw: bytes) -> Any:
    try:
        return method.request.FromString(raw)
    except DecodeError:
        raise ServiceError("INTERNAL", "failed to decode the request's message") from None


def _admit(context: grpc.ServicerContext, caller: ApiKey | None) -> ApiKey:
    return keyring.require_valid_key(_authorization(context.invocation_metadata()), caller)


def _authorization(metadata: Any) -> str | None:
    return next((value for key, value in metadata if key == "authorization"), None)


def _on_termination(call: ActiveCall, on_complete: Callable[[], None] | None) -> None:
    if call.record.ended is None:
        _cancel(call)
    if on_complete is not None:
        on_complete()


def _cancel(call: ActiveCall) -> None:
    call.finish("CANCELLED", cancelled=True)  # Only the first end is recorded.


def _end(context: grpc.ServicerContext, call: ActiveCall) -> None:
    # This is recorded before the last byte leaves: a client with its response finds it in the log.
    if context.is_active():
        call.finish("OK")
    else:
        _cancel(call)


def _abort(
    context: grpc.ServicerContext, engine: Engine, call: ActiveCall, error: Exception
) -> NoReturn:
    if isinstance(error, ClientDisconnected):
        error = ServiceError("UNAVAILABLE", "The fake server was stopped.")
    elif not isinstance(error, ServiceError):
        error = engine.test_error(f"{call!r}: {type(error).__name__}: {error}")
    call.finish(error.code.name, error.details)
    context.set_trailing_metadata((*error.trailing, ("x-request-id", str(uuid.uuid4()))))
    context.abort(error.code, error.details)
