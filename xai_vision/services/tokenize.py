"""``client.tokenize``: the tokenizers of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.proto import tokenize_pb2
from xai_vision.proto.tokenize_pb2_grpc import Tokenize as Rpc
from xai_vision.services._rpcs import Call, describe

if TYPE_CHECKING:
    from typing_extensions import Unpack


def _tokenize(
    text: str, model: str, call: Call
) -> RpcCall[tokenize_pb2.TokenizeTextResponse, list[tokenize_pb2.Token]]:
    request = tokenize_pb2.TokenizeTextRequest(
        text=checks.string("text", text), model=checks.string("model", model, empty=False)
    )
    return describe(Rpc.TokenizeText, request, lambda reply: list(reply.tokens), call)


class TokenizeService:
    """Tokenizes text."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def tokenize_text(
        self, text: str, model: str, **call: Unpack[CallParameters]
    ) -> list[tokenize_pb2.Token]:
        """Tokenize text with a model's tokenizer. Images are not supported.

        Args:
            text: The text.
            model: The model, such as "grok-4".
            **call: See ``CallParameters``.

        Returns:
            The tokens in order, each with ``token_id``, ``string_token`` and ``token_bytes``.
            If a token ends within a character, only the bytes are exact.

        Raises:
            InvalidRequestError: The model is missing, or the text cannot be encoded as UTF-8.
            NotFoundError: The model is unknown.
            APIError: The call failed otherwise.

        Examples:
            >>> len(client.tokenize.tokenize_text("What is this?", "grok-4"))  # doctest: +SKIP
            4
        """
        return self._transport.unary(_tokenize(text, model, call))


class AsyncTokenizeService:
    """Tokenizes text."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def tokenize_text(
        self, text: str, model: str, **call: Unpack[CallParameters]
    ) -> list[tokenize_pb2.Token]:
        """See ``TokenizeService.tokenize_text``."""
        return await self._transport.unary(_tokenize(text, model, call))
