"""Checks of the fields of replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from xai_vision.proto import chat_pb2, usage_pb2
from xai_vision.testing import _validation as check

_USAGE = usage_pb2.SamplingUsage.DESCRIPTOR.fields_by_name
_BITS = {FieldDescriptor.CPPTYPE_INT32: 31, FieldDescriptor.CPPTYPE_INT64: 63}
_INTEGER_FIELDS = {
    name: _BITS[field.cpp_type] for name, field in _USAGE.items() if field.cpp_type in _BITS
}
_DEBUG = chat_pb2.DebugOutput.DESCRIPTOR.fields_by_name


def check_usage(label: str, usage: Mapping[str, int]) -> None:
    """Check that ``usage`` has integer fields of SamplingUsage only.

    Raises:
        TypeError: A field does not exist, or a value is not an integer.
        ValueError: A value is negative, or too large for its field.
    """
    check.check_names(label, check.mapping(label, usage), _INTEGER_FIELDS)
    for name, count in usage.items():
        check.integer(f"{label}[{name!r}]", count, 0, 2 ** _INTEGER_FIELDS[name] - 1)


def check_debug(label: str, debug: Mapping[str, Any]) -> None:
    """Check that ``debug`` has fields of DebugOutput only.

    Raises:
        TypeError: A field does not exist, or a value has a wrong type.
        ValueError: A value is wrong for its field.
    """
    check.check_names(label, check.mapping(label, debug), _DEBUG)
    for name, value in debug.items():
        try:
            chat_pb2.DebugOutput(**{name: value})
        except (TypeError, ValueError) as error:
            raise type(error)(f"{label}[{name!r}]: {error}") from None


def check_file_pairs(label: str, value: Any) -> None:
    """Check that ``value`` has pairs of a file id and a name.

    Raises:
        TypeError: An item is not a pair of strings.
        ValueError: An item has another length.
    """
    check.sequence(label, value, (tuple, list), "a pair (file id, name)")
    for index, pair in enumerate(value):
        if len(check.strings(f"{label}[{index}]", pair)) != 2:
            shown = check.short_repr(pair)
            raise ValueError(f"{label}[{index}] must be a pair (file id, name), not {shown}")
