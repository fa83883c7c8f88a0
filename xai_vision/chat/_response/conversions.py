"""Convert values of messages that a newer service may have extended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from xai_vision.proto.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1)


class _Enum(Protocol):
    def Name(self, number: Any) -> str:  # noqa: N802 - protobuf's name
        """Return a value's name."""
        ...


def enum_name(enum: _Enum, number: int) -> str:
    """Return the name of an enum's value; "UNKNOWN_77" for one that this version does not know."""
    try:
        return enum.Name(number)
    except ValueError:
        return f"UNKNOWN_{number}"


def utc_datetime(timestamp: Timestamp) -> datetime:
    """Return a timestamp in UTC without a time zone, limited to the range of datetime."""
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        return datetime.max if timestamp.seconds > 0 else datetime.min
