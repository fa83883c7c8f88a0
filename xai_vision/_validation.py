"""Checks of what callers hand in, for the tools, the older search and the services.

``where`` is what to call a value in an error, such as ``web_search: allowed_domains``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.errors import InvalidRequestError
from xai_vision.errors import _base as errors
from xai_vision.proto._convert import adopt
from xai_vision.proto.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp as _DefaultTimestamp

    # Not Sequence or Iterable: a type checker would let a single text through.
    Texts: TypeAlias = list[str] | tuple[str, ...] | AbstractSet[str]
    Moment: TypeAlias = datetime | date | str | Timestamp | _DefaultTimestamp

MAX_DOMAINS = 5
MAX_HANDLES = 10
"""The contract's number. The service's pages are reported to say 20 for the x_search tool since
the middle of 2026 (github.com/pydantic/pydantic-ai/issues/5959); not tried."""


# Errors of pictures, which know nothing of this module, write their values with the same.
shown = errors.shown


def vanishes(number: float) -> bool:
    """Whether 32 bits, as the wire has them, make 0 of a number that is not 0.

    A temperature of 0 is sampling of another kind. The smallest number of 32 bits is 2**-149;
    what is no more than half of it is rounded to 0.
    """
    return 0 < abs(number) <= 2**-150


def text(where: str, value: Any, *, empty: bool = True) -> str:
    """A text that can be sent.

    Raises:
        InvalidRequestError: It is none, holds half a character, or is blank and may not be.
    """
    if not isinstance(value, str):
        # Not the value: it may be a secret, such as a header.
        raise InvalidRequestError(f"{where} must be a text, not {type(value).__name__}")
    if not empty and not value.strip():
        raise InvalidRequestError(f"{where} is empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError(
            f"{where} holds a lone surrogate (half of a character), which UTF-8 has no form for"
        ) from None
    return value


def model(value: Any) -> str:
    """The name of a model."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError("model is empty: name one, such as 'grok-4'")
    return text("model", value)


def header(where: str, value: Any) -> str:
    """A text that can be sent as metadata: printable ASCII, and some of it.

    Raises:
        InvalidRequestError: It is no such text.
    """
    if not (text(where, value, empty=False).isascii() and value.isprintable()):
        raise InvalidRequestError(f"{where} is sent as metadata, so it must be printable ASCII")
    return str(value)


def some_text(where: str, value: Any) -> str | None:
    """A text that can be sent, or None."""
    return None if value is None else text(where, value)


def texts(where: str, values: Any, most: int | None = None) -> list[str]:
    """A list of texts, none of them blank; None is an empty list.

    Raises:
        InvalidRequestError: It is a single text (which Python would take apart into letters),
            something else, or longer than ``most``.
    """
    if values is None:
        return []
    if isinstance(values, (str, bytes)):
        raise InvalidRequestError(f"{where} is a list: give [{shown(values)}]")
    if isinstance(values, Mapping) or not isinstance(values, Iterable):
        raise InvalidRequestError(f"{where} must be a list of texts, not {shown(values)}")
    # A set has another order in every process, which would spoil the service's caches.
    found = sorted(values, key=str) if isinstance(values, AbstractSet) else list(values)
    if most is not None and len(found) > most:
        raise InvalidRequestError(f"{where} has {len(found)} entries; the service takes {most}")
    return [text(f"{where}[{place}]", one, empty=False) for place, one in enumerate(found)]


def one_list(tool: str, most: int, **lists: Any) -> Iterator[list[str]]:
    """Lists of texts of which only one may have entries, in the order given.

    Raises:
        InvalidRequestError: Several have entries, or one is not as ``texts`` wants it.
    """
    found = [texts(f"{tool}: {name}", values, most) for name, values in lists.items()]
    if sum(map(bool, found)) > 1:
        raise InvalidRequestError(f"{tool}: give {' or '.join(lists)}, not both")
    return iter(found)


def some_flag(where: str, value: Any) -> bool | None:
    """True, False, or None for what the service does by itself."""
    return None if value is None else flag(where, value)


def flag(where: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise InvalidRequestError(f"{where} must be True or False, not {shown(value)}")
    return value


def whole(where: str, value: Any, low: int) -> int | None:
    """A whole number of at least ``low`` that fits 32 bits, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InvalidRequestError(f"{where} must be a whole number, not {shown(value)}")
    number = int(value.__index__())
    if not low <= number < 2**31:
        raise InvalidRequestError(f"{where} must be from {low} to {2**31 - 1}, not {shown(number)}")
    return number


def choice(where: str, value: Any, allowed: Iterable[str]) -> str:
    """One of a few words."""
    words = list(allowed)
    if not isinstance(value, str) or value not in words:
        listed = ", ".join(map(repr, words))
        raise InvalidRequestError(f"{where} must be one of {listed}, not {shown(value)}")
    # Not the value: a member of an Enum of texts equals the word and hashes otherwise.
    return words[words.index(value)]


def period(tool: str, from_date: Any, to_date: Any) -> tuple[Timestamp | None, Timestamp | None]:
    """The two ends of a span of time, in order.

    Raises:
        InvalidRequestError: One is no moment, or the first is after the second.
    """
    first = moment(f"{tool}: from_date", from_date)
    last = moment(f"{tool}: to_date", to_date)
    if first and last and (first.seconds, first.nanos) > (last.seconds, last.nanos):
        raise InvalidRequestError(
            f"{tool}: from_date ({first.ToJsonString()}) is after to_date ({last.ToJsonString()})"
        )
    return first, last


def moment(where: str, value: Any) -> Timestamp | None:
    """A moment as the service takes it.

    Args:
        where: What to call it in errors.
        value: A datetime (without a time zone it is UTC), a date (its midnight in UTC), either
            of them as ISO 8601 text, or a Timestamp, ours or protobuf's own. None stays None.

    Raises:
        InvalidRequestError: It is none of these.
    """
    if value is None:
        return None
    parsed = _parsed(where, value) if isinstance(value, str) else value
    try:
        if not isinstance(parsed, date):
            stamp = adopt(parsed, Timestamp)
        else:
            if not isinstance(parsed, datetime):
                parsed = datetime(parsed.year, parsed.month, parsed.day, tzinfo=timezone.utc)
            stamp = Timestamp()
            stamp.FromDatetime(parsed)
        stamp.ToJsonString()  # refuses what is out of range
    except TypeError:
        raise InvalidRequestError(
            f"{where} must be a datetime or date, not {shown(value)}"
        ) from None
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError(f"{where} is no moment: {error}") from None
    return stamp


def _parsed(where: str, value: str) -> datetime:
    try:
        # Python 3.10 does not know the Z for UTC.
        return datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    except ValueError:
        raise InvalidRequestError(
            f"{where} is not ISO 8601 (2025-12-31, or 2025-12-31T23:59:00Z): {shown(value)}"
        ) from None
