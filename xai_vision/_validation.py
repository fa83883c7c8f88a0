"""Validate arguments, with the same messages in every package.

A ``Validator`` raises the error classes it was created with. The module's own functions raise
``InvalidRequestError``, for the client's packages; the fake server has a validator of its own.

The first argument of every check is the ``name`` of the value, such as ``web_search:
allowed_domains``, with which the error's message begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.errors import InvalidRequestError
from xai_vision.errors import _base as errors

if TYPE_CHECKING:
    # Neither Sequence nor Iterable: type checkers would accept a single string.
    StringList: TypeAlias = list[str] | tuple[str, ...] | AbstractSet[str]

MAX_DOMAINS = 5
MAX_HANDLES = 20
"""The contract's number. The service's documentation is reported to say 20 for the x_search tool
since the middle of 2026 (github.com/pydantic/pydantic-ai/issues/5959); this is not verified."""

_MAX_INT32 = 2**31 - 1

# Image errors, whose module does not import this one, format values with the same function.
short_repr = errors.short_repr


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the known word closest to ``word``, or an empty string."""
    # A long string is not a misspelled word, and comparing it would be slow.
    if not isinstance(word, str) or len(word) >= 80:
        return ""
    # Imported on use: only errors need it.
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def key_label(key: object) -> str:
    """Return a mapping's key for an error: unchanged, unless it is long or has image data."""
    label = short_repr(key)
    return str(key) if label == repr(key) else label


def rounds_to_zero(number: float) -> bool:
    """Return whether a number other than 0 becomes 0 as a 32-bit float, as protobuf sends it.

    A temperature of 0 selects another kind of sampling. The smallest 32-bit float is 2**-149;
    half of it or less is rounded to 0.
    """
    return 0 < abs(number) <= 2**-150


class Validator:
    """Checks that raise errors of two classes.

    Args:
        type_error: The class to raise for a value of a wrong type.
        value_error: The class to raise for a wrong value of the right type. Default: the same.
    """

    def __init__(
        self, type_error: type[Exception], value_error: type[Exception] | None = None
    ) -> None:
        self._type_error = type_error
        self._value_error = value_error or type_error

    def instance(
        self, name: str, value: Any, types: type | tuple[type, ...], expected: str
    ) -> None:
        """Check the type of a value; ``expected`` describes it in the error, with its article."""
        if not isinstance(value, types):
            raise self._type_error(f"{name} must be {expected}, not {short_repr(value)}")

    def boolean(self, name: str, value: Any) -> bool:
        """Return a bool."""
        if not isinstance(value, bool):
            raise self._type_error(f"{name} must be True or False, not {short_repr(value)}")
        return value

    def integer(
        self, name: str, value: Any, min_: int | None = None, max_: int | None = None
    ) -> int:
        """Return an integer from ``min_`` to ``max_``, both included; None is no bound.

        Integers of other packages are accepted, such as numpy's.
        """
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise self._type_error(f"{name} must be an integer, not {short_repr(value)}")
        number = int(value.__index__())
        if (min_ is not None and number < min_) or (max_ is not None and number > max_):
            expected = f"of at least {min_}" if max_ is None else f"from {min_} to {max_}"
            raise self._value_error(
                f"{name} must be an integer {expected}, not {short_repr(number)}"
            )
        return number

    def number(
        self, name: str, value: Any, *, positive: bool = False, max_: float = math.inf
    ) -> float:
        """Return a finite float of at least 0.

        Args:
            name: The argument's name in the error.
            value: The number.
            positive: Whether 0 is refused.
            max_: The largest number to accept.
        """
        if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
            raise self._type_error(f"{name} must be a number, not {short_repr(value)}")
        number = float(value)
        if not (number > 0 if positive else number >= 0) or number > max_ or math.isinf(number):
            expected = "greater than 0" if positive else "of at least 0"
            expected += "" if math.isinf(max_) else f" and at most {max_:,.10g}"
            raise self._value_error(
                f"{name} must be a finite number {expected}, not {short_repr(value)}"
            )
        return number

    def string(self, name: str, value: Any, *, empty: bool = True) -> str:
        """Return a string that can be encoded as UTF-8.

        Args:
            name: The argument's name in the error.
            value: The string.
            empty: Whether to accept an empty or blank one.
        """
        if not isinstance(value, str):
            # The message leaves out the value, which may be a secret such as a header.
            hint = ". Call .decode() on it" if isinstance(value, bytes) else ""
            raise self._type_error(f"{name} must be a string, not {type(value).__name__}{hint}")
        if not empty and not value.strip():
            raise self._value_error(f"{name} is empty")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._value_error(
                f"{name} contains a lone surrogate, which cannot be encoded as UTF-8"
            ) from None
        return value

    def strings(
        self, name: str, values: Any, *, empty: bool = True, max_: int | None = None
    ) -> tuple[str, ...]:
        """Return strings; a single string is refused, as Python would split it into letters.

        Args:
            name: The argument's name in the error.
            values: An iterable of strings.
            empty: Whether to accept empty or blank strings in it.
            max_: The largest number of strings to accept.
        """
        if isinstance(values, (str, bytes)):
            raise self._type_error(
                f"{name} must be a list of strings, not a string. Pass [{short_repr(values)}]"
            )
        if isinstance(values, Mapping) or not isinstance(values, Iterable):
            raise self._type_error(f"{name} must be a list of strings, not {short_repr(values)}")
        # A set has another order in every process, which would defeat the service's caches.
        items = sorted(values, key=str) if isinstance(values, AbstractSet) else list(values)
        if max_ is not None and len(items) > max_:
            raise self._value_error(
                f"{name} has {len(items)} entries; the service accepts at most {max_}"
            )
        return tuple(
            self.string(f"{name}[{index}]", item, empty=empty) for index, item in enumerate(items)
        )

    def sequence(
        self, name: str, value: Any, types: type | tuple[type, ...], expected: str
    ) -> None:
        """Check a list or tuple and the type of its items; ``expected`` as for ``instance``."""
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise self._type_error(
                f"{name} must be a list, not {short_repr(value)}. Each item must be {expected}"
            )
        for index, item in enumerate(value):
            self.instance(f"{name}[{index}]", item, types, expected)

    def mapping(self, name: str, value: Any) -> Mapping[str, Any]:
        """Return a mapping whose keys are strings."""
        self.instance(name, value, Mapping, "a dict")
        for key in value:
            self.instance(f"a key of {name}", key, str, "a string")
        mapping: Mapping[str, Any] = value
        return mapping

    def enum(self, name: str, value: Any, allowed: Iterable[str]) -> str:
        """Return one of the allowed words."""
        words = list(allowed)
        if not isinstance(value, str) or value not in words:
            problem = (
                f"{name} must be one of {', '.join(map(repr, words))}, not {short_repr(value)}"
                f"{did_you_mean(value, words)}"
            )
            raise (self._value_error if isinstance(value, str) else self._type_error)(problem)
        # The allowed word and not the value: a member of a str Enum equals the word, but its
        # hash differs, so it would not be found in a dict.
        return words[words.index(value)]

    def check_names(self, name: str, names: Iterable[str], known: Iterable[str]) -> None:
        """Check that all ``names`` are known; the error suggests the closest one, or lists all."""
        accepted = list(known)
        for word in names:
            if word not in accepted:
                suggestion = did_you_mean(word, accepted) or f". Known are {', '.join(accepted)}"
                raise self._type_error(f"{name} does not accept {word!r}{suggestion}")


