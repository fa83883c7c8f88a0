"""Rows, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from xai_vision.chat._chat_calls import ChatCalls

Via: TypeAlias = Literal["now", "batch"]
"""How a row is asked: by a call of its own, or through the Batch API."""

USAGE = (
    "total_tokens",
    "prompt_tokens",
    "prompt_text_tokens",
    "prompt_image_tokens",
    "cached_prompt_text_tokens",
    "completion_tokens",
    "reasoning_tokens",
)
"""The token counts of an outcome."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a source.

    Attributes:
        id: The row's name, such as the path of its image. It is unique within the source.
        images: Its images: everything that ``image()`` accepts. They are prepared just before the
            row is asked.
        value: The item of the source, for the function that makes the row's request.
    """

    id: str
    images: tuple[Any, ...] = ()
    value: Any = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row failed.

    Attributes:
        type: The name of the exception's class, such as "ImageReadError".
        message: Its message.
    """

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: a row of the results.

    Attributes:
        id: The row's id.
        answer: The text of the response; None if the row has none.
        parsed: With a schema, the answer as JSON values.
        finish_reason: Why the answer ended, such as "REASON_STOP".
        usage: The token counts by name, in the order of ``USAGE``.
        usd: The price in US dollars; None if it is not known, 0 if the row was not paid for.
        model: The model that responded.
        response_id: The id of the response.
        image_sha256: The SHA-256 of the image's file or bytes; of several images, that of their
            digests in order.
        changes: The changes to the images before they were sent, such as "converted from WEBP".
        error: Why the row failed; None if it was answered.
        attempts: The number of times the row was sent; 0 if it shares the answer of an equal row.
        asked_at: When it was sent first, in UTC (ISO 8601).
        via: How it was asked.
    """

    id: str
    answer: str | None = None
    parsed: Any = None
    finish_reason: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    usd: float | None = None
    model: str | None = None
    response_id: str | None = None
    image_sha256: str | None = None
    changes: Sequence[str] = ()
    error: Failure | None = None
    attempts: int = 0
    asked_at: str | None = None
    via: Via | None = None

    @property
    def ok(self) -> bool:
        """Whether the row was answered without an error."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return the columns as values of JSON, in the order of the attributes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, columns: Mapping[str, Any]) -> Outcome:
        """Return the outcome of ``to_dict()``; other columns are ignored."""
        known = {name: columns[name] for name in cls.__dataclass_fields__ if name in columns}
        if known.get("error") is not None:
            known["error"] = Failure(**known["error"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is kept of a row while it is asked. It has no images and can be stored as JSON.

    Attributes:
        id: The row's id.
        key: The hashes by which the ledger knows the row; a name for the request in a batch.
        image_sha256: See ``Outcome``.
        changes: See ``Outcome``.
        usd: The reserved price in US dollars, an upper bound.
        tokens: The reserved tokens, an upper bound.
        expected: The estimated tokens of the input, for the rate; 0 if they are not known.
        via: How it is asked; None if in the same way as the others of its run.
    """

    id: str
    key: str
    image_sha256: str | None = None
    changes: Sequence[str] = ()
    usd: float = 0.0
    tokens: int = 0
    expected: int = 0
    via: Via | None = None


@dataclass(slots=True)
class Request:
    """A row that can be sent: prepared, with its price reserved.

    Attributes:
        ticket: The row.
        chat: The request. It holds the images.
    """

    ticket: Ticket
    chat: ChatCalls
