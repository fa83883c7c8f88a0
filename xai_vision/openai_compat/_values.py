"""Taking values out of JSON, each checked, each error naming its place."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError

__all__ = [
    "MAX_DEPTH",
    "TranslationError",
    "check_keys",
    "check_type",
    "given",
    "meant",
    "plain",
    "shortest",
]

MAX_DEPTH = 200
"""Levels of lists and objects. What is far deeper is beyond Python's stack; the number is ours,
and more than any schema needs."""

# Not as Python writes them: requests are JSON.
_JSON: Final = {None: "left out", True: "true", False: "false"}

_T = TypeVar("_T")


class TranslationError(InvalidRequestError):
    """A request, or an answer, that has no words in the other form.

    Attributes:
        key: Where in the JSON, or which field of the message: ``messages[0].content[1]``.
        unsupported: True where the other form has no such thing; False where the value itself
            is missing, of a wrong type or out of its range.
    """

    def __init__(self, text: str, *, key: str, unsupported: bool = False) -> None:
        super().__init__(text)
        self.key = key
        self.unsupported = unsupported

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (str(self), self.key, self.unsupported)


def _remade(text: str, key: str, unsupported: bool) -> TranslationError:
    return TranslationError(text, key=key, unsupported=unsupported)


def wrong(key: str, wanted: str, value: object) -> TranslationError:
    """What to raise for a value that is not what is wanted."""
    found = _JSON.get(value) if isinstance(value, (bool, type(None))) else None
    found = found or checks.shown(value)
    return TranslationError(f"{key} must be {wanted}, not {found}", key=key)


def unsupported(key: str, what: str) -> TranslationError:
    """What to raise for something that the other form cannot say."""
    return TranslationError(f"{key}: {what}", key=key, unsupported=True)


def meant(word: object, known: Iterable[str]) -> str:
    """What an unknown word may have been meant to be, to put behind an error's text."""
    # What is longer than any is not meant to be one, and takes its time to be compared.
    close = get_close_matches(word, known, n=1) if isinstance(word, str) and len(word) < 80 else ()
    return f"; did you mean {close[0]!r}?" if close else ""


def spot(key: object) -> str:
    """What to call a key that a request came with: by its name, unless that is data."""
    written = checks.shown(key)
    return str(key) if written == repr(key) else written


