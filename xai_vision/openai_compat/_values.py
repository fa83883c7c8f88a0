"""Readers for JSON values; each checks a value and names its path in the error.

``path`` is the value's place in the request, such as ``messages[0].content[1]``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

from xai_vision import _validation
from xai_vision._validation import did_you_mean, key_label, short_repr
from xai_vision.errors import InvalidRequestError

MAX_DEPTH = 200
"""The deepest nesting of lists and objects that is read.

Much deeper values overflow Python's stack. The number is an assumption: no limit is documented.
"""
# Requests are JSON, so errors do not use Python's spelling.
_JSON_NAMES: Final = {None: "left out", True: "true", False: "false"}
# A larger number is infinite as a 32-bit float, which the protos use.
_MAX_FLOAT: Final = 3.4e38

_T = TypeVar("_T")
_ignore_unknown_keys: ContextVar[bool] = ContextVar("_ignore_unknown_keys", default=False)
Api: TypeAlias = Literal["chat", "responses"]


class TranslationError(InvalidRequestError):
    """A request or response cannot be expressed in the other format.

    Attributes:
        key: The path in the JSON, or the field of the message: ``messages[0].content[1]``.
        unsupported: True if the other format has no equivalent; False if the value itself is
            missing, of a wrong type or out of range.
    """

    def __init__(self, text: str, *, key: str, unsupported: bool = False) -> None:
        super().__init__(text)
        self.key = key
        self.unsupported = unsupported


def invalid_value(path: str, expected: str, value: object) -> TranslationError:
    """Return the error for a value of a wrong type or range."""
    name = _JSON_NAMES.get(value) if isinstance(value, (bool, type(None))) else None
    return TranslationError(f"{path} must be {expected}, not {name or short_repr(value)}", key=path)


def unsupported(path: str, reason: str) -> TranslationError:
    """Return the error for a value that the other format cannot express."""
    return TranslationError(f"{path}: {reason}", key=path, unsupported=True)


def drop_none(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries whose value is not None: None counts as left out."""
    return {key: entry for key, entry in value.items() if entry is not None}


@contextmanager
def ignoring_unknown_keys() -> Iterator[None]:
    """Ignore unknown keys of all objects that are read in the block, at any depth."""
    token = _ignore_unknown_keys.set(True)
    try:
        yield
    finally:
        _ignore_unknown_keys.reset(token)


def unknown_keys_ignored() -> bool:
    """Return whether unknown keys are ignored instead of rejected."""
    return _ignore_unknown_keys.get()


def check_keys(
    value: Mapping[str, Any],
    allowed: Iterable[str],
    path: str = "",
    reasons: Mapping[str, str] | None = None,
) -> None:
    """Reject unknown keys; a key whose value is None counts as left out.

    In a block of ``ignoring_unknown_keys``, nothing is rejected. The caller must then not read
    the unknown keys.

    Args:
        value: The object.
        allowed: The keys that are read.
        path: The object's path; "" for the whole request.
        reasons: Known keys that are not supported, and the reason for the error message.

    Raises:
        TranslationError: A key is not supported; the message gives the reason or a suggestion.
    """
    known = set(allowed)
    for key, entry in value.items():
        if key in known or entry is None or unknown_keys_ignored():
            continue
        label = key_label(key)
        key_path = f"{path}.{label}" if path else label
        if reasons and key in reasons:
            raise unsupported(key_path, f"not supported by the service; {reasons[key]}")
        text = f"{path or 'the request'} has no key {short_repr(key)}{did_you_mean(key, known)}"
        raise TranslationError(text, key=key_path, unsupported=True)


