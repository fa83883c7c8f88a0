"""What a text becomes on its way into an answer: cut, cited, weighed token by token."""

from __future__ import annotations

from collections.abc import Sequence

from xai_vision.proto import chat_pb2
from xai_vision.testing._service.response import tokens


def truncate(text: str, request: chat_pb2.GetCompletionsRequest) -> tuple[str, bool]:
    """Cut ``text`` where the request wants it cut.

    Returns:
        The text up to the first stop string and of at most max_tokens tokens, and whether it
        was max_tokens that cut it.
    """
    ends = [text.find(stop) for stop in request.stop]
    text = text[: min((end for end in ends if end >= 0), default=len(text))]
    if not request.HasField("max_tokens"):
        return text, False
    parts = tokens.split(text)
    if len(parts) <= request.max_tokens:
        return text, False
    return "".join(parts[: request.max_tokens]), True


def add_citations(message: chat_pb2.CompletionMessage, urls: Sequence[str]) -> None:
    """Put a mark for each source behind the text, and say where each mark is."""
    for number, url in enumerate(urls, 1):
        mark = f"[[{number}]]({url})"
        citation = message.citations.add(id=str(number))
        citation.start_index = len(message.content)
        message.content += mark
        citation.end_index = len(message.content)
        if url.startswith(("https://x.com/", "https://twitter.com/")):
            citation.x_citation.url = url
        elif url.startswith("collections://"):
            collection, _, file_id = url.removeprefix("collections://").rpartition("/")
            found = citation.collections_citation
            found.file_id, found.chunk_id, found.score = file_id, f"{file_id}-0", 0.5
            found.chunk_content = f"A passage of {file_id}."
            found.collection_ids.extend([collection] if collection else [])
        else:
            citation.web_citation.url = url


def add_logprobs(
    output: chat_pb2.CompletionOutput, request: chat_pb2.GetCompletionsRequest
) -> None:
    """Give each token of the text a probability: the same token the same one, always."""
    for piece in tokens.split(output.message.content):
        seed = tokens.token_id(piece)
        entry = output.logprobs.content.add(
            token=piece, logprob=-(seed % 100) / 200, bytes=piece.encode()
        )
        for rank in range(request.top_logprobs):
            other = piece if rank == 0 else f"{piece}~{rank}"
            entry.top_logprobs.add(
                token=other, logprob=entry.logprob - rank * 1.5, bytes=other.encode()
            )
