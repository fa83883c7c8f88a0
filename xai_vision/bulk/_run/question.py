"""The question of a job, and the request that it becomes for a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from xai_vision import _validation as checks
from xai_vision.bulk._ledger.keys import (
    NO_STAMP,
    digest,
    file_sha256,
    join_key,
    row_hash,
    row_stamp,
    sha256_of_all,
)
from xai_vision.bulk._row import Row, Ticket
from xai_vision.bulk._run.json_depth import load_json
from xai_vision.chat._chat_calls import ChatCalls
from xai_vision.chat._messages.factories import system as system_message
from xai_vision.chat._messages.factories import user as user_message
from xai_vision.chat._messages.image_content import ImageContent
from xai_vision.chat._messages.message import Message
from xai_vision.chat._request.structured_output import OutputType
from xai_vision.chat._service import AsyncChatService
from xai_vision.errors import InvalidRequestError, StructuredOutputError
from xai_vision.imaging import PreparedImage

if TYPE_CHECKING:
    from xai_vision.chat import AsyncChat, Response

RowRequest: TypeAlias = "ChatCalls | Message | Sequence[Message]"
Prompt: TypeAlias = "str | Callable[[Row], RowRequest]"

_MADE_BY_THE_JOB = ("messages", "response_format", "batch_request_id")


@dataclass(slots=True)
class Prepared:
    """A row that is ready to be asked.

    Attributes:
        ticket: The row, without a reservation.
        chat: Its request.
        content: The hash of its content.
        row: The hash of the row.
    """

    ticket: Ticket
    chat: ChatCalls
    content: bytes
    row: bytes


class Question:
    """What a job asks about each row.

    Args:
        prompt: The text, or a function that returns the request of a row: a chat, a message, or a
            list of messages.
        model: The model.
        system: The system message.
        schema: A Pydantic model or another type that Pydantic can describe, or a JSON schema.
        settings: The keywords of ``client.chat.create``.
        image_options: The keywords of ``image()``.

    Raises:
        InvalidRequestError: An argument is invalid.
    """

    def __init__(
        self,
        prompt: Prompt,
        *,
        model: str,
        system: str | None,
        schema: Any,
        settings: Mapping[str, Any] | None,
        image_options: Mapping[str, Any] | None,
    ) -> None:
        self.model = model
        self._settings = dict(settings or {})
        for name in _MADE_BY_THE_JOB:
            if name in self._settings:
                raise InvalidRequestError(f"settings: {name} is set by the job. Leave it out")
        self._output: OutputType | None = None
        self._has_schema = schema is not None
        if schema is not None:
            if not isinstance(schema, Mapping):
                self._output = OutputType(schema)
                schema = self._output.schema
            self._settings["response_format"] = schema
        self._image_options = dict(image_options or {})
        self._function = prompt if callable(prompt) else None
        self._text = "" if callable(prompt) else checks.string("prompt", prompt, empty=False)
        self._head = [] if system is None else [system_message(checks.string("system", system))]
        # Chats are sent by the run, so that they need no connection here.
        self._chats = AsyncChatService(cast("Any", None))
        self._template = self._new_chat([user_message(self._text or "-")])
        self.hash = digest(
            8, self._template._body(n=None), _stable(self._image_options), _stable(bool(self._text))
        )

    def stamp(self, row: Row) -> bytes:
        """Return the stamp of a row; zeros if its request is made by a function."""
        return NO_STAMP if self._function is not None else row_stamp(row)

    def identify(self, row: Row) -> tuple[bytes, bytes] | None:
        """Return the hash of the content of a row and that of its images, read but not prepared.

        None: the row has to be prepared first.
        """
        if self._function is not None or not row.images:
            return None
        if not all(isinstance(image, bytes) or _is_file(image) for image in row.images):
            return None
        try:
            image = sha256_of_all([_sha256(image) for image in row.images])
        except OSError:
            return None  # prepare() says what is wrong with the file
        return self._content(image), image

    def prepare(self, row: Row, stamp: bytes, known: tuple[bytes, bytes] | None) -> Prepared:
        """Prepare a row.

        Raises:
            ImageError: An image cannot be sent.
            InvalidRequestError: The function returned something else than a request.
        """
        if self._function is not None:
            chat = self._chat_of(row, self._function)
            content, images = digest(16, self.hash, chat._body(n=None)), _images_of(chat)
            image_hash = sha256_of_all([_sha256(image) for image in images]) if images else None
        else:
            from xai_vision.chat import image

            options = self._image_options
            if len(row.images) == 1 and not isinstance(row.images[0], str):
                only = row.images[0]
                # Error messages name the file, also if the id does not.
                is_other = isinstance(only, Path) and only.name not in row.id
                options = {"name": only.name if is_other else row.id, **options}
            parts = [image(value, **options) for value in row.images]
            chat = self._new_chat([user_message(self._text, *parts)])
            images = _images_of(chat)
            content, image_hash = known or self._identity(row, images)
        key_of_row = row_hash(row.id, content)
        ticket = Ticket(
            row.id,
            join_key(content, key_of_row, stamp, self.hash),
            None if image_hash is None else image_hash.hex(),
            [str(change) for image in images for change in image.changes],
            # Images in a proto would have to be decoded.
            expected=chat.estimate().likely if chat._proto is None else 0,
        )
        return Prepared(ticket, chat, content, key_of_row)

    def parse(self, response: Response) -> Any:
        """Return the answer as JSON values, with a schema; otherwise None.

        Raises:
            StructuredOutputError: The answer does not match the schema.
        """
        if not self._has_schema:
            return None
        if self._output is not None:
            self._output.parse(response)
        return _json(response)

    def _new_chat(self, messages: list[Message]) -> AsyncChat:
        return self._chats.create(self.model, messages=[*self._head, *messages], **self._settings)

    def _chat_of(self, row: Row, function: Callable[[Row], RowRequest]) -> ChatCalls:
        request = function(row)
        if isinstance(request, ChatCalls):
            return request
        messages = [request] if isinstance(request, Message) else request
        if isinstance(messages, (list, tuple)) and messages:
            return self._new_chat(list(messages))
        raise InvalidRequestError(
            f"prompt: the function must return a chat, a message or a list of messages for the "
            f"row {row.id!r}, not {checks.short_repr(request)}"
        )

    def _content(self, images: bytes) -> bytes:
        return digest(16, self.hash, images)

    def _identity(self, row: Row, images: list[PreparedImage]) -> tuple[bytes, bytes | None]:
        if not images:
            return self._content(b""), None
        digests = [
            _sha256(value if isinstance(value, bytes) or _is_file(value) else prepared)
            for value, prepared in zip(row.images, images, strict=True)
        ]
        image = sha256_of_all(digests)
        return self._content(image), image


def _is_file(image: object) -> TypeGuard[Path]:
    """Return whether an image is a regular file. To read a pipe could block."""
    return isinstance(image, Path) and image.is_file()


def _sha256(image: Path | bytes | PreparedImage) -> bytes:
    if isinstance(image, Path):
        return file_sha256(image)
    if isinstance(image, bytes):
        return hashlib.sha256(image).digest()
    # The service fetches a URL: its text stands for its content.
    data = image.url().encode() if image.size is None else image.read()
    return hashlib.sha256(data).digest()


def _images_of(chat: ChatCalls) -> list[PreparedImage]:
    if chat._proto is not None:
        return []
    return [
        part.source
        for message in chat._messages
        for part in message.content
        if isinstance(part, ImageContent) and isinstance(part.source, PreparedImage)
    ]


def _json(response: Response) -> Any:
    text = response.content
    try:
        return load_json(text)
    except ValueError as error:
        cut = " It was cut short." if "MAX" in response.finish_reason else ""
        raise StructuredOutputError(
            f"the response is not the requested JSON: {error}.{cut}",
            text=text,
            errors=[],
            response=response,
        ) from None


def _stable(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=repr).encode()
