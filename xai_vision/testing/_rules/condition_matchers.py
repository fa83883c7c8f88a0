"""Conditions as tests write them, made into matchers; what can never hold is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from grpc import StatusCode

from xai_vision.proto.auth_grpc import Auth
from xai_vision.proto.chat_grpc import Chat
from xai_vision.proto.models_grpc import Models
from xai_vision.proto.tokenize_grpc import Tokenize
from xai_vision.testing import match
from xai_vision.testing._validation import choice, flag, mapping, shown, texts, whole
from xai_vision.testing.match import Matcher

__all__ = ["MAKERS", "header"]

_METHODS: Final = [
    method.name for service in (Auth, Chat, Models, Tokenize) for method in service.METHODS
]


def _about(name: str, wanted: Matcher, kind: str, instead: str = "") -> Matcher:
    """A matcher, which must be about what it will be asked about."""
    if kind not in wanted.about:
        about = " or ".join(sorted(wanted.about))
        raise TypeError(
            f"{name} is {kind}, and {wanted.name} is about {about}{instead and f'; {instead}'}"
        )
    return wanted


def _text(name: str, wanted: Any) -> Matcher:
    if isinstance(wanted, Matcher):
        hint = "pictures are matched by image=" if wanted.about == {"a picture"} else ""
        return _about(name, wanted, "a text", hint)
    if not isinstance(wanted, str):
        raise TypeError(f"{name} must be a str or a matcher, not {shown(wanted)}")
    return match.equals(wanted)


def _model(wanted: str | Matcher) -> Matcher:
    made = _text("model", wanted)
    if made is wanted:
        return Matcher(made.name, lambda names: made.fault(names[0]))
    return Matcher(repr(wanted), lambda names: None if wanted in names else f"it is {names[0]!r}")


def _image(wanted: bytes | str | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        hint = "texts are matched by prompt=" if wanted.about == {"a text"} else ""
        return _any_of(_about("image", wanted, "a picture", hint), "picture")
    if not isinstance(wanted, (bytes, str)):
        hint = "; give its read_bytes()" if isinstance(wanted, PurePath) else ""
        raise TypeError(
            f"image must be the bytes of a file, its SHA-256 in hex or a matcher, "
            f"not {shown(wanted)}{hint}"
        )
    return _any_of(match.sha256(wanted), "picture")


def _any_of(matcher: Matcher, noun: str) -> Matcher:
    def fault(seen: Sequence[Any]) -> str | None:
        if not seen:
            return f"the call has no {noun}"
        faults = [matcher.fault(one) for one in seen]
        if None in faults:
            return None
        return "; ".join(f"{noun} {n}: {fault}" for n, fault in enumerate(faults[:4], 1))

    return Matcher(matcher.name, fault)


def _images(wanted: int | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return _about("images", wanted, "a list", "single pictures are matched by image=")
    number = whole("images (how many)", wanted, 0)
    return Matcher(
        str(number),
        lambda images: None if len(images) == number else f"the call has {len(images)}",
    )


def _tools(wanted: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        if "a list" in wanted.about:
            return wanted
        return _any_of(_about("tools", wanted, "a text"), "tool")
    names = (wanted,) if isinstance(wanted, str) else texts("tools", wanted)

    def fault(given: list[str]) -> str | None:
        if not names:
            return f"the call has {', '.join(given)}" if given else None
        missing = [name for name in names if name not in given]
        has = ", ".join(given) or "no tools"
        return f"the call has {has}" if missing else None

    return Matcher(repr(wanted if isinstance(wanted, str) else names), fault)


def _schema(wanted: Mapping[str, Any] | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return _about("schema", wanted, "a JSON value", "match.predicate takes any function of it")
    return match.equals(dict(mapping("schema", wanted)))


def _method(wanted: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(wanted, Matcher):
        return _about("method", wanted, "a text")
    names = (wanted,) if isinstance(wanted, str) else texts("method", wanted)
    for name in names:
        # Over REST it is a verb and a path, which need not be one there is.
        if " /" not in name:
            choice("method", name, _METHODS)
    name = repr(names[0]) if len(names) == 1 else repr(names)
    return Matcher(name, lambda method: None if method in names else f"it is {method}")


def _status(wanted: str | Matcher) -> Matcher:
    if isinstance(wanted, str) and wanted:
        choice("status", wanted, [code.name for code in StatusCode])
    return _text("status", wanted)


def _when(wanted: Callable[..., Any]) -> Matcher:
    if isinstance(wanted, Matcher) or not callable(wanted):
        raise TypeError(f"when must be a function of the call, not {shown(wanted)}")
    return match.predicate(wanted)


def header(where: str, key: str, wanted: Any) -> Matcher:
    """The matcher for the value of a metadata key.

    Raises:
        TypeError: It is no text, bytes or matcher of them.
        ValueError: It is the key's own value, which the log does not keep.
    """
    if key.lower() == "authorization":
        raise ValueError(
            f"{where}: the log keeps no keys; give callers keys of their own with issue_key(), "
            "and ask for when=lambda call: call.key_id == ..."
        )
    if isinstance(wanted, Matcher) and wanted.about & {"a text", "bytes"}:
        return wanted
    if isinstance(wanted, bytes):
        return match.equals(wanted)
    return _text(where, wanted)


MAKERS: Final[dict[str, Callable[[Any], Matcher]]] = {
    "prompt": partial(_text, "prompt"),
    "model": _model,
    "image": _image,
    "images": _images,
    "tools": _tools,
    "schema": _schema,
    "stream": lambda wanted: match.equals(flag("stream", wanted)),
    "method": _method,
    "status": _status,
    "when": _when,
}
"""What makes a matcher of a condition, by the condition's name."""
