"""The text and the codes of images as the values of fields of structured output."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from xai_vision.testing._eyes.image_text import Code, ImageText

Content: TypeAlias = str | tuple["Content", ...] | Mapping[str, "Content"]
"""The content of a field: a string, items of an array, or fields of an object by name."""
Contents: TypeAlias = Mapping[str, Content]
"""The contents of fields, by their names in lower case without separators."""

# Far below the limit for the size of an example.
_MAX_TEXT_LENGTH = 100_000
_TEXT_NAMES = (
    *("text", "fulltext", "ocrtext", "rawtext", "imagetext", "pagetext", "extractedtext"),
    *("transcript", "transcription"),
)
_IMAGE_NAMES = ("images", "pages", "scans")


def contents_of(texts: Sequence[ImageText | None]) -> Contents:
    """Return the contents of fields such as "text", "lines", "codes" and "images".

    Args:
        texts: The text and the codes of each image, where they are known.
    """
    images = tuple(
        _contents([text] if text else [], _MAX_TEXT_LENGTH // len(texts)) for text in texts
    )
    return {
        **_contents([text for text in texts if text], _MAX_TEXT_LENGTH),
        **dict.fromkeys(_IMAGE_NAMES, images),
    }


@dataclass(frozen=True)
class Slot:
    """A place in structured output.

    Attributes:
        name: The name of the field, or of the array around it.
        contents: The contents of fields of objects, by name.
        content: The content of the value, if it is known.
    """

    name: str
    contents: Contents
    content: Content | None = None

    @property
    def text(self) -> str | None:
        """The content as a string, with the items of an array as lines."""
        return None if self.content is None else _text_of(self.content)

    @property
    def items(self) -> list[Slot] | None:
        """The items of an array, if they are known. The items of a string are its lines."""
        if self.content is None:
            return None
        content = self.content
        if not isinstance(content, tuple):
            content = tuple(content.splitlines()) if isinstance(content, str) else (content,)
        return [replace(self, content=item) for item in content]

    def field(self, name: str) -> Slot:
        """Return the field of an object in this place.

        Underscores, hyphens and capitals make no difference: "full_text" is "fullText".
        """
        contents = self.contents
        if isinstance(self.content, Mapping):
            contents = {**contents, **self.content}
        return Slot(name, contents, contents.get(re.sub(r"[\W_]", "", name).lower()))

    def without_content(self) -> Slot:
        """Return this place without a known content."""
        return replace(self, content=None)


def _text_of(content: Content) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, tuple):
        return "\n".join(map(_text_of, content))
    return _text_of(content.get("text", ""))


def _contents(texts: Sequence[ImageText], max_length: int) -> dict[str, Content]:
    text = "\n".join(line for text in texts for line in text.lines)[:max_length]
    codes = [code for text in texts for code in text.codes]
    return {
        **dict.fromkeys(_TEXT_NAMES, text),
        **dict.fromkeys(("lines", "textlines"), tuple(text.splitlines())),
        **_code_fields(codes),
        **{
            f"qr{name}": content
            for name, content in _code_fields([c for c in codes if "QR" in c.format]).items()
        },
    }


def _code_fields(codes: Sequence[Code]) -> dict[str, Content]:
    first = codes[0].text if codes else ""
    items = tuple(
        {
            **dict.fromkeys(("format", "type", "kind", "symbology"), code.format),
            **dict.fromkeys(("text", "value", "data", "content"), code.text),
        }
        for code in codes
    )
    return {"code": first, "barcode": first, "codes": items, "barcodes": items}
