"""Client and AsyncClient: the way in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.config import DEFAULT_HOST, ConnectionConfig, make_config
from xai_vision._transport.retry import RetryPolicy
from xai_vision._transport.sync import Transport
from xai_vision.chat._service import AsyncChatService, ChatService

if TYPE_CHECKING:
    from typing_extensions import Self

    from xai_vision.services.auth import AsyncAuthService, AuthService
    from xai_vision.services.models import AsyncModelsService, ModelsService
    from xai_vision.services.tokenize import AsyncTokenizeService, TokenizeService


class _Base(ABC):
    """What the two clients have in common: their arguments."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_host: str = DEFAULT_HOST,
        metadata: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        channel_options: Sequence[tuple[str, Any]] | None = None,
        timeout: float | timedelta | None = None,
        use_insecure_channel: bool = False,
        retries: int | RetryPolicy | None = None,
        root_certificates: bytes | None = None,
    ) -> None:
        """Check the arguments; nothing is sent, and no connection opened, before the first call.

        Args:
            api_key: The key. Default: the environment variable XAI_API_KEY.
            api_host: ``host`` or ``host:port`` (default port 443). Default "api.x.ai".
            metadata: Pairs, or a dict, sent with every call.
            channel_options: gRPC channel arguments; they win over ours.
            timeout: Seconds or a timedelta for each call. Default 27 minutes.
            use_insecure_channel: Send everything, the key too, without TLS. Loopback hosts
                (localhost, 127.0.0.1, [::1]) are spoken to without TLS anyway.
            retries: How often to try again when the service cannot be reached or a rate limit is
                hit, or a RetryPolicy. Default: ``RetryPolicy()``; 0 for never.
            root_certificates: PEM of the certificates to trust instead of gRPC's own set. A
                loopback host is then spoken to with TLS.

        Raises:
            ConfigurationError: One of them cannot work; the text says what to do.
        """
        self._connection = make_config(
            api_key=api_key,
            api_host=api_host,
            metadata=metadata,
            channel_options=channel_options,
            timeout=timeout,
            use_insecure_channel=use_insecure_channel,
            retries=retries,
            root_certificates=root_certificates,
        )
        self._open(self._connection)

    @abstractmethod
    def _open(self, connection: ConnectionConfig) -> None:
        """Make the wire and what stands on it."""

    def __repr__(self) -> str:
        # Also of one whose arguments were refused: error reports show it.
        connection = getattr(self, "_connection", None)
        return f"<{type(self).__name__} {connection.target if connection else 'not made'}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            f"a {type(self).__name__} holds a connection and cannot be pickled or copied; "
            "make one in each process"
        )


class Client(_Base):
    """The service, for programs that block. One is enough: threads may share it.

    Example:
        >>> from xai_vision import Client
        >>> from xai_vision.chat import image, user
        >>> with Client(api_key="xai-...") as client:
        ...     chat = client.chat.create("grok-4")
        ...     chat = chat.append(user("What is this?", image("https://example.com/a.jpg")))
    """

    def _open(self, connection: ConnectionConfig) -> None:
        self._transport = Transport(connection)
        self.chat = ChatService(self._transport)

    # The other services load on first use: most programs only talk.

    @cached_property
    def models(self) -> ModelsService:
        """Which models there are, what they take and what they cost."""
        from xai_vision.services.models import ModelsService

        return ModelsService(self._transport)

    @cached_property
    def auth(self) -> AuthService:
        """Facts about the API key."""
        from xai_vision.services.auth import AuthService

        return AuthService(self._transport)

    @cached_property
    def tokenize(self) -> TokenizeService:
        """How a model cuts text into tokens."""
        from xai_vision.services.tokenize import TokenizeService

        return TokenizeService(self._transport)

    def ready(self, timeout: float | timedelta | None = None) -> None:
        """Connect, and wait until that is done: for start-up checks, and to pay for TLS early.

        Args:
            timeout: Seconds or a timedelta to wait. Default 30 seconds.

        Raises:
            RequestTimeoutError: There was no connection in that time.
        """
        self._transport.ready(timeout)

    def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(_Base):
    """The service, for asyncio. May be made anywhere, also outside an event loop."""

    def _open(self, connection: ConnectionConfig) -> None:
        self._transport = AsyncTransport(connection)
        self.chat = AsyncChatService(self._transport)

    @cached_property
    def models(self) -> AsyncModelsService:
        """Which models there are, what they take and what they cost."""
        from xai_vision.services.models import AsyncModelsService

        return AsyncModelsService(self._transport)

    @cached_property
    def auth(self) -> AsyncAuthService:
        """Facts about the API key."""
        from xai_vision.services.auth import AsyncAuthService

        return AsyncAuthService(self._transport)

    @cached_property
    def tokenize(self) -> AsyncTokenizeService:
        """How a model cuts text into tokens."""
        from xai_vision.services.tokenize import AsyncTokenizeService

        return AsyncTokenizeService(self._transport)

    async def ready(self, timeout: float | timedelta | None = None) -> None:
        """Connect, and wait until that is done; see ``Client.ready``."""
        await self._transport.ready(timeout)

    async def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
