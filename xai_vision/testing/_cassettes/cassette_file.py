"""The file of a cassette: JSON with sorted keys."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_VERSION: Final = 1
_BASE64_LINE: Final = 76
"""The length of lines of base64, as in MIME: no line can be mistaken for a key or for data."""
_RUN: Final = re.compile(r"[\w+/=-]{161,}", re.ASCII)
_SHA256: Final = re.compile("[0-9a-f]{64}")
_METHOD: Final = re.compile(r"[\w.]+\.\w+/\w+")


@dataclass
class Interaction:
    """A recorded call.

    Attributes:
        method: The method, such as "xai_api.Chat/GetCompletion".
        request: The request as values of JSON.
        responses: The messages of the response, each with "seconds" since the request.
        seconds: The seconds until the end of the call.
        error: The error that ended the call; None if none did.
        initial: The metadata before the messages.
        cancelled: Whether the client ended the call before the service did.
        uses: How often it was replayed.
    """

    method: str
    request: dict[str, Any]
    responses: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    error: dict[str, Any] | None = None
    initial: list[list[Any]] = field(default_factory=list)
    cancelled: bool = False
    uses: int = 0

    @property
    def name(self) -> str:
        """The name of the method, such as "GetCompletion"."""
        return self.method.rpartition("/")[2]

    def outcome(self) -> tuple[Any, ...]:
        """Return what a client sees of the response, apart from its times."""
        return [item["message"] for item in self.responses], self.error, self.cancelled

    def summary(self) -> str:
        """Return a short description."""
        model = self.request.get("model")
        status = self.error["code"] if self.error and "code" in self.error else "OK"
        texts = (self.name, model, repr(prompt) if (prompt := self.prompt) else None)
        return f"{' '.join(text for text in texts if text)}: {status}"

    @property
    def prompt(self) -> str:
        """The last text of the request, at most 60 characters of it; "" without one."""
        texts = [text for text in _texts(self.request.get("messages", ())) if text.strip()]
        text = texts[-1] if texts else str(self.request.get("prompt", ""))
        return text if len(text) <= 60 else f"{text[:59]}…"

    def to_json(self) -> dict[str, Any]:
        """Return the interaction as values of JSON."""
        optional = {
            "error": self.error,
            "metadata": self.initial,
            "cancelled": self.cancelled,
        }
        return {
            "method": self.method,
            "request": self.request,
            "responses": self.responses,
            "seconds": self.seconds,
            **{name: value for name, value in optional.items() if value},
        }

    @classmethod
    def from_json(cls, values: Any) -> Interaction:
        """Return the interaction of values of JSON.

        Raises:
            ValueError: A value is missing or has a wrong type.
        """
        method = _get(values, "method", str)
        if not _METHOD.fullmatch(method):
            raise ValueError(
                f"'method' must be one such as 'xai_api.Chat/GetCompletion': {method!r}"
            )
        responses = _get(values, "responses", list)
        for number, response in enumerate(responses):
            try:
                _get(response, "message", dict)
            except ValueError as error:
                raise ValueError(f"responses[{number}]: {error}") from None
        return cls(
            method,
            _get(values, "request", dict),
            responses,
            _get(values, "seconds", (int, float), 0.0),
            _get(values, "error", dict, None),
            _get(values, "metadata", list, []),
            _get(values, "cancelled", bool, False),
        )


@dataclass
class CassetteContent:
    """The content of a cassette.

    Attributes:
        interactions: The recorded calls, in the order in which they began.
        images: The facts of the images, by SHA-256.
        methods: The methods of the recorded service, such as "xai_api.Chat/GetCompletion". The fake
            server answers the others itself. None if the service has all.
    """

    interactions: list[Interaction] = field(default_factory=list)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: list[str] | None = None

    def to_text(self) -> str:
        """Return the text of the file. It has only the images that interactions refer to."""
        interactions = [interaction.to_json() for interaction in self.interactions]
        used = set(image_references(interactions))
        values: dict[str, Any] = {
            "format": "xai_vision cassette",
            "images": {key: entry for key, entry in self.images.items() if key in used},
            "interactions": interactions,
            "version": _VERSION,
        }
        if self.methods is not None:
            values["methods"] = self.methods
        return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> CassetteContent:
        """Read the text of a file.

        Raises:
            ValueError: The text is not a cassette.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ValueError(f"it is not valid JSON: {error}") from None
        if not isinstance(values, dict) or "interactions" not in values:
            raise ValueError("it is not a cassette: it has no 'interactions'")
        version = values.get("version")
        if version != _VERSION:
            raise ValueError(
                f"its version is {version!r}, and this version of xai_vision reads {_VERSION}. "
                'Record it again with record="rewrite"'
            )
        interactions = []
        for number, item in enumerate(_get(values, "interactions", list), 1):
            try:
                interactions.append(Interaction.from_json(item))
            except ValueError as error:
                raise ValueError(f"interaction {number}: {error}") from None
        images = _get(values, "images", dict, {})
        for key, entry in images.items():
            if not isinstance(entry, dict):
                raise ValueError(f"images: {key!r:.80} must be an object")  # noqa: TRY004
        return cls(interactions, images, _get(values, "methods", list, None))

    @classmethod
    def load(cls, path: Path) -> CassetteContent:
        """Read a file.

        Raises:
            ValueError: The file is not a cassette; the message names it.
            OSError: The file cannot be read.
        """
        try:
            return cls.from_text(path.read_text("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} cannot be used: it is not UTF-8: {error}") from None
        except ValueError as error:
            raise ValueError(f"{path} cannot be used: {error}") from None

    def save(self, path: Path) -> None:
        """Write a file. A reader never sees a part of it.

        Raises:
            OSError: The file cannot be written.
        """
        text = self.to_text()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with partial.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def image_references(value: Any) -> Iterator[str]:
    """Yield the hashes of the images that values of JSON refer to, in order."""
    if isinstance(value, dict):
        if is_image(value):
            yield value["image"]
        else:
            for item in value.values():
                yield from image_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from image_references(item)


def is_image(value: Mapping[str, Any]) -> bool:
    """Return whether an object of JSON takes the place of an image.

    A map of a user can have the same keys, but not only these with a hash.
    """
    digest = value.get("image")
    return isinstance(digest, str) and _SHA256.fullmatch(digest) is not None


def is_lines(value: Mapping[str, Any]) -> bool:
    """Return whether an object of JSON takes the place of a text of several lines."""
    return isinstance(value.get("lines"), list)


def strings(value: Any) -> Iterator[str]:
    """Yield all strings in values of JSON, except for keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of the parts of messages."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        if "text" in value:
            yield join_lines(value["text"])
        else:
            yield from _texts(value.get("content", ()))


def join_lines(value: Any) -> str:
    """Return a text, which a file can contain as a list of its lines."""
    return "".join(value["lines"]) if isinstance(value, Mapping) else str(value)


def split_lines(text: str) -> Any:
    """Return a text of several lines, or with a long run of characters, as a list of its parts."""
    parts = text.splitlines(keepends=True)
    if len(parts) < 2 and not _RUN.search(text):
        return text
    split = [
        piece
        for part in parts
        for piece in (binascii_lines(part) if _RUN.search(part) else (part,))
    ]
    return {"lines": split}


def binascii_lines(text: str) -> list[str]:
    """Split a long text without spaces into lines."""
    return [text[start : start + _BASE64_LINE] for start in range(0, len(text), _BASE64_LINE)]


_MISSING: Final = object()


def _get(values: Any, name: str, types: Any, default: Any = _MISSING) -> Any:
    if not isinstance(values, dict):
        raise ValueError("it must be an object")  # noqa: TRY004 - an error of the file
    value = values.get(name, default)
    if value is _MISSING:
        raise ValueError(f"{name!r} is missing")
    if not isinstance(value, types) and value is not default:
        raise ValueError(f"{name!r} has a wrong type: {type(value).__name__}")
    return value
