"""What the services' calls have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from xai_vision._transport.options import call_options
from xai_vision._transport.rpc import RpcCall, Out, Res
from xai_vision.proto._method import Method

Req = TypeVar("Req", bound=Message)
Call = Mapping[str, Any]
"""The keywords of ``CallParameters`` that a caller gave."""


def describe(
    method: Method[Req, Res], request: Req, read: Callable[[Res], Out], call: Call
) -> RpcCall[Res, Out]:
    """Describe a call.

    Args:
        method: Which RPC.
        request: What to send.
        read: Makes what the caller gets of the reply.
        call: What the caller said about it.

    Raises:
        InvalidRequestError: A value in ``call`` that cannot be.
    """
    return RpcCall(method, request.SerializeToString(), read, call_options(call))


def whole(reply: Res) -> Res:
    """Read a reply as it is."""
    return reply