def given(value: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that are not None: programs write None for what they leave out."""
    return {key: entry for key, entry in value.items() if entry is not None}


def check_keys(
    value: Mapping[str, Any],
    allowed: Iterable[str],
    where: str = "",
    why: Mapping[str, str] | None = None,
) -> None:
    """Refuse a key that would be ignored; most are misspelt. One that is None says nothing.

    Args:
        value: The object.
        allowed: The keys that are read.
        where: What to call the object in errors; "" is the whole request.
        why: Of keys that are known and have no place: the words of the error.

    Raises:
        TranslationError: It names the key, and says why, or a likely one where there is any.
    """
    known = set(allowed)
    for key, entry in value.items():
        if key in known or entry is None:
            continue
        name = spot(key)
        place = f"{where}.{name}" if where else name
        if why and key in why:
            raise unsupported(place, f"the service has no place for it; {why[key]}")
        text = f"{where or 'the request'} has no key {checks.shown(key)}{meant(key, known)}"
        raise TranslationError(text, key=place, unsupported=True)


def check_type(value: Mapping[str, Any], known: str, where: str) -> None:
    """Refuse an object that says it is another one: what makes it that would be lost.

    Raises:
        TranslationError: It names the type.
    """
    kind = value.get("type")
    if kind is not None and kind != known:
        what = f"there is only {known!r} here, not {checks.shown(kind)}"
        raise unsupported(f"{where}.type", what)


def plain(value: Any) -> Any:
    """What an object of the openai package is in JSON; everything else as it is.

    Programs hand back what they were given: ``response.choices[0].message``, the items of
    ``response.output``. openai's marks for an argument that is left out become None.

    Raises:
        TranslationError: It is nested too deeply to be read.
    """
    return _plain(value, MAX_DEPTH)


def _plain(value: Any, levels: int) -> Any:
    if levels < 0:
        raise TranslationError(
            f"the request is nested too deeply: more than {MAX_DEPTH} levels", key="the request"
        )
    if isinstance(value, Mapping):
        return {key: _plain(entry, levels - 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, levels - 1) for entry in value]
    if isinstance(value, type):
        return value
    # Neither Pydantic nor openai need be there, so both are known by what they look like.
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        # What its helpers have parsed is no part of the type it was declared with: no warning.
        return dump(mode="json", exclude_unset=True, by_alias=True, warnings=False)
    left_out = type(value).__name__ in ("NotGiven", "Omit")
    return None if left_out and type(value).__module__.startswith("openai") else value


def text(key: str, value: Any) -> str:
    """A text that can be sent as UTF-8."""
    if value is None:
        raise wrong(key, "a string", value)
    if not isinstance(value, str):
        # Not the value: it may be a secret, such as a header.
        raise TranslationError(f"{key} must be a string, not {type(value).__name__}", key=key)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TranslationError(
            f"{key} holds a lone surrogate (half of a character), which UTF-8 has no form for",
            key=key,
        ) from None
    return value


def flag(key: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise wrong(key, "true or false", value)
    return value


def whole(key: str, value: Any) -> int:
    """A whole number that the wire has room for: 32 bits. Ranges are the service's to check."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise wrong(key, "a whole number of 32 bits", value)
    return value


def number(key: str, value: Any) -> float:
    """A number, and none of those that JSON has no form for."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(key, "a number", value)
    # Compared as it is: a whole number may be too large to be made a float.
    if not -_FLOAT_MOST < value < _FLOAT_MOST:
        raise wrong(key, f"a number between -{_FLOAT_MOST:g} and {_FLOAT_MOST:g}", value)
    if checks.vanishes(value):
        raise wrong(key, "0, or a number that 32 bits do not make 0", value)
    return float(value)


def mapping(key: str, value: Any) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, Mapping):
        raise wrong(key, "an object", value)
    return value


def listed(key: str, value: Any) -> Sequence[Any]:
    """A list."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise wrong(key, "a list", value)
    return value


def texts(key: str, value: Any) -> list[str]:
    """A list of texts."""
    return [text(f"{key}[{place}]", one) for place, one in enumerate(listed(key, value))]


def word(key: str, value: Any, words: Mapping[str, _T]) -> _T:
    """What one of a few words stands for."""
    if not isinstance(value, str) or value not in words:
        raise wrong(key, f"one of {', '.join(map(repr, words))}", value)
    return words[value]


def moment(key: str, value: Any) -> Any:
    """A day or a moment, as ISO 8601 writes it."""
    try:
        return checks.moment(key, text(key, value))
    except TranslationError:
        raise
    except InvalidRequestError as error:
        raise TranslationError(str(error), key=key) from None


def schema_text(key: str, value: Any) -> str:
    """Write a JSON schema as the text that messages hold."""
    if not isinstance(value, Mapping):
        raise wrong(key, "a JSON schema", value)
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TranslationError(f"{key} is no JSON: {error}", key=key) from None


def schema_of(key: str, written: str) -> Any:
    """Read a JSON schema that a message holds as text."""
    try:
        return json.loads(written)
    except ValueError:
        raise TranslationError(f"{key} is no JSON: {checks.shown(written)}", key=key) from None


# Beyond it a float of 32 bits, as the wire has them, is infinite.
_FLOAT_MOST = 3.4e38


def shortest(value: float) -> float:
    """The shortest decimal that a 32-bit float stands for: 0.7, not 0.699999988079071."""
    packed = struct.pack("f", value)
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == packed:
            return short
    return value
