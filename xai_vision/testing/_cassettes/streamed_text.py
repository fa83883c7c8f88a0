"""Clean the text of a streamed completion: a name or a key may be in several chunks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

from xai_vision.testing._cassettes.cassette_file import join_lines, split_lines
from xai_vision.testing._cassettes.fields import STREAMED_TEXTS


def clean_streamed_text(chunks: Iterable[dict[str, Any]], clean: Callable[[str], str]) -> None:
    """Replace the texts of chunks by their part of the clean text.

    If the clean text has another length, the last chunk gets what is left of it; others may get an
    empty text.

    Args:
        chunks: The messages of a response as values of JSON; they are changed.
        clean: A function that returns the clean text.
    """
    deltas: defaultdict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for chunk in chunks:
        for output in chunk.get("outputs", ()):
            delta = output.get("delta", {})
            for name in STREAMED_TEXTS & delta.keys():
                deltas[output.get("index", 0), name].append(delta)
    for (_, name), parts in deltas.items():
        texts = [join_lines(part[name]) for part in parts]
        cleaned = clean("".join(texts))
        ends = list(accumulate(map(len, texts)))
        ends[-1] = max(ends[-1], len(cleaned))
        for part, start, end in zip(parts, [0, *ends], ends, strict=False):
            part[name] = split_lines(cleaned[start:end])
