"""Conversion of condition values to matchers, with a check that some call can match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from grpc import StatusCode

from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.collections_pb2_grpc import Collections
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.proto.tokenize_pb2_grpc import Tokenize
from xai_vision.proto.video_pb2_grpc import Video
from xai_vision.testing import _validation as check
from xai_vision.testing import match
from xai_vision.testing.match import Matcher

_SERVICES: Final = (
    Auth,
    Chat,
    Models,
    Tokenize,
    Files,
    Image,
    Video,
    BatchMgmt,
    Collections,
    Documents,
)
_METHODS: Final = [method.name for service in _SERVICES for method in service.METHODS]

_WITH_RULES: Final = ("GetCompletion", "GetCompletionChunk", "StartDeferredCompletion")


def _check_kind(name: str, matcher: Matcher, kind: str, hint: str = "") -> Matcher:
    """Return ``matcher`` if it can match values of this kind."""
    if kind in matcher.kinds:
        return matcher
    kinds = " or ".join(sorted(matcher.kinds))
    raise TypeError(f"{name} is {kind}, but {matcher.name} matches {kinds}{hint and f'. {hint}'}")


def _string(name: str, expected: Any) -> Matcher:
    if isinstance(expected, Matcher):
        hint = "Use image= to match images" if expected.kinds == {"an image"} else ""
        return _check_kind(name, expected, "a string", hint)
    if not isinstance(expected, str):
        raise TypeError(f"{name} must be a str or a matcher, not {check.short_repr(expected)}")
    return match.equals(expected)


def _model(expected: str | Matcher) -> Matcher:
    matcher = _string("model", expected)
    if matcher is expected:
        return Matcher(matcher.name, lambda names: matcher.mismatch(names[0]))
    return Matcher(
        repr(expected), lambda names: None if expected in names else f"it is {names[0]!r}"
    )


def _image(expected: bytes | str | Matcher) -> Matcher:
    if isinstance(expected, Matcher):
        hint = "Use prompt= to match text" if expected.kinds == {"a string"} else ""
        return _any_of(_check_kind("image", expected, "an image", hint), "image")
    if not isinstance(expected, (bytes, str)):
        hint = ". Pass its read_bytes()" if isinstance(expected, PurePath) else ""
        raise TypeError(
            f"image must be the bytes of a file, its SHA-256 in hex, or a matcher, "
            f"not {check.short_repr(expected)}{hint}"
        )
    return _any_of(match.sha256(expected), "image")


def _any_of(matcher: Matcher, noun: str) -> Matcher:
    def mismatch(values: Sequence[Any]) -> str | None:
        if matcher is match.none:
            return f"the call has {check.pluralize(len(values), noun)}" if values else None
        if not values:
            return f"the call has no {noun}"
        if matcher is match.any:  # also an empty string
            return None
        reasons = [matcher.mismatch(value) for value in values]
        if None in reasons:
            return None
        return "; ".join(f"{noun} {n}: {reason}" for n, reason in enumerate(reasons[:4], 1))

    return Matcher(matcher.name, mismatch)


def _count(name: str, hint: str, expected: int | Matcher) -> Matcher:
    if isinstance(expected, Matcher):
        return _check_kind(name, expected, "a list", hint)
    count = check.integer(f"{name} (a number)", expected, 0)

    def mismatch(values: Sequence[Any]) -> str | None:
        return None if len(values) == count else f"the call has {len(values)}"

    return Matcher(str(count), mismatch)


def _turn(expected: int) -> Matcher:
    turn = check.integer("turn", expected, 1)
    return Matcher(str(turn), lambda actual: None if actual == turn else f"it is {actual}")


def tool_result_matcher(label: str, expected: Any, noun: str) -> Matcher:
    """Return the matcher for the results of functions.

    Args:
        label: The name of the value in error messages.
        expected: The text of a result, or a matcher.
        noun: The name of a result in mismatches.

    Raises:
        TypeError: The value is not a str or a matcher for strings.
    """
    return _any_of(_string(label, expected), noun)


def _tools(expected: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(expected, Matcher):
        if "a list" in expected.kinds:
            return expected
        return _any_of(_check_kind("tools", expected, "a string"), "tool")
    names = (expected,) if isinstance(expected, str) else check.strings("tools", expected)

    def mismatch(tools: list[str]) -> str | None:
        matches = set(names) <= set(tools) if names else not tools
        return None if matches else f"the call has {', '.join(tools) or 'no tools'}"

    return Matcher(repr(expected if isinstance(expected, str) else names), mismatch)


def _schema(expected: Mapping[str, Any] | Matcher) -> Matcher:
    if isinstance(expected, Matcher):
        hint = "Use match.predicate with a function of the schema"
        return _check_kind("schema", expected, "a JSON value", hint)
    return match.equals(dict(check.mapping("schema", expected)))


def _method(expected: str | Iterable[str] | Matcher) -> Matcher:
    if isinstance(expected, Matcher):
        return _check_kind("method", expected, "a string")
    names = (expected,) if isinstance(expected, str) else check.strings("method", expected)
    for name in names:
        # A REST method is a verb and a path. Tests may expect requests to unknown paths.
        if " /" not in name:
            check.enum("method", name, _METHODS)
    name = repr(names[0]) if len(names) == 1 else repr(names)
    return Matcher(name, lambda method: None if method in names else f"it is {method}")


def check_rule_method(expected: Any) -> None:
    """Check that rules can answer one of the methods of a condition.

    Raises:
        ValueError: Rules answer none of them.
    """
    names = (expected,) if isinstance(expected, str) else expected
    if names is None or isinstance(names, Matcher):
        return
    if not any(" /" in name or name in _WITH_RULES for name in names):
        raise ValueError(
            f"on(): method: rules answer {', '.join(_WITH_RULES)} only, not {', '.join(names)}. "
            "Use fault() for errors of other methods, and images(), videos(), batches() or "
            "indexing() for their results"
        )


def _status(expected: str | Matcher) -> Matcher:
    if isinstance(expected, str) and expected:
        check.enum("status", expected, [code.name for code in StatusCode])
    return _string("status", expected)


def _when(expected: Callable[..., Any]) -> Matcher:
    if isinstance(expected, Matcher) or not callable(expected):
        raise TypeError(f"when must be a function of the call, not {check.short_repr(expected)}")
    check.sync_function("when", expected)
    return match.predicate(expected)


def metadata_matcher(label: str, key: str, expected: Any) -> Matcher:
    """Return the matcher for the value of a metadata key.

    Args:
        label: The name of the value in error messages.
        key: The metadata key.
        expected: The value, or a matcher.

    Raises:
        TypeError: The value is not a str, bytes or a matcher for them.
        ValueError: The key is "authorization", which the log does not store.
    """
    if key.lower() == "authorization":
        raise ValueError(
            f"{label}: the log does not store API keys. Make a key for each client with "
            "create_key(), and use when=lambda call: call.key_id == ..."
        )
    if isinstance(expected, Matcher) and expected.kinds & {"a string", "bytes"}:
        return expected
    if isinstance(expected, bytes):
        return match.equals(expected)
    return _string(label, expected)


MATCHER_FACTORIES: Final[dict[str, Callable[[Any], Matcher]]] = {
    "prompt": partial(_string, "prompt"),
    "model": _model,
    "image": _image,
    "images": partial(_count, "images", "Use image= to match single images"),
    "system": partial(_string, "system"),
    "messages": partial(_count, "messages", "Use prompt= or system= to match text"),
    "turn": _turn,
    "tool_result": partial(tool_result_matcher, "tool_result", noun="tool result"),
    "tools": _tools,
    "schema": _schema,
    "stream": lambda expected: match.equals(check.boolean("stream", expected)),
    "method": _method,
    "status": _status,
    "when": _when,
}
"""The functions that convert the value of each condition to a matcher."""
