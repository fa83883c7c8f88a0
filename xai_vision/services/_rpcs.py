"""Shared by the services' calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from xai_vision._transport.options import CallOptions, CallParameters, call_options
from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision.proto._method import Method

Req = TypeVar("Req", bound=Message)
Call = Mapping[str, Any]
"""The keywords of ``CallParameters``."""
CallOrOptions = Call | CallOptions
"""The keywords, or the options made from them: those of several calls are made once, because
``metadata`` can be an iterator."""


def describe(
    method: Method[Req, Res],
    request: Req,
    read: Callable[[Res], Out],
    call: CallOrOptions,
    *,
    request_attributes: Callable[[], dict[str, Any]] | None = None,
    response_attributes: Callable[[Any], dict[str, Any]] | None = None,
) -> RpcCall[Res, Out]:
    """Describe a call.

    Args:
        method: The RPC.
        request: The request message.
        read: Converts the reply to the result.
        call: The options of the call.
        request_attributes: Returns the span attributes of the request.
        response_attributes: Returns the span attributes of the result.

    Raises:
        InvalidRequestError: An option is invalid.
    """
    return RpcCall(
        method,
        request.SerializeToString(),
        read,
        options_of(call),
        request_attributes=request_attributes,
        response_attributes=response_attributes,
    )


def options_of(call: CallOrOptions) -> CallOptions:
    """Return the options of a call, checked.

    Raises:
        InvalidRequestError: An option is invalid.
    """
    return call if isinstance(call, CallOptions) else call_options(call)


def split_keywords(keywords: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of a request, and the options of its call."""
    settings: dict[str, Any] = {}
    call: dict[str, Any] = {}
    for name, value in keywords.items():
        (call if name in CallParameters.__annotations__ else settings)[name] = value
    return settings, call


def unchanged(reply: Res) -> Res:
    """Return the reply unchanged."""
    return reply
