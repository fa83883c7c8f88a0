"""The requests, responses and errors of the service as values of JSON, without secrets."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from xai_vision.testing._calls.json_form import shorten
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._cassettes import fields
from xai_vision.testing._cassettes.cassette import Scrub
from xai_vision.testing._cassettes.cassette_file import is_image, is_lines, join_lines, split_lines
from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed
from xai_vision.testing._cassettes.image_table import (
    ImageTable,
    base64_lines,
    decode_image,
)
from xai_vision.testing._cassettes.proto_json import BYTES, from_json, to_json
from xai_vision.testing._cassettes.streamed_text import clean_streamed_text
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.image_inspection import detect_format

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

    MessageT = TypeVar("MessageT", bound=Message)

_HIDDEN: Final = "***"
KEY_PATTERN: Final = re.compile(r"\bxai-[A-Za-z0-9]{40,}|(?<=Bearer )[^\s\"'*]+")
"""What looks like a key of the service, or any key in a header."""
_TEXT_LIMIT: Final = 2000
_BINARY_METADATA: Final = "-bin"
_DROPPED_METADATA: Final = re.compile(
    r"x-request-id|authorization|date|server|via|content-type|set-cookie|alt-svc|cf-.*"
    r"|.*(key|team|user|account|organi[sz]ation|project).*"
)
"""The keys of metadata that belong to an account or only to the connection of the recording."""
_LOGGED_IMAGE: Final = re.compile("(?P<head>data:image/[a-z]+);sha256,(?P<sha256>[0-9a-f]{64})")
"""The call log replaces the data of images by their hash if a request is large."""
_UNRECORDED: Final = "debug_output"
"""The service's internal output, which repeats the request."""


class Encoder:
    """Turns the messages of calls into values of JSON.

    Args:
        images: The images of the cassette, to which those of the messages are added.
        names: The names of ids.
        scrub: Removes private data from each string.
    """

    def __init__(self, images: ImageTable, names: IdNames, scrub: Scrub | None = None) -> None:
        self._images, self._names = images, names
        self._scrub = scrub or str

    def request(self, messages: Sequence[Message], secret: str = "") -> dict[str, Any]:
        """Return a request. That of an upload has the content of all its messages.

        Args:
            messages: The messages of the request.
            secret: A key that no string contains afterwards.
        """

        def convert(field: FieldDescriptor, value: Any) -> Any:
            if special := self._common_value(field, value):
                return special[0]
            if field.type == BYTES:
                return base64.b64encode(value).decode()
            if fields.id_kind(field.full_name):
                self._names.note_request(value)
                return self._names.replace_id(value)
            return split_lines(shorten(self._clean(self._names.replace_in(value), secret)))

        first, *others = messages
        values = to_json(first, convert)
        if others:
            content = b"".join(getattr(message, "data", b"") for message in messages)
            values["data"] = self._content(content)
        return values

    def response(self, message: Message, seed: IdSeed, secret: str = "") -> dict[str, Any]:
        """Return a message of a response. Pass all of them to ``clean_stream`` afterwards.

        Args:
            message: The message.
            seed: What the names of its ids are made from.
            secret: A key that no string contains afterwards, except for streamed texts.
        """

        def convert(field: FieldDescriptor, value: Any) -> Any:
            if special := self._common_value(field, value):
                return special[0]
            if field.type == BYTES:
                return base64.b64encode(value).decode()
            if kind := fields.id_kind(field.full_name):
                return self._names.assign(kind, value, seed)
            return value if fields.is_streamed_text(field.full_name) else self._clean(value, secret)

        values = to_json(message, convert)
        values.pop(_UNRECORDED, None)
        # A text can contain an id that a later field introduces.
        renamed: dict[str, Any] = _split_all(self._names.replace_all(values))
        return renamed

    def clean_stream(self, messages: Iterable[dict[str, Any]], secret: str = "") -> None:
        """Remove keys and private data from the streamed texts of a response's messages."""

        def clean(text: str) -> str:
            return self._clean(self._names.replace_in(text), secret)

        clean_streamed_text(messages, clean)

    def error(self, error: ServiceError, seed: IdSeed, secret: str = "") -> dict[str, Any]:
        """Return an error with its trailing metadata."""
        details = self._names.replace_in_error(self._clean(error.details, secret), seed)
        values: dict[str, Any] = {"code": error.code.name, "details": split_lines(details)}
        trailers = self.metadata(error.trailing, seed, secret)
        return values | ({"trailers": trailers} if trailers else {})

    def metadata(
        self, metadata: Sequence[tuple[str, str | bytes]], seed: IdSeed, secret: str = ""
    ) -> list[list[Any]]:
        """Return metadata without secrets, and without what only describes the connection."""
        pairs: list[list[Any]] = []
        for key, value in metadata:
            if _DROPPED_METADATA.fullmatch(key):
                continue
            if isinstance(value, bytes):
                # A length inside a binary value would no longer be true after a replacement.
                text = value.decode("latin-1")
                if self._names.replace_in_error(self._clean(text, secret), seed) == text:
                    pairs.append([key, base64_lines(value)])
            else:
                clean = self._names.replace_in_error(self._clean(value, secret), seed)
                pairs.append([key, split_lines(clean)])
        return pairs

    def _common_value(self, field: FieldDescriptor, value: Any) -> tuple[Any] | None:
        """Return the value of a field whose content has a form of its own, in a tuple."""
        name = field.full_name
        if fields.is_account(name):
            return (self._names.hide_account(value),)
        if name in fields.SECRET_FIELDS:
            return (_HIDDEN,)
        if name in fields.CONTENT_FIELDS:
            return (self._content(value),)
        if name in fields.IMAGE_FIELDS and (match := _LOGGED_IMAGE.fullmatch(value)):
            return ({"image": match["sha256"], "head": f"{match['head']};base64,"},)
        if name in fields.IMAGE_FIELDS and (decoded := decode_image(value)):
            head, data = decoded
            image = {"image": self._images.add(data)}
            return (image | ({"head": head} if head else {}),)
        return None

    def _content(self, data: bytes, limit: float = _TEXT_LIMIT) -> dict[str, Any]:
        """Return the description of a file's content; texts up to a limit are complete."""
        if detect_format(data) not in ("", "PDF"):
            return {"image": self._images.add(data)}
        facts = {"sha256": self._images.keep(data), "size": len(data)}
        try:
            text = data.decode() if len(data) <= limit else None
        except UnicodeDecodeError:
            text = None
        if text is None:
            return facts
        return {"text": split_lines(self._clean(self._names.replace_in(text), ""))}

    def file_response(self, data: bytes) -> dict[str, Any]:
        """Return the content of a file as the service's response, complete if it is no image."""
        uploaded = self._images.data(hashlib.sha256(data).hexdigest()) is not None
        content = self._content(data, math.inf)
        if "sha256" in content and not uploaded:
            content["base64"] = base64_lines(data)
        return {"data": content} if data else {}

    def _clean(self, text: str, secret: str) -> str:
        return self._scrub(KEY_PATTERN.sub(_HIDDEN, redact(text, secret)))