def read_object(
    path: str, value: Any, allowed: Collection[str], reasons: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Read an object that has only the allowed keys; return these entries without None.

    Raises:
        TranslationError: The value is not an object, or a key is not supported.
    """
    entries = drop_none(mapping(path, value))
    check_keys(entries, allowed, path, reasons)
    return {key: entry for key, entry in entries.items() if key in allowed}


def check_type(value: Mapping[str, Any], expected: str, path: str) -> None:
    """Reject an object whose ``type`` is not the expected one.

    Raises:
        TranslationError: The type differs; the message names both.
    """
    kind = value.get("type")
    if kind is not None and kind != expected:
        raise unsupported(
            f"{path}.type", f"only {expected!r} is supported here, not {short_repr(kind)}"
        )


def to_json(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Convert objects of the openai package to JSON values; leave everything else as it is.

    Programs send such objects back: ``response.choices[0].message``, the items of
    ``response.output``. openai's markers for omitted arguments become None.

    Raises:
        TranslationError: The value is nested too deeply.
    """
    if levels < 0:
        raise TranslationError(
            f"the request is nested too deeply: more than {MAX_DEPTH} levels", key="the request"
        )
    if isinstance(value, Mapping):
        return {key: to_json(entry, levels - 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(entry, levels - 1) for entry in value]
    if isinstance(value, type):
        return value
    # Pydantic and openai may not be installed, so their objects are recognized by attributes.
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        # openai's helpers add parsed values that the declared type does not have.
        return dump(mode="json", exclude_unset=True, by_alias=True, warnings=False)
    omitted = type(value).__name__ in ("NotGiven", "Omit")
    return None if omitted and type(value).__module__.startswith("openai") else value


def checked(check: Callable[[str, Any], _T], path: str, value: Any) -> _T:
    """Call one of the client's checks; its error becomes one with the value's path."""
    try:
        return check(path, value)
    except InvalidRequestError as error:
        raise TranslationError(str(error), key=path) from None


def string(path: str, value: Any) -> str:
    """Read a string that UTF-8 can encode."""
    if value is None:
        raise invalid_value(path, "a string", value)
    return checked(_validation.string, path, value)


def boolean(path: str, value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise invalid_value(path, "true or false", value)
    return value


def integer(path: str, value: Any) -> int:
    """Read a 32-bit integer, as the protos have it; the service checks narrower ranges."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise invalid_value(path, "a 32-bit integer", value)
    return value


def number(path: str, value: Any) -> float:
    """Read a finite number that a 32-bit float can represent."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid_value(path, "a number", value)
    # Compare before converting: float() fails for very large integers.
    if not -_MAX_FLOAT < value < _MAX_FLOAT:
        raise invalid_value(path, f"a number between -{_MAX_FLOAT:g} and {_MAX_FLOAT:g}", value)
    if _validation.rounds_to_zero(value):
        raise invalid_value(path, "0, or a number that a 32-bit float does not round to 0", value)
    return float(value)


def mapping(path: str, value: Any) -> Mapping[str, Any]:
    """Read an object."""
    if not isinstance(value, Mapping):
        raise invalid_value(path, "an object", value)
    return value


def sequence(path: str, value: Any) -> Sequence[Any]:
    """Read a list."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise invalid_value(path, "a list", value)
    return value


def strings(path: str, value: Any) -> list[str]:
    """Read a list of strings."""
    return [string(f"{path}[{index}]", item) for index, item in enumerate(sequence(path, value))]


def enum(path: str, value: Any, values: Mapping[str, _T]) -> _T:
    """Read one of a few words and return the value it stands for."""
    if not isinstance(value, str) or value not in values:
        raise invalid_value(path, f"one of {', '.join(map(repr, values))}", value)
    return values[value]


def check_api(api: Api) -> Api:
    """Check that a value is one of the two formats.

    Raises:
        TranslationError: It is not one of them.
    """
    return enum("api", api, {name: name for name in get_args(Api)})


def enum_name(path: str, number: int, values: Mapping[str, int]) -> str:
    """Return the word for an enum's number.

    Raises:
        TranslationError: No word stands for the number.
    """
    for word, known in values.items():
        if known == number:
            return word
    raise unsupported(path, f"JSON has no value for {number}")
