"""Shared by the calls of collections and of their documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xai_vision import _validation as checks
from xai_vision._transport.rpc import Out, Res, RpcCall
from xai_vision.proto._method import Method
from xai_vision.services._collections import values
from xai_vision.services._rpcs import CallOrOptions, Req, describe


def describe_change(
    method: Method[Req, Res],
    request: Req,
    read: Callable[[Res], Out],
    call: CallOrOptions,
    operation: str,
    response_attributes: Callable[[Any], dict[str, Any]] | None = None,
) -> RpcCall[Res, Out]:
    """Describe a call that changes something; its span has the operation and the ids."""
    attributes = {"gen_ai.operation.name": operation}
    for name, key in (("collection_id", "collection.id"), ("file_id", "file.id")):
        if getattr(request, name, ""):
            attributes[key] = getattr(request, name)
    return describe(
        method,
        request,
        read,
        call,
        request_attributes=lambda: attributes,
        response_attributes=response_attributes,
    )


def nothing(reply: object) -> None:
    """Return no result."""


def set_page(
    request: Any, limit: int | None, order: Any, filter_: str | None, pagination_token: str | None
) -> None:
    """Set the fields of a request for a page of a list."""
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
    """Return the id of a collection, checked."""
    return checks.string("collection_id", value, empty=False)


def file_id_of(value: str) -> str:
    """Return the id of a document's file, checked."""
    return checks.string("file_id", value, empty=False)
