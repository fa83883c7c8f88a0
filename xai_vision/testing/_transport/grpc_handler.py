"""The engine on gRPC: bytes to protos, ServiceErrors to statuses, answers to streams."""

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
from xai_vision.testing._calls.redaction import redacted
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service import api_keys as keyring
from xai_vision.testing._service.active_call import ActiveCall, attempt_number
from xai_vision.testing._service.delivery import MALFORMED_MESSAGE, ClientDisconnected
from xai_vision.testing._service.methods import UNARY, Ask

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._faults.fault import Fault
    from xai_vision.testing._service.engine import Engine
    from xai_vision.testing._service.key_options import Caller

__all__ = ["GrpcHandler"]


class ConnectionHooks(Protocol):
    """What lies between the server and its clients' connections, if anything does."""

    def track_call(self, call: ActiveCall) -> Callable[[], None] | None:
        """Take note of a call that came. Returns what to call when its answer is over."""

    def inject(self, call: ActiveCall, fault: Fault, owner: object) -> Callable[[], None] | None:
        """Let a tenant's fault happen to the connection of a call.

        Returns:
            What is to be called when the answer is over, or None if it cannot.
        """


class GrpcHandler(grpc.GenericRpcHandler):
    """Answers every method the engine knows, by its path.

    Messages are parsed and written here rather than by grpc, so that a request that is no
    message is refused like one and a reply can be spoilt on purpose.

    Args:
        keys: Who may call.
        line: What the connections go through.
    """

    def __init__(self, keys: keyring.Keyring, line: ConnectionHooks) -> None:
        self._keys = keys
        self._line = line
        self._handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {}
        for method, ask in UNARY.items():
            self._unary(method, ask)
        self._handlers[Chat.GetCompletionChunk.path] = grpc.unary_stream_rpc_method_handler(
            self._stream
        )

    def service(
        self, details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Find who answers a path; grpc answers UNIMPLEMENTED where nobody does."""
        return self._handlers.get(details.method)

    def _unary(self, method: Method[Any, Any], ask: Ask) -> None:
        def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
            call, engine, caller = self._arrive(method, context)
            try:
                call.record.request = _parse(method, raw)
                # A blocked key may still ask what is wrong with it.
                known = caller if method is Auth.get_api_key_info else None
                known = known or _admit(context, caller)
                response = ask(engine, call.record.request, known, call)
                malformed = call.delivery.wait_for_response()
                self._strike(engine, call, context)
            except Exception as fault:  # noqa: BLE001 - becomes the call's status
                _refuse(context, engine, call, fault)
            call.record_response(response)
            reply: bytes = MALFORMED_MESSAGE if malformed else response.SerializeToString()
            _end(context, call)
            return reply

        self._handlers[method.path] = grpc.unary_unary_rpc_method_handler(answer)

    def _stream(self, raw: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        method = Chat.GetCompletionChunk
        call, engine, caller = self._arrive(method, context)
        try:
            call.record.request = _parse(method, raw)
            response = engine.complete(call.record.request, _admit(context, caller), call)
            call.record_response(response)
            self._strike(engine, call, context)
            for chunk in call.delivery.stream(response):
                yield chunk if isinstance(chunk, bytes) else chunk.SerializeToString()
                call.record.chunks_sent += 1
        except Exception as fault:  # noqa: BLE001 - becomes the call's status
            _refuse(context, engine, call, fault)
        _end(context, call)

    def _arrive(
        self, method: Method[Any, Any], context: grpc.ServicerContext
    ) -> tuple[ActiveCall, Engine, Caller | None]:
        record = Call(method.name, method.service, stream=method.server_streaming)
        metadata = context.invocation_metadata()
        authorization = _authorization(metadata)
        engine, caller = self._keys.owner(authorization)
        record.metadata = redacted(metadata, authorization)
        record.attempt = attempt_number(str(record.header("grpc-previous-rpc-attempts") or ""))
        record.key_id = caller.key_id if caller else ""
        record.peer = context.peer()
        call = engine.start_call(record)
        passed = self._line.track_call(call)
        if not context.add_callback(partial(_over, call, passed)):
            _over(call, passed)
        return call, engine, caller

    def _strike(self, engine: Engine, call: ActiveCall, context: grpc.ServicerContext) -> None:
        fault = call.delivery.connection_fault
        if fault is None:
            return
        disarm = self._line.inject(call, fault, engine)
        if disarm is None:
            raise engine.mistaken(
                "a connection fault that a function returns needs FakeServer(front=True)"
            )
        if not context.add_callback(disarm):
            disarm()


def _parse(method: Method[Any, Any], raw: bytes) -> Any:
    try:
        return method.request.FromString(raw)
    except DecodeError:
        raise ServiceError("INTERNAL", "failed to decode the request's message") from None


def _admit(context: grpc.ServicerContext, caller: Caller | None) -> Caller:
    return keyring.check(_authorization(context.invocation_metadata()), caller)


def _authorization(metadata: Any) -> str | None:
    return next((value for key, value in metadata if key == "authorization"), None)


def _over(call: ActiveCall, passed: Callable[[], None] | None) -> None:
    if call.record.ended is None:
        _gone(call)
    if passed is not None:
        passed()


def _gone(call: ActiveCall) -> None:
    call.finish("CANCELLED", cancelled=True)  # unless it had ended before


def _end(context: grpc.ServicerContext, call: ActiveCall) -> None:
    # Noted before the last byte leaves: a client that has its answer finds the log complete.
    if context.is_active():
        call.finish("OK")
    else:
        _gone(call)


def _refuse(
    context: grpc.ServicerContext, engine: Engine, call: ActiveCall, fault: Exception
) -> NoReturn:
    if isinstance(fault, ClientDisconnected):
        fault = ServiceError("UNAVAILABLE", "The fake server was stopped.")
    elif not isinstance(fault, ServiceError):
        fault = engine.mistaken(f"{call!r}: {type(fault).__name__}: {fault}")
    call.finish(fault.code.name, fault.details)
    context.set_trailing_metadata((*fault.trailing, ("x-request-id", str(uuid.uuid4()))))
    context.abort(fault.code, fault.details)
