"""Token estimates of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.chat._messages.image_content import ImageContent, detail_from_proto
from xai_vision.imaging import PreparedImage, TokenEstimate, estimate_tokens, prepare_image

if TYPE_CHECKING:
    from xai_vision.chat._messages.message import Message, Part

# English text has about four characters per token, other scripts and code fewer. The service's
# tokenizer is not public; the numbers are those of other models, so the range is wide.
_CHARACTERS_PER_TOKEN = (6.0, 4.0, 1.5)
_TEXT_SOURCE = "text: about four characters per token (six to one and a half)"

# Role and separators around each message.
_PER_MESSAGE = 4


def estimate_messages(messages: list[Message]) -> TokenEstimate:
    """Estimate the tokens of messages."""
    parts = [part for message in messages for part in message.content]
    characters = sum(len(part.text) for part in parts)
    low, likely, high = (
        round(characters / size) + _PER_MESSAGE * len(messages) for size in _CHARACTERS_PER_TOKEN
    )
    total = TokenEstimate(low, likely, high, _TEXT_SOURCE)
    for part in parts:
        tokens = image_estimate(part)
        if tokens is not None:
            total = total + tokens
    return total


def image_estimate(part: Part) -> TokenEstimate | None:
    """Estimate the tokens of a part; None if it is not an image."""
    if isinstance(part, ImageContent):
        source, detail = part.source, detail_from_proto(part.detail)
        if not isinstance(source, PreparedImage):
            source = prepare_image(source)
        return source.estimate(detail)
    if not part.HasField("image_url"):
        return None
    detail = detail_from_proto(part.image_url.detail)
    if part.image_url.file_id:
        return estimate_tokens(None, None, detail)
    return prepare_image(part.image_url.image_url).estimate(detail)
