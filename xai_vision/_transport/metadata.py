"""Check the metadata of a client or of a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from xai_vision.errors import ConfigurationError, InvalidRequestError

MetadataLike: TypeAlias = "Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]"
MetadataPairs: TypeAlias = "tuple[tuple[str, str | bytes], ...]"

_KEY = re.compile(r"[0-9a-z_.-]+")


def metadata_pairs(
    metadata: MetadataLike,
    error: type[ConfigurationError] | type[InvalidRequestError],
) -> MetadataPairs:
    """Check metadata of a client or of a call.

    Raises:
        ConfigurationError: A key or value is invalid; InvalidRequestError for a call.
    """
    checked: list[tuple[str, str | bytes]] = []
    if not isinstance(metadata, Iterable):
        raise error(f"metadata must be a dict or pairs, not {type(metadata).__name__}")
    for pair in metadata.items() if isinstance(metadata, Mapping) else metadata:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise error("metadata must be a dict or pairs (key, value)")
        key, value = pair
        if not isinstance(key, str) or not _KEY.fullmatch(key.lower()):
            raise error(f"metadata key {key!r} may contain only letters, digits, '-', '_' and '.'")
        if key.lower() == "authorization":
            raise error("metadata must not contain 'authorization'. Pass api_key=")
        if key.lower().endswith("-bin"):
            if not isinstance(value, bytes):
                raise error(f"the value of metadata key {key!r} must be bytes, as for every '-bin'")
        elif not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            raise error(f"the value of metadata key {key!r} must be printable ASCII")
        checked.append((key.lower(), value))
    return tuple(checked)
