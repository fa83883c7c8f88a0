"""Shared by the services' calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from xai_vision._transport.options import call_options
from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision.proto._method import Method

Req = TypeVar("Req", bound=Message)
Call = Mapping[str, Any]
"""The keywords of ``CallParameters``."""


def describe(
    method: Method[Req, Res], request: Req, read: Callable[[Res], Out], call: Call
) -> RpcCall[Res, Out]:
    """Describe a call.

    Args:
        method: The RPC.
        request: The request message.
        read: Converts the reply to the result.
        call: The options of the call.

    Raises:
        InvalidRequestError: An option is invalid.
    """
    return RpcCall(method, request.SerializeToString(), read, call_options(call))


def unchanged(reply: Res) -> Res:
    """Return the reply unchanged."""
    return reply
