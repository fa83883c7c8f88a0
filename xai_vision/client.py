"""The clients: Client and AsyncClient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from xai_vision._client_services import SERVICES, AsyncServices, Services
from xai_vision._hints import HintsAttributes, unexpected_argument
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.config import (
    USER_AGENT,
    ConnectionConfig,
    changed_config,
    make_config,
    management_config,
)
from xai_vision._transport.metadata import MetadataLike
from xai_vision._transport.retry import RetryPolicy
from xai_vision._transport.sync import Transport
from xai_vision.chat._service import RENAMED, AsyncChatService, ChatService

if TYPE_CHECKING:
    from typing_extensions import Never, Self

__all__ = ["USER_AGENT", "AsyncClient", "BaseClient", "Client"]

# The names of arguments in other SDKs.
_OTHER_SDKS: Final = {
    "base_url": "api_host='host:port'",
    "default_headers": "metadata=",
    "max_retries": "retries=",
}


class BaseClient(HintsAttributes, ABC):
    """The arguments of both clients."""

    _renamed = RENAMED
    _config: ConnectionConfig
    _management_config: ConnectionConfig | None
    _transport: Any
    _management: Any
    _shared: dict[str, Any]

    def __init__(
        self,
        api_key: str | None = None,
        management_api_key: str | None = None,
        *,
        api_host: str | None = None,
        management_api_host: str | None = None,
        metadata: MetadataLike | None = None,
        channel_options: Sequence[tuple[str, Any]] | None = None,
        timeout: float | timedelta | None = None,
        use_insecure_channel: bool = False,
        retries: int | RetryPolicy | None = None,
        root_certificates: bytes | None = None,
        **unknown: Never,
    ) -> None:
        """Validate the arguments. The connection is opened by the first call.

        Args:
            api_key: The API key. Default: the environment variable XAI_API_KEY.
            management_api_key: The key for collections. Default: the environment variable
                XAI_MANAGEMENT_KEY. Without it, calls of ``client.collections`` other than
                ``search`` raise ConfigurationError.
            api_host: ``host`` or ``host:port`` (default port 443), also with gRPC's prefixes
                ``dns:///``, ``ipv4:`` and ``ipv6:``. Default: the environment variable
                XAI_API_HOST, or "api.x.ai".
            management_api_host: Likewise for collections. Default: "management-api.x.ai".
            metadata: Metadata of every call, as pairs or a dict.
            channel_options: gRPC channel arguments; they override ours.
            timeout: Timeout of each call, in seconds or as a timedelta. Default 27 minutes.
            use_insecure_channel: Send everything, including the key, without TLS. Loopback hosts
                (localhost, 127.0.0.1, [::1]) do not use TLS by default.
            retries: Number of retries if the service cannot be reached or reports a rate limit,
                or a RetryPolicy. Default: ``RetryPolicy()``; 0 disables retries.
            root_certificates: CA bundle (PEM) to use instead of gRPC's. Loopback hosts use TLS
                then.

        Raises:
            ConfigurationError: An argument is invalid; the message says what to do.
        """
        for name in unknown:
            known = set(BaseClient.__init__.__annotations__) - {"unknown", "return"}
            raise unexpected_argument(f"{type(self).__name__}()", name, known, _OTHER_SDKS)
        self._config = make_config(
            api_key=api_key,
            api_host=api_host,
            metadata=metadata,
            channel_options=channel_options,
            timeout=timeout,
            use_insecure_channel=use_insecure_channel,
            retries=retries,
            root_certificates=root_certificates,
        )
        self._management_config = management_config(
            self._config, management_api_key, management_api_host, use_insecure_channel
        )
        management = self._management_config and self._new_transport(self._management_config)
        # What services share with those of derived clients.
        self._shared = {}
        self._connect(self._new_transport(self._config), management)

    def with_options(
        self,
        *,
        timeout: float | timedelta | None = None,
        retries: int | RetryPolicy | None = None,
        metadata: MetadataLike | None = None,
        **unknown: Never,
    ) -> Self:
        """Return a client with other defaults that shares this one's connection.

        Closing either of the two closes both.

        Args:
            timeout: Timeout of each call. Default: this client's.
            retries: Number of retries, or a RetryPolicy. Default: this client's.
            metadata: Metadata of every call, in addition to this client's. A key that both have
                gets the new value.

        Raises:
            ConfigurationError: An argument is invalid.

        Examples:
            >>> from xai_vision import Client
            >>> with Client(api_key="xai-...") as client:
            ...     patient = client.with_options(timeout=3600, retries=10)
        """
        for name in unknown:
            known = ("timeout", "retries", "metadata")
            raise unexpected_argument("with_options()", name, known, _OTHER_SDKS)
        client = object.__new__(type(self))
        # The services have this client's defaults. A copy, because another thread may add one.
        attributes = vars(self).copy()
        vars(client).update({k: v for k, v in attributes.items() if k not in SERVICES})
        client._config = changed_config(self._config, timeout, retries, metadata)
        management = self._management
        if management is not None and self._management_config is not None:
            config = changed_config(self._management_config, timeout, retries, metadata)
            client._management_config, management = config, management.with_config(config)
        client._connect(self._transport.with_config(client._config), management)
        return client

    @abstractmethod
    def _new_transport(self, config: ConnectionConfig) -> Any:
        """Create a transport."""

    @abstractmethod
    def _connect(self, transport: Any, management: Any) -> None:
        """Set the transports, and create the services that are in use from the start."""

    def __repr__(self) -> str:
        # Error reports can show a client whose arguments were refused.
        config = getattr(self, "_config", None)
        return f"<{type(self).__name__} {config.target if config else 'not connected'}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            f"a {type(self).__name__} has a connection and cannot be pickled or copied; "
            "create one in each process"
        )


class Client(Services, BaseClient):
    """Synchronous client. Thread-safe.

    Examples:
        >>> from xai_vision import Client
        >>> from xai_vision.chat import image, user
        >>> with Client(api_key="xai-...") as client:
        ...     chat = client.chat.create("grok-4")
        ...     chat = chat.append(user("What is this?", image("https://example.com/a.jpg")))
    """

    def _new_transport(self, config: ConnectionConfig) -> Transport:
        return Transport(config)

    def _connect(self, transport: Transport, management: Transport | None) -> None:
        self._transport, self._management = transport, management
        self.chat = ChatService(transport)

    def ready(self, timeout: float | timedelta | None = None) -> None:
        """Wait until the client is connected, for start-up checks or to do the TLS handshake early.

        Args:
            timeout: Seconds or a timedelta. Default 30 seconds.

        Raises:
            RequestTimeoutError: The client could not connect in time.
        """
        self._transport.ready(timeout)

    def close(self) -> None:
        """Close the connections and cancel running calls. Idempotent."""
        self._transport.close()
        if self._management is not None:
            self._management.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(AsyncServices, BaseClient):
    """Asyncio client. It can be created outside an event loop and used from several loops."""

    # any-llm closes the channels of a client whose event loop has ended, by the names they have in
    # xai_sdk. Ours are closed without that.
    _api_channel = _management_channel = None

    def _new_transport(self, config: ConnectionConfig) -> AsyncTransport:
        return AsyncTransport(config)

    def _connect(self, transport: AsyncTransport, management: AsyncTransport | None) -> None:
        self._transport, self._management = transport, management
        self.chat = AsyncChatService(transport)

    async def ready(self, timeout: float | timedelta | None = None) -> None:
        """Wait until the client is connected; see ``Client.ready``."""
        await self._transport.ready(timeout)

    async def close(self) -> None:
        """Close the connections and cancel running calls. Idempotent."""
        await self._transport.close()
        if self._management is not None:
            await self._management.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