_client = Validator(InvalidRequestError)
boolean = _client.boolean
check_names = _client.check_names
enum = _client.enum
integer = _client.integer
mapping = _client.mapping
number = _client.number
string = _client.string
strings = _client.strings


def dump_json(name: str, value: Mapping[str, Any]) -> str:
    """Write a JSON object, such as a schema, as a string."""
    import json  # imported on use: it takes a millisecond

    try:
        return json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"{name} is not valid JSON: {error}") from None


def optional_boolean(name: str, value: Any) -> bool | None:
    """Return a bool, or None for the service's default."""
    return None if value is None else boolean(name, value)


def optional_integer(name: str, value: Any, min_: int) -> int | None:
    """Return an integer of at least ``min_`` that fits 32 bits, or None."""
    return None if value is None else _client.integer(name, value, min_, _MAX_INT32)


def optional_string(name: str, value: Any) -> str | None:
    """Return a string, or None."""
    return None if value is None else string(name, value)


def optional_strings(name: str, values: Any, max_: int | None = None) -> tuple[str, ...]:
    """Return strings that are not blank; None is an empty tuple."""
    return () if values is None else _client.strings(name, values, empty=False, max_=max_)


def _exclusive_lists(max_: int, tool: str, /, **lists: Any) -> Iterator[tuple[str, ...]]:
    """Return lists of strings, in the order passed, of which only one may have entries.

    Raises:
        InvalidRequestError: Several have entries, or one is not a list of strings.
    """
    checked = [optional_strings(f"{tool}: {name}", values, max_) for name, values in lists.items()]
    if sum(map(bool, checked)) > 1:
        raise InvalidRequestError(f"{tool}: pass {' or '.join(lists)}, not both")
    return iter(checked)


exclusive_domains = partial(_exclusive_lists, MAX_DOMAINS)
exclusive_handles = partial(_exclusive_lists, MAX_HANDLES)


def model_name(value: Any) -> str:
    """Return the name of a model."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError("model is empty. Pass a model's name, such as 'grok-4'")
    return string("model", value)


def metadata_value(name: str, value: Any) -> str:
    """Return a string that gRPC can send as metadata: printable ASCII, not blank."""
    if not (string(name, value, empty=False).isascii() and value.isprintable()):
        raise InvalidRequestError(f"{name} must be printable ASCII, as it is sent as metadata")
    return str(value)
