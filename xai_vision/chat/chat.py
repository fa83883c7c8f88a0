"""Chat and AsyncChat: a conversation and the wire to send it over.

The two differ in how they wait, and in nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from xai_vision.chat.calls import ChatCalls, Timeout, Tools
from xai_vision.chat.conversation import Settings
from xai_vision.chat.response import Chunk, Response
from xai_vision.wire.aio import AioWire
from xai_vision.wire.sync import Wire


class Chat(ChatCalls):
    """A conversation with a model. Made by ``client.chat.create(...)``."""

    def __init__(self, settings: Settings, messages: Any, wire: Wire) -> None:
        super().__init__(settings, messages)
        self._wire = wire

    def sample(self, *, tools: Tools = None, timeout: Timeout = None) -> Response:
        """Ask for the next answer. The conversation is not changed: ``append`` the answer.

        Args:
            tools: Used for this call only, in place of the chat's.
            timeout: Seconds or a timedelta for this call. Default: the client's.

        Raises:
            InvalidRequestError: Something is sure to be refused; nothing was sent.
            APIError: The call failed; its subclasses say how.

        Example:
            >>> response = chat.sample()  # doctest: +SKIP
            >>> print(response)  # doctest: +SKIP
        """
        return self._wire.unary(self._sampling(tools, timeout))

    def stream(
        self, *, tools: Tools = None, timeout: Timeout = None
    ) -> Iterator[tuple[Response, Chunk]]:
        """Ask for the next answer and get it in pieces as it is written.

        Leaving the loop early, or closing the iterator, cancels the call.

        Args:
            tools: Used for this call only, in place of the chat's.
            timeout: Seconds or a timedelta for the whole answer. Default: the client's.

        Yields:
            The answer as far as it has come (one object that grows), and the new piece.

        Raises:
            InvalidRequestError: Something is sure to be refused; nothing was sent.
            StreamBrokenError: The answer stopped before its end; ``.partial`` has the rest.
            APIError: The call failed otherwise.
        """
        return self._wire.stream(self._streaming(tools, timeout))


class AsyncChat(ChatCalls):
    """A conversation with a model. Made by ``client.chat.create(...)`` of an AsyncClient."""

    def __init__(self, settings: Settings, messages: Any, wire: AioWire) -> None:
        super().__init__(settings, messages)
        self._wire = wire

    async def sample(self, *, tools: Tools = None, timeout: Timeout = None) -> Response:
        """Ask for the next answer; see ``Chat.sample``. Cancelling the task cancels the call."""
        return await self._wire.unary(self._sampling(tools, timeout))

    def stream(
        self, *, tools: Tools = None, timeout: Timeout = None
    ) -> AsyncIterator[tuple[Response, Chunk]]:
        """Ask for the next answer and get it in pieces; see ``Chat.stream``."""
        return self._wire.stream(self._streaming(tools, timeout))
