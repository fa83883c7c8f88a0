"""The script: each check is a few calls, a question that they answer, and the expected status."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xai_vision._cli.conformance import conversations
from xai_vision._cli.conformance.facts import completion_facts
from xai_vision._cli.conformance.images import MIB, gray_16_bit, make_image, padded, part

if TYPE_CHECKING:
    from xai_vision._cli.conformance.session import Session

Run: TypeAlias = "Callable[[Session], dict[str, Any]]"
_QUESTION: Final = "Which colors are in the image? Answer in three words."


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        name: The name.
        question: The question that it answers.
        run: Makes the calls and returns the facts.
        expected: The expected status of its last call.
    """

    name: str
    question: str
    run: Run
    expected: str = "OK"


def _ask(session: Session, *, parts: Callable[[], list[Any]]) -> dict[str, Any]:
    return completion_facts(session.complete(*parts()))


def _image(
    name: str,
    question: str,
    make: Callable[[], bytes | str],
    expected: str = "OK",
    media_type: str = "image/jpeg",
    detail: str = "auto",
) -> Check:
    # Images are made when they are needed: some are large.
    run = partial(_ask, parts=lambda: [_QUESTION, part(make(), media_type, detail)])
    return Check(name, question, run, expected)


_JPEG: Final = partial(make_image, 512, 512)
_PNG: Final = partial(make_image, 512, 512, form="PNG")
_PNG_TYPE: Final = "image/png"
_REFUSED: Final = "INVALID_ARGUMENT"

_KINDS: Final = (
    _image("jpeg", "Is a JPEG accepted?", _JPEG),
    _image("png", "Is a PNG accepted?", _PNG, media_type=_PNG_TYPE),
    _image(
        "png-alpha",
        "Is transparency accepted?",
        partial(make_image, 512, 512, "RGBA", "PNG"),
        media_type=_PNG_TYPE,
    ),
    _image(
        "png-palette",
        "Is a palette accepted?",
        partial(make_image, 512, 512, "P", "PNG"),
        media_type=_PNG_TYPE,
    ),
    _image(
        "png-16-bit",
        "Are 16 bits a pixel accepted?",
        gray_16_bit,
        media_type=_PNG_TYPE,
    ),
    _image("jpeg-cmyk", "Is a CMYK JPEG accepted?", partial(make_image, 512, 512, "CMYK")),
    _image(
        "jpeg-progressive",
        "Is a progressive JPEG accepted?",
        partial(make_image, 512, 512, progressive=True),
    ),
    _image(
        "webp",
        "Is WebP accepted?",
        partial(make_image, 512, 512, form="WEBP"),
        _REFUSED,
        "image/webp",
    ),
    _image(
        "gif", "Is GIF accepted?", partial(make_image, 512, 512, form="GIF"), _REFUSED, "image/gif"
    ),
    _image("wrong-label", "Is a PNG labelled as a JPEG accepted?", _PNG),
    _image(
        "url-safe-base64",
        "Is URL-safe base64 accepted?",
        lambda: f"data:image/jpeg;base64,{base64.urlsafe_b64encode(_JPEG()).decode()}",
        _REFUSED,
    ),
    _image(
        "bad-base64", "How is invalid base64 refused?", lambda: "data:image/png;base64,A!", _REFUSED
    ),
    _image("truncated", "Is a truncated JPEG refused?", lambda: _JPEG()[:2000], _REFUSED),
    _image("not-an-image", "How is text refused?", lambda: b"Hello, I am a text.", _REFUSED),
)
_SIZES: Final = (
    _image("one-pixel", "Is an image of 1x1 accepted?", partial(make_image, 1, 1)),
    _image("wide", "Is an image of 4000x8 accepted?", partial(make_image, 4000, 8)),
    _image("tokens-low", "How many tokens has 512x512, low?", _JPEG, detail="low"),
    _image("tokens-high", "How many tokens has 512x512, high?", _JPEG, detail="high"),
    _image(
        "tokens-large",
        "How many tokens has 2000x1500, high?",
        partial(make_image, 2000, 1500),
        detail="high",
    ),
    _image(
        "below-20-mib",
        "Is an image just below 20 MiB accepted?",
        lambda: padded(_JPEG(), 20 * MIB - 1),
    ),
    _image(
        "above-20-mib",
        "How is an image above 20 MiB refused?",
        lambda: padded(_JPEG(), 20 * MIB + 1),
        _REFUSED,
    ),
    _image(
        "unreachable-url",
        "How does a URL fail that cannot be fetched?",
        lambda: "https://example.invalid/a.png",
        "DATA_LOSS",
    ),
    _image(
        "ftp-url", "How is another scheme refused?", lambda: "ftp://example.com/a.png", _REFUSED
    ),
    Check(
        "image-first",
        "May an image come before the text?",
        partial(_ask, parts=lambda: [part(_JPEG()), _QUESTION]),
    ),
    Check(
        "no-text",
        "Is an image without text accepted?",
        partial(_ask, parts=lambda: [part(_JPEG())]),
    ),
    Check(
        "twelve-images",
        "Are twelve images accepted?",
        partial(_ask, parts=lambda: [_QUESTION, *[part(make_image(64, 64))] * 12]),
    ),
)
CHECKS: Final = (
    *_KINDS,
    *_SIZES,
    Check(
        "unknown-model",
        "Which status has an unknown model?",
        conversations.unknown_model,
        "NOT_FOUND",
    ),
    Check(
        "no-model", "Which status has a request without a model?", conversations.no_model, _REFUSED
    ),
    Check(
        "no-messages",
        "Which status has a request without messages?",
        conversations.no_messages,
        _REFUSED,
    ),
    Check("wrong-key", "Which status has a wrong key?", conversations.wrong_key, "UNAUTHENTICATED"),
    Check(
        "no-key", "Which status has a call without a key?", conversations.no_key, "UNAUTHENTICATED"
    ),
    Check("five-stops", "Are five stop strings refused?", conversations.five_stops, _REFUSED),
    Check("temperature", "Is a temperature of 3 refused?", conversations.temperature, _REFUSED),
    Check("two-choices", "Are two responses returned for n=2?", conversations.two_choices),
    Check("one-token", "How does a response of one token end?", conversations.one_token),
    Check("chaining", "Can a stored response with an image be continued?", conversations.chaining),
    Check(
        "unknown-response",
        "How does an unknown previous id fail?",
        conversations.unknown_response,
        "NOT_FOUND",
    ),
    Check("stream", "How is a response with an image streamed?", conversations.stream),
    Check("stream-error", "How does a stream fail?", conversations.stream_error, "NOT_FOUND"),
    Check("function", "How is a function called?", conversations.function),
    Check("stream-function", "How is a function call streamed?", conversations.stream_function),
    Check("schema", "Is structured output with an image accepted?", conversations.schema),
    Check("deferred", "Which states has a deferred response?", conversations.deferred),
    Check("image-file", "Is an uploaded image accepted by its id?", conversations.image_file),
    Check("small-calls", "Which fields have tokens, models and keys?", conversations.small_calls),
)
"""All checks, in the order in which they run."""
