"""The filters of lists of collections and documents, such as ``name:"x" AND size:>10``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from xai_vision.testing._errors import invalid_argument

_CONDITION: Final = re.compile(
    r'\s*(?P<field>[\w.]+)\s*:\s*(?P<operator>>=|<=|!|>|<|)(?P<value>"[^"]*"|[^\s"]+)\s*'
)
_OPERATORS: Final[dict[str, Callable[[object, object], bool]]] = {
    "": operator.eq,
    "!": operator.ne,
}
_ORDERED: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def matches(text: str, values: Mapping[str, str | float]) -> bool:
    """Return whether values match all conditions of a filter.

    Args:
        text: Conditions joined by AND; an empty text matches everything.
        values: The values by field.

    Raises:
        ServiceError: INVALID_ARGUMENT if the filter is not valid or names an unknown field.
    """
    if not text.strip():
        return True
    # All conditions are read, so that a mistake is found even if an earlier one does not hold.
    results = [_holds(condition, values) for condition in re.split(r"\sAND\s", text)]
    return all(results)


def _holds(condition: str, values: Mapping[str, str | float]) -> bool:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise invalid_argument(f"Invalid filter: {condition.strip()!r:.80} is not field:value.")
    name, sign, wanted = match["field"], match["operator"], match["value"].strip('"')
    if name not in values and not name.startswith("fields."):
        raise invalid_argument(
            f"Invalid filter: the field {name!r:.80} is unknown. Known are {', '.join(values)}."
        )
    value = values.get(name, "")
    if sign in _OPERATORS:
        return _OPERATORS[sign](str(value), wanted)
    try:
        return _ORDERED[sign](float(value), float(wanted))
    except ValueError:
        raise invalid_argument(
            f"Invalid filter: {condition.strip()!r:.80} compares something that is not a number."
        ) from None
