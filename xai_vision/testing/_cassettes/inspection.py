"""Check cassettes, and describe their calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.json_format import ParseError

from xai_vision.testing._cassettes.cassette_file import (
    CassetteContent,
    Interaction,
    image_references,
    strings,
)
from xai_vision.testing._cassettes.encoding import KEY_PATTERN, Decoder
from xai_vision.testing._cassettes.image_table import MAX_IMAGE_BYTES, ImageTable
from xai_vision.testing._cassettes.service_methods import METHODS

_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]{201,}={0,2}")


def find_problems(content: CassetteContent) -> list[str]:
    """Return the reasons why a cassette cannot be replayed, or should not be published."""
    decoder = Decoder(ImageTable("colors", content.images))
    problems = [
        f"call {number} ({interaction.name}): {problem}"
        for number, interaction in enumerate(content.interactions, 1)
        for problem in _call_problems(interaction, content, decoder)
    ]
    problems += [
        f"image {digest[:12]}: it takes {size:,} bytes; the most is {MAX_IMAGE_BYTES:,}"
        for digest, entry in content.images.items()
        if "bytes" not in entry and (size := len(json.dumps(entry, indent=1))) > MAX_IMAGE_BYTES
    ]
    return problems


def _call_problems(
    interaction: Interaction, content: CassetteContent, decoder: Decoder
) -> Iterator[str]:
    method = METHODS.get(interaction.method)
    if method is None:
        yield "the service has no such method"
        return
    references = image_references([interaction.request, interaction.responses])
    missing = sorted(set(references) - set(content.images))
    for digest in missing:
        yield f"the image {digest[:12]} is missing"
    try:
        if not missing:
            for item in interaction.responses:
                decoder.response(item["message"], method.response)
        if interaction.error is not None:
            decoder.error(interaction.error)
    except LookupError:
        pass  # The content of a file that the test uploads before.
    except (ParseError, TypeError, ValueError, AttributeError) as problem:
        yield f"its response is not valid: {problem}"
    for text in strings(interaction.to_json()):
        if KEY_PATTERN.search(text):
            yield "it contains a key"
        if _BASE64_RUN.search(text):
            yield f"it contains {len(text):,} characters of base64"


def describe(interaction: Interaction, images: ImageTable) -> dict[str, Any]:
    """Return a recorded call for a list of calls."""
    return {
        "method": interaction.name,
        "model": interaction.request.get("model", ""),
        "prompt": interaction.prompt,
        "images": [images.label(digest) for digest in image_references(interaction.request)],
        "messages": len(interaction.responses),
        "seconds": interaction.seconds,
        "status": (interaction.error or {}).get("code", "OK"),
        "cancelled": interaction.cancelled,
    }
