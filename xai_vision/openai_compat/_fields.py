"""Readers and writers of the values of protos' fields: scalars, timestamps, schemas."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from xai_vision import _timestamps, _validation
from xai_vision._validation import short_repr
from xai_vision.openai_compat._values import (
    TranslationError,
    boolean,
    checked,
    integer,
    invalid_value,
    number,
    string,
    strings,
)
from xai_vision.proto.timestamp_pb2 import Timestamp


def timestamp(path: str, value: Any) -> Any:
    """Read an ISO 8601 date or datetime."""
    return checked(_timestamps.timestamp, path, string(path, value))


def dump_schema(path: str, value: Any) -> str:
    """Write a JSON schema as the string that a proto holds."""
    if not isinstance(value, Mapping):
        raise invalid_value(path, "a JSON schema", value)
    return checked(_validation.dump_json, path, value)


def parse_schema(path: str, text: str) -> Any:
    """Parse the JSON schema that a proto holds as a string."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise TranslationError(f"{path} is not valid JSON: {short_repr(text)}", key=path) from None


_FIELD_READERS: Final[dict[type, Callable[[str, Any], Any]]] = {
    str: string,
    bool: boolean,
    int: integer,
    float: number,
    Timestamp: timestamp,
}


def read_field(cls: type[Any], name: str, path: str, value: Any) -> Any:
    """Read the value of a proto's field, whose type selects the reader.

    Args:
        cls: The proto's class.
        name: The field, which is a scalar, a Timestamp or a list of strings.
        path: The value's path, for errors.
        value: The JSON value.
    """
    default = getattr(cls(), name)
    read: Callable[[str, Any], Any] = _FIELD_READERS.get(type(default), strings)
    return read(path, value)


def write_field(value: Any) -> Any:
    """Write the value of a field that is a scalar, a Timestamp, or a list or map of scalars."""
    if isinstance(value, float):
        return shortest_decimal(value)
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, Timestamp):
        # Midnight UTC becomes a date.
        return value.ToJsonString().removesuffix("T00:00:00Z")
    return dict(value) if isinstance(value, Mapping) else list(value)


def shortest_decimal(value: float) -> float:
    """Return the shortest decimal of a 32-bit float: 0.7, not 0.699999988079071."""
    packed = struct.pack("f", value)
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == packed:
            return short
    return value
