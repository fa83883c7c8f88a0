"""``client.tokenize``: how a model cuts text into tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.proto import tokenize_pb2
from xai_vision.proto.tokenize_grpc import Tokenize as Rpc
from xai_vision.services._rpcs import Call, describe

if TYPE_CHECKING:
    from typing_extensions import Unpack


def _tokens(reply: tokenize_pb2.TokenizeTextResponse) -> list[tokenize_pb2.Token]:
    return list(reply.tokens)


def _cut(
    text: str, model: str, call: Call
) -> RpcCall[tokenize_pb2.TokenizeTextResponse, list[tokenize_pb2.Token]]:
    request = tokenize_pb2.TokenizeTextRequest(
        text=checks.string("text", text), model=checks.string("model", model, empty=False)
    )
    return describe(Rpc.TokenizeText, request, _tokens, call)


class TokenizeService:
    """Counts tokens before they are paid for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def tokenize_text(
        self, text: str, model: str, **call: Unpack[CallParameters]
    ) -> list[tokenize_pb2.Token]:
        """Cut text into a model's tokens. Images are not counted here.

        Args:
            text: Any text.
            model: Whose tokens, such as "grok-4".
            **call: See ``CallParameters``: timeout and retries of this call.

        Returns:
            The tokens in order, each with ``token_id``, ``string_token`` and ``token_bytes``.
            A token may end within a character: then only the bytes are exact.

        Raises:
            InvalidRequestError: No model is named, or the text cannot be sent as UTF-8.
            NotFoundError: There is no such model.
            APIError: The call failed otherwise.

        Example:
            >>> len(client.tokenize.tokenize_text("What is this?", "grok-4"))  # doctest: +SKIP
            4
        """
        return self._transport.unary(_cut(text, model, call))


class AsyncTokenizeService:
    """Counts tokens before they are paid for."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def tokenize_text(
        self, text: str, model: str, **call: Unpack[CallParameters]
    ) -> list[tokenize_pb2.Token]:
        """Cut text into a model's tokens; see ``TokenizeService.tokenize_text``."""
        return await self._transport.unary(_cut(text, model, call))
