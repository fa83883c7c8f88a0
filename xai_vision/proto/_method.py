"""The methods of services, without a transport.

protoc's gRPC modules refuse to be imported under an older grpcio than the one that made them.
A call needs only a path and two types. The generated tables hold these, so only the functions for
servers and channels use grpc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    import grpc
    import grpc.aio
    from google.protobuf.message import Message

__all__ = ["Method", "attach", "register", "unimplemented"]

Req = TypeVar("Req", bound="Message")
Res = TypeVar("Res", bound="Message")


@dataclass(frozen=True, slots=True)
class Method(Generic[Req, Res]):
    """A method of a service.

    Attributes:
        path: The path of its calls, such as ``/xai_api.Chat/GetCompletion``.
        request: The class of the messages that the client sends.
        response: The class of the messages that the server sends.
        client_streaming: Whether the client sends a stream of messages.
        server_streaming: Whether the server sends a stream of messages.
    """

    path: str
    request: type[Req]
    response: type[Res]
    client_streaming: bool = False
    server_streaming: bool = False

    @property
    def service(self) -> str:
        """The service's full name, such as ``xai_api.Chat``."""
        return self.path.split("/")[1]

    @property
    def name(self) -> str:
        """The method's name, such as ``GetCompletion``."""
        return self.path.split("/")[2]

    @property
    def shape(self) -> str:
        """grpc's name for this kind of call, such as ``unary_stream``."""
        ends = (self.client_streaming, self.server_streaming)
        return "_".join("stream" if streaming else "unary" for streaming in ends)


def attach(
    stub: object, channel: grpc.Channel | grpc.aio.Channel, methods: Sequence[Method[Any, Any]]
) -> None:
    """Give ``stub`` one multicallable of ``channel`` per method, under the method's name."""
    for method in methods:
        multicallable = getattr(channel, method.shape)(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        setattr(stub, method.name, multicallable)


def register(
    servicer: object,
    server: grpc.Server | grpc.aio.Server,
    service: str,
    methods: Sequence[Method[Any, Any]],
) -> None:
    """Let ``server`` answer calls of ``service`` with the methods of ``servicer``.

    grpc answers a method that ``servicer`` does not have with UNIMPLEMENTED.
    """
    import grpc

    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
    for method in methods:
        behavior = getattr(servicer, method.name, None)
        if behavior is not None:
            handlers[method.name] = getattr(grpc, f"{method.shape}_rpc_method_handler")(
                behavior,
                request_deserializer=method.request.FromString,
                response_serializer=method.response.SerializeToString,
            )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))


def unimplemented(context: Any) -> NoReturn:
    """Answer a call of a method that the servicer does not override."""
    import grpc

    context.set_code(grpc.StatusCode.UNIMPLEMENTED)
    context.set_details("Method not implemented!")
    raise NotImplementedError("Method not implemented!")
