"""Shared by the calls of collections and of their documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from xai_vision import _validation as checks
from xai_vision._transport.options import call_options
from xai_vision._transport.rpc import Res, RpcCall
from xai_vision.proto._method import Method
from xai_vision.services._collections import values
from xai_vision.services._rpcs import Call, unchanged


def described(
    method: Method[Any, Res],
    request: Message,
    call: Call,
    operation: str | None = None,
    response_attributes: Callable[[Any], dict[str, Any]] | None = None,
) -> RpcCall[Res, Res]:
    attributes = attributes_of(operation, request) if operation else None
    return RpcCall(
        method,
        request.SerializeToString(),
        unchanged,
        call_options(call),
        request_attributes=None if attributes is None else lambda: attributes,
        response_attributes=response_attributes,
    )


def without_result(
    method: Method[Any, Any], request: Message, call: Call, operation: str
) -> RpcCall[Any, None]:
    attributes = attributes_of(operation, request)
    return RpcCall(
        method,
        request.SerializeToString(),
        nothing,
        call_options(call),
        request_attributes=lambda: attributes,
    )


def nothing(reply: object) -> None:
    """Return no result."""


def attributes_of(operation: str, request: Any) -> dict[str, Any]:
    attributes = {"gen_ai.operation.name": operation}
    for name, key in (("collection_id", "collection.id"), ("file_id", "file.id")):
        if getattr(request, name, ""):
            attributes[key] = getattr(request, name)
    return attributes


def set_page(
    request: Any, limit: int | None, order: Any, filter_: str | None, pagination_token: str | None
) -> None:
    limit = checks.optional_integer("limit", limit, 1)
    if limit is not None:
        request.limit = limit
    if order is not None:
        request.order = values.enum_value("order", order, values.ORDERS)
    if filter_ is not None:
        request.filter = checks.string("filter", filter_)
    if pagination_token is not None:
        request.pagination_token = checks.string("pagination_token", pagination_token)


def id_of(value: str) -> str:
    return checks.string("collection_id", value, empty=False)


def file_id_of(value: str) -> str:
    return checks.string("file_id", value, empty=False)
