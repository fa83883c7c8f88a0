"""Convert dates and datetimes to the service's Timestamp."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision._validation import short_repr
from xai_vision.errors import InvalidRequestError
from xai_vision.proto._convert import adopt
from xai_vision.proto.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp as _DefaultTimestamp

    DateLike: TypeAlias = datetime | date | str | Timestamp | _DefaultTimestamp


def date_range(
    tool: str, from_date: Any, to_date: Any
) -> tuple[Timestamp | None, Timestamp | None]:
    """Return the start and the end of a period.

    Raises:
        InvalidRequestError: One is not a date, or the start is after the end.
    """
    start = timestamp(f"{tool}: from_date", from_date)
    end = timestamp(f"{tool}: to_date", to_date)
    if start and end and (start.seconds, start.nanos) > (end.seconds, end.nanos):
        raise InvalidRequestError(
            f"{tool}: from_date ({start.ToJsonString()}) is after to_date ({end.ToJsonString()})"
        )
    return start, end


def timestamp(name: str, value: Any) -> Timestamp | None:
    """Return a date or datetime as the service's Timestamp.

    Args:
        name: The argument's name in the error.
        value: A datetime (without a time zone it is UTC), a date (its midnight in UTC), either
            of them as an ISO 8601 string, or a Timestamp of this package or of protobuf. None
            stays None.

    Raises:
        InvalidRequestError: The value is none of these.
    """
    if value is None:
        return None
    parsed = _parse_datetime(name, value) if isinstance(value, str) else value
    try:
        if not isinstance(parsed, date):
            stamp = adopt(parsed, Timestamp)
        else:
            if not isinstance(parsed, datetime):
                parsed = datetime(parsed.year, parsed.month, parsed.day, tzinfo=timezone.utc)
            stamp = Timestamp()
            stamp.FromDatetime(parsed)
        stamp.ToJsonString()  # raises for a timestamp out of protobuf's range
    except TypeError:
        raise InvalidRequestError(
            f"{name} must be a datetime or date, not {short_repr(value)}"
        ) from None
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError(f"{name} is not a valid timestamp: {error}") from None
    return stamp


def _parse_datetime(name: str, value: str) -> datetime:
    try:
        # Python 3.10 does not accept the Z for UTC.
        return datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    except ValueError:
        raise InvalidRequestError(
            f"{name} must be in ISO 8601 form (2025-12-31, or 2025-12-31T23:59:00Z), "
            f"not {short_repr(value)}"
        ) from None
