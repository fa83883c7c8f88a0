"""A call that was made and failed."""

from __future__ import annotations

from collections.abc import Iterator, KeysView
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast, overload

import grpc
from grpc.aio import AioRpcError, Metadata

from xai_vision.errors._base import XaiVisionError, rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable

    MetadataPairs: TypeAlias = Iterable[tuple[str, str | bytes]]


class Pair(NamedTuple):
    """One entry of a call's metadata."""

    key: str
    value: str | bytes


class CallMetadata(Metadata):
    """A call's metadata, as code for either side of gRPC reads it.

    Like the blocking side's it is a sequence of pairs with ``.key`` and ``.value``; like the
    asyncio side's it can be asked for a key.
    """

    def __iter__(self) -> Iterator[Pair]:
        return (Pair(*pair) for pair in super().__iter__())

    @overload
    def __getitem__(self, key: str) -> str | bytes: ...
    @overload
    def __getitem__(self, key: int) -> Pair: ...
    def __getitem__(self, key: str | int) -> str | bytes | Pair:
        if isinstance(key, str):
            value: Any = super().__getitem__(key)  # which typeshed takes for a pair
            return cast("str | bytes", value)
        return [*self.__iter__()][key]

    def keys(self) -> KeysView[str]:
        """The keys, each once: what makes ``dict(metadata)`` work with every grpcio."""
        return dict.fromkeys(pair.key for pair in self.__iter__()).keys()


class APIError(XaiVisionError, AioRpcError):
    """A call that was made and did not succeed.

    Attributes:
        remedy: What the caller can do about it, in a sentence; may be empty.
        method: The path of the call, such as ``/xai_api.Chat/GetCompletion``.
        attempts: How many times the request was sent.
        partial: Of a stream, the Response as far as it came; else None.
    """

    remedy = ""
    partial: Any = None

    def __init__(
        self,
        code: grpc.StatusCode,
        details: str | None = None,
        *,
        initial_metadata: MetadataPairs = (),
        trailing_metadata: MetadataPairs = (),
        debug_error_string: str | None = None,
        method: str = "",
        attempts: int = 1,
    ) -> None:
        AioRpcError.__init__(
            self,
            code,
            CallMetadata(*initial_metadata),
            CallMetadata(*trailing_metadata),
            details=details,
            debug_error_string=debug_error_string,
        )
        self.method = method
        self.attempts = attempts

    @property
    def request_id(self) -> str | None:
        """The service's id for this call, where it sent one; worth quoting to its support."""
        for pairs in (self.trailing_metadata(), self.initial_metadata()):
            for key, value in pairs:
                if key.lower() == "x-request-id":
                    return value.decode() if isinstance(value, bytes) else value
        return None

    def __str__(self) -> str:
        said = f": {self.details()}" if self.details() else ""
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        head = f"{self.code().name}{said}{tries}"
        if self.request_id:
            head += f" (request id {self.request_id})"
        return f"{head}. {self.remedy}" if self.remedy else head

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self.args, dict(self.__dict__))


class AuthenticationError(APIError):
    """The API key is missing, wrong or expired (UNAUTHENTICATED)."""

    remedy = "Check the key given as api_key= or in XAI_API_KEY."


class PermissionDeniedError(APIError):
    """The key is blocked, or has no right to this model or endpoint (PERMISSION_DENIED)."""

    remedy = "Check in the console that the key is not blocked and may use this model."


class SafetyRefusalError(PermissionDeniedError):
    """The service refused the content of the request."""

    remedy = "The text or a picture was refused; sending it again will not help."


class NotFoundError(APIError):
    """No such model, stored response or file (NOT_FOUND)."""

    remedy = "Check the name or id; stored responses are kept for a limited time."


class BadRequestError(APIError):
    """The service did not take the request (INVALID_ARGUMENT and its kin)."""

    remedy = "Change the request; sending the same one again will not help."


class ImageRefusedError(BadRequestError):
    """The service did not take a picture."""

    remedy = "Send a JPEG or PNG that opens, of at most 20 MiB, to a model that takes pictures."


class ContextTooLongError(BadRequestError):
    """The conversation is longer than the model's context."""

    remedy = "Drop or compact earlier messages, or send pictures with detail='low'."


class ImageFetchError(APIError):
    """The service could not fetch a picture from its URL (DATA_LOSS)."""

    remedy = "Check that the URL is public, quick and a JPEG or PNG; or send the picture itself."


class RateLimitError(APIError):
    """A rate limit or quota was reached (RESOURCE_EXHAUSTED from the service)."""

    remedy = "Send less at once, or wait; .retry_after says how long where the service does."

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before trying again, where the service said so."""
        for key, value in self.trailing_metadata():
            scale = {"retry-after": 1.0, "grpc-retry-pushback-ms": 0.001}.get(key.lower())
            if scale is None:
                continue
            try:
                seconds = float(value) * scale
            except ValueError:
                continue
            if seconds >= 0:
                return seconds
        return None


class MessageTooLargeError(APIError):
    """A message was over a size limit on its way (RESOURCE_EXHAUSTED for its size)."""

    remedy = "Send fewer or smaller pictures in one request."


class RequestTimeoutError(APIError, TimeoutError):
    """The deadline passed before the answer was complete (DEADLINE_EXCEEDED)."""

    remedy = "Give more time with timeout= (seconds)."


class RequestCancelledError(APIError):
    """The call was cancelled (CANCELLED)."""


class UnavailableError(APIError):
    """The service could not be reached or is not ready (UNAVAILABLE)."""

    remedy = "Check the host and the network; trying again later may help."


class CertificateError(UnavailableError):
    """There is no connection because the server's certificate is not trusted."""

    remedy = (
        "Check api_host=; for a server with a certificate of its own, give the authority's as "
        "root_certificates= (PEM bytes)."
    )


class ServerError(APIError):
    """The service failed (INTERNAL, UNKNOWN and other statuses of its own making)."""

    remedy = "Trying again later may help."


class StreamBrokenError(APIError):
    """A stream ended before its answer did; ``error.partial.content`` is the text so far."""

    remedy = "The part that arrived is in .partial; ask again for the whole."
