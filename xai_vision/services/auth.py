"""``client.auth``: API key info."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.proto import auth_pb2, empty_pb2
from xai_vision.proto.auth_pb2_grpc import Auth as Rpc
from xai_vision.services._rpcs import Call, describe, unchanged

if TYPE_CHECKING:
    from typing_extensions import Unpack


def _info(call: Call) -> RpcCall[auth_pb2.ApiKey, auth_pb2.ApiKey]:
    return describe(Rpc.get_api_key_info, empty_pb2.Empty(), unchanged, call)


class AuthService:
    """Information about the client's API key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_api_key_info(self, **call: Unpack[CallParameters]) -> auth_pb2.ApiKey:
        """Return the owner, the permissions and the state of the API key.

        Args:
            **call: See ``CallParameters``.

        Returns:
            An ``auth_pb2.ApiKey`` with the key redacted. The key does not work if ``disabled``,
            ``api_key_blocked`` or ``team_blocked`` is set.

        Raises:
            AuthenticationError: The service does not know the key.
            APIError: The call failed otherwise.

        Examples:
            >>> client.auth.get_api_key_info().acls  # doctest: +SKIP
            ['api-key:model:*', 'api-key:endpoint:*']
        """
        return self._transport.unary(_info(call))


class AsyncAuthService:
    """Information about the client's API key."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get_api_key_info(self, **call: Unpack[CallParameters]) -> auth_pb2.ApiKey:
        """See ``AuthService.get_api_key_info``."""
        return await self._transport.unary(_info(call))