class Decoder:
    """Turns the values of JSON back into messages.

    Args:
        images: The images of the cassette.
    """

    def __init__(self, images: ImageTable) -> None:
        self._images = images

    def response(self, values: dict[str, Any], message_type: type[MessageT]) -> MessageT:
        """Return a message of a response.

        Raises:
            google.protobuf.json_format.ParseError: The values do not fit the proto.
            LookupError: The cassette and this session do not have the content of a file.
        """
        return from_json(values, message_type, self._restore)

    def error(self, values: dict[str, Any]) -> ServiceError:
        """Return an error with its trailing metadata."""
        trailers = self.metadata(values.get("trailers", ()))
        return ServiceError(values["code"], join_lines(values.get("details", "")), trailers)

    def metadata(self, pairs: Sequence[Sequence[Any]]) -> tuple[tuple[str, str | bytes], ...]:
        """Return metadata."""
        return tuple(
            (key, base64.b64decode("".join(value)))
            if key.endswith(_BINARY_METADATA)
            else (key, join_lines(value))
            for key, value in pairs
        )

    def _restore(self, field: FieldDescriptor, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        if "lines" in value:
            return join_lines(value)
        if "image" in value:
            data = self._images.image(value["image"])
        elif "text" in value:
            data = join_lines(value["text"]).encode()
        elif "base64" in value:
            data = base64.b64decode("".join(value["base64"]))
        else:
            data = self._stored(value)
        text = base64.b64encode(data).decode("ascii")
        return text if field.type == BYTES else value.get("head", "") + text

    def _stored(self, value: Mapping[str, Any]) -> bytes:
        data = self._images.data(value["sha256"])
        if data is None:
            raise LookupError(
                f"the cassette does not have the content of the file {value['sha256'][:12]} "
                f"({value['size']:,} bytes), and this test has not uploaded it"
            )
        return data


def _split_all(value: Any) -> Any:
    if isinstance(value, str):
        return split_lines(value)
    if isinstance(value, list):
        return [_split_all(item) for item in value]
    if isinstance(value, dict):
        is_form = is_lines(value) or is_image(value) or "sha256" in value
        return value if is_form else {key: _split_all(item) for key, item in value.items()}
    return value


def request_seed(method: str, request: Mapping[str, Any]) -> str:
    """Return what the names of the ids of a response are made from.

    It does not contain the images, whose bytes another version of Pillow changes.
    """

    def without_images(value: Any) -> Any:
        if isinstance(value, dict):
            return "image" if is_image(value) else {k: without_images(v) for k, v in value.items()}
        return [without_images(item) for item in value] if isinstance(value, list) else value

    text = json.dumps([method, without_images(request)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
