"""Truncate the text of a response, and add citations and log probabilities to it."""

from __future__ import annotations

from collections.abc import Sequence

from xai_vision.proto import chat_pb2
from xai_vision.testing._service.response import tokens


def truncate(text: str, request: chat_pb2.GetCompletionsRequest) -> tuple[str, bool]:
    """Truncate a text before the first stop string, and to ``max_tokens`` tokens.

    Returns:
        The text, and whether ``max_tokens`` truncated it.
    """
    ends = [text.find(stop) for stop in request.stop]
    text = text[: min((end for end in ends if end >= 0), default=len(text))]
    if not request.HasField("max_tokens"):
        return text, False
    parts = tokens.split(text)
    return "".join(parts[: request.max_tokens]), len(parts) > request.max_tokens


def add_citations(message: chat_pb2.CompletionMessage, urls: Sequence[str]) -> None:
    """Append a link for each source to the text, and add citations with the links' positions."""
    for number, url in enumerate(urls, 1):
        citation = message.citations.add(id=str(number))
        citation.start_index = len(message.content)
        message.content += f"[[{number}]]({url})"
        citation.end_index = len(message.content)
        if url.startswith(("https://x.com/", "https://twitter.com/")):
            citation.x_citation.url = url
        elif url.startswith("collections://"):
            collection, _, file_id = url.removeprefix("collections://").rpartition("/")
            passage = citation.collections_citation
            passage.file_id, passage.chunk_id, passage.score = file_id, f"{file_id}-0", 0.5
            passage.chunk_content = f"A passage of {file_id}."
            passage.collection_ids.extend([collection] if collection else [])
        else:
            citation.web_citation.url = url


def add_logprobs(
    output: chat_pb2.CompletionOutput, request: chat_pb2.GetCompletionsRequest
) -> None:
    """Add a log probability for each token of the text. Equal tokens get equal values."""
    for token in tokens.split(output.message.content):
        entry = output.logprobs.content.add(
            token=token, logprob=-(tokens.token_id(token) % 100) / 200, bytes=token.encode()
        )
        for rank in range(request.top_logprobs):
            alternative = f"{token}~{rank}" if rank else token
            entry.top_logprobs.add(
                token=alternative,
                logprob=entry.logprob - rank * 1.5,
                bytes=alternative.encode(),
            )
