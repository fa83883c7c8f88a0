"""Checks of a reply's fields that are named after fields of the wire's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.testing import _validation as given

__all__ = ["check_debug", "check_usage"]

_USAGE = usage_pb2.SamplingUsage.DESCRIPTOR.fields_by_name
_COUNTS = [
    name
    for kind in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
    for name, field in _USAGE.items()
    if field.cpp_type == kind
]
_DEBUG = chat_pb2.DebugOutput.DESCRIPTOR.fields_by_name


def check_usage(where: str, usage: Mapping[str, int]) -> None:
    """Refuse what are no counts of SamplingUsage.

    Raises:
        TypeError: One is misspelt, or no whole number.
        ValueError: One is negative, or larger than its field.
    """
    given.unknown(where, given.mapping(where, usage), _COUNTS)
    for name, count in usage.items():
        wide = _USAGE[name].cpp_type == _USAGE[name].CPPTYPE_INT64
        given.whole(f"{where}[{name!r}]", count, 0, 2 ** (63 if wide else 31) - 1)


def check_debug(where: str, debug: Mapping[str, Any]) -> None:
    """Refuse what are no fields of DebugOutput.

    Raises:
        TypeError: One is misspelt, or takes no such value.
        ValueError: One takes no such value.
    """
    given.unknown(where, given.mapping(where, debug), _DEBUG)
    for name, value in debug.items():
        try:
            chat_pb2.DebugOutput(**{name: value})
        except (TypeError, ValueError) as error:
            raise type(error)(f"{where}[{name!r}]: {error}") from None
