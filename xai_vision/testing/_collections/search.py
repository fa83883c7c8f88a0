"""Split documents into chunks, and find chunks. The same query has the same result in each run."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._service.response import tokens

if TYPE_CHECKING:
    from xai_vision.proto import documents_pb2, types_pb2
    from xai_vision.testing._collections.collection import Collection
    from xai_vision.testing._files.store import FileStore

_DEFAULT_CHARS: Final = (1000, 100)
_DEFAULT_LIMIT: Final = 10
_DEFAULT_K: Final = 60
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Chunk:
    """A part of a document.

    Attributes:
        file_id: The id of the file.
        chunk_id: The id of the chunk.
        text: The text.
        collection_ids: The ids of the collections that have the document.
    """

    file_id: str
    chunk_id: str
    text: str
    collection_ids: tuple[str, ...]


def document_chunks(collection: Collection, file_id: str, files: FileStore) -> list[str]:
    """Return the texts of a document's chunks. A file that is not text has no text."""
    data = files.fetch(file_id) or b""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    document = collection.documents[file_id]
    head = "".join(
        f"{key}: {document.fields[key]}\n"
        for key, definition in collection.definitions.items()
        if definition.inject_into_chunk and key in document.fields
    )
    if collection.chunking.inject_name_into_chunks:
        head = f"{document.name or files.entry(file_id).name}\n{head}"
    texts = _split(text, collection.chunking)
    if collection.chunking.strip_whitespace:
        texts = [text.strip() for text in texts]
    return [head + text for text in texts if text]


def check_chunking(chunking: types_pb2.ChunkConfiguration) -> None:
    """Check the sizes of a chunk configuration.

    Raises:
        ServiceError: INVALID_ARGUMENT.
    """
    size, overlap = _sizes(chunking)
    if not 0 <= overlap < size:
        raise invalid_argument(
            f"The overlap of chunks must be less than their size, but it is {overlap} of {size}."
        )


def _sizes(chunking: types_pb2.ChunkConfiguration) -> tuple[int, int]:
    """Return the size of chunks and of their overlap, in the units of the configuration."""
    if chunking.HasField("tokens_configuration"):
        of_tokens = chunking.tokens_configuration
        return of_tokens.max_chunk_size_tokens, of_tokens.chunk_overlap_tokens
    if chunking.HasField("bytes_configuration"):
        of_bytes = chunking.bytes_configuration
        return of_bytes.max_chunk_size_bytes, of_bytes.chunk_overlap_bytes
    if chunking.HasField("chars_configuration"):
        of_chars = chunking.chars_configuration
        return of_chars.max_chunk_size_chars, of_chars.chunk_overlap_chars
    return _DEFAULT_CHARS


def _split(text: str, chunking: types_pb2.ChunkConfiguration) -> list[str]:
    parts: Sequence[str] = text
    size, overlap = _sizes(chunking)
    if chunking.HasField("tokens_configuration"):
        parts = tokens.split(text)
    elif chunking.HasField("bytes_configuration"):
        # Characters are not cut, so a chunk has as many characters as it may have bytes at most.
        size, overlap = max(size // 4, 1), overlap // 4
    step = max(size - overlap, 1)
    chunks = []
    for start in range(0, len(parts), step):
        chunks.append("".join(parts[start : start + size]))
        if start + size >= len(parts):
            break
    return chunks


def search(
    request: documents_pb2.SearchRequest, chunks: Sequence[Chunk]
) -> list[tuple[float, Chunk]]:
    """Return the matches of a request with their scores, the best first."""
    mode = request.WhichOneof("retrieval_mode") or "hybrid_retrieval"
    query = _words(request.query)
    meaning = {chunk: _cosine(query, _words(chunk.text)) for chunk in chunks}
    keywords = {chunk: _share(query, _words(chunk.text)) for chunk in chunks}
    if mode == "semantic_retrieval":
        scores = meaning
    elif mode == "keyword_retrieval":
        scores = keywords
    else:
        scores = _fused(request, meaning, keywords)
    found = [(score, chunk) for chunk, score in scores.items() if score > 0]
    found.sort(key=lambda match: (-match[0], match[1].chunk_id))
    return found[: request.limit if request.HasField("limit") else _DEFAULT_LIMIT]


def _fused(
    request: documents_pb2.SearchRequest, meaning: dict[Chunk, float], keywords: dict[Chunk, float]
) -> dict[Chunk, float]:
    """Combine two rankings by reciprocal rank fusion."""
    fusion = request.hybrid_retrieval.reciprocal_rank_fusion
    k = fusion.k if fusion.HasField("k") else _DEFAULT_K
    weights = (fusion.embedding_weight, fusion.text_weight)
    if not any(weights):
        weights = (0.5, 0.5)
    fused: dict[Chunk, float] = {}
    for weight, scores in zip(weights, (meaning, keywords), strict=True):
        ranked = sorted(
            (chunk for chunk, score in scores.items() if score > 0),
            key=lambda chunk: (-scores[chunk], chunk.chunk_id),
        )
        for rank, chunk in enumerate(ranked, 1):
            fused[chunk] = fused.get(chunk, 0.0) + weight / (k + rank)
    return fused


def _words(text: str) -> Counter[str]:
    # Without a plural "s", so that "pumps" finds "pump".
    return Counter(word.lower().rstrip("s") or word for word in _WORD.findall(text))


def _cosine(query: Counter[str], words: Counter[str]) -> float:
    product = sum(count * words[word] for word, count in query.items())
    if not product:
        return 0.0
    lengths = (math.sqrt(sum(n * n for n in counts.values())) for counts in (query, words))
    return product / math.prod(lengths)


def _share(query: Counter[str], words: Counter[str]) -> float:
    return sum(1 for word in query if word in words) / len(query) if query else 0.0
