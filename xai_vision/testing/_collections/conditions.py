"""The filters of lists of collections and documents, such as ``name:"x" AND size:>10``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

from xai_vision.proto import collections_pb2
from xai_vision.testing._clock import parse_time
from xai_vision.testing._errors import ServiceError, invalid_argument

Predicate: TypeAlias = "Callable[[Mapping[str, str | float]], bool]"

_CONDITION: Final = re.compile(
    r'\s*(?P<field>[\w.]+)\s*:\s*(?P<operator>>=|<=|!|>|<|)(?P<value>"[^"]*"|[^\s"]+)\s*'
)
_STATUSES: Final = collections_pb2.DocumentStatus.DESCRIPTOR.values_by_name
_ORDERED: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def parse_filter(text: str, fields: Collection[str]) -> Predicate:
    """Return the function that says whether the values of an item match all conditions.

    Args:
        text: Conditions joined by AND; an empty text matches everything.
        fields: The fields that conditions can name, besides those that begin with "fields.".

    Raises:
        ServiceError: INVALID_ARGUMENT if the filter is not valid or names an unknown field.
    """
    predicates = [_condition(part, fields) for part in _split(text)] if text.strip() else []
    return lambda values: all(predicate(values) for predicate in predicates)


def _split(text: str) -> list[str]:
    """Return the conditions between the words AND. Text in quotes may contain the word."""
    conditions: list[str] = []
    current: list[str] = []
    quoted = False
    for word in re.split(r"(\s+)", text):
        if word == "AND" and not quoted:
            conditions.append("".join(current))
            current = []
            continue
        current.append(word)
        quoted ^= bool(word.count('"') % 2)
    return [*conditions, "".join(current)]


def _condition(text: str, fields: Collection[str]) -> Predicate:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise _error(f"{text.strip()!r:.80} is not field:value")
    name, sign, expected = match["field"], match["operator"], match["value"].strip('"')
    if name not in fields and not name.startswith("fields."):
        raise _error(f"the field {name!r:.80} is unknown. Known are {', '.join(fields)}")
    if name == "status" and expected not in _STATUSES:
        raise _error(f"{expected!r:.80} is not a DocumentStatus")
    if sign not in _ORDERED:
        return lambda values: (str(values.get(name, "")) == expected) is (sign != "!")
    compare, limit = _ORDERED[sign], _number(expected)
    if math.isnan(limit) and name == "created_at":
        try:
            limit = parse_time(expected)
        except ValueError:
            raise _error(f"{expected!r:.80} is not a time in ISO 8601 form") from None
    if math.isnan(limit):
        raise _error(f"{text.strip()!r:.80} compares something that is not a number")
    # A value that is not a number is neither less nor greater.
    return lambda values: compare(_number(values.get(name, "")), limit)


def _number(value: str | float) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _error(problem: str) -> ServiceError:
    return invalid_argument(f"Invalid filter: {problem}.")
