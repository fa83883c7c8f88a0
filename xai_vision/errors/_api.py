"""The errors of calls that failed."""

from __future__ import annotations

from collections.abc import Iterator, KeysView
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast, overload

import grpc
from grpc.aio import AioRpcError, Metadata

from xai_vision.errors._base import XaiVisionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    MetadataPairs: TypeAlias = Iterable[tuple[str, str | bytes]]


class MetadataEntry(NamedTuple):
    """An entry of a call's metadata."""

    key: str
    value: str | bytes


class CallMetadata(Metadata):
    """A call's metadata, readable by code for both APIs of gRPC.

    Like the metadata of blocking calls, it is a sequence of pairs with ``.key`` and ``.value``.
    Like the metadata of asyncio calls, it can be indexed with a key.
    """

    def __iter__(self) -> Iterator[MetadataEntry]:
        return (MetadataEntry(*pair) for pair in super().__iter__())

    @overload
    def __getitem__(self, key: str) -> str | bytes: ...
    @overload
    def __getitem__(self, key: int) -> MetadataEntry: ...
    def __getitem__(self, key: str | int) -> str | bytes | MetadataEntry:
        if isinstance(key, str):
            value: Any = super().__getitem__(key)  # typed as a pair in the stubs
            return cast("str | bytes", value)
        return [*self.__iter__()][key]

    def keys(self) -> KeysView[str]:
        """Return each key once. ``dict(metadata)`` needs this with some versions of grpcio."""
        return dict.fromkeys(pair.key for pair in self.__iter__()).keys()


def find_request_id(metadata: MetadataPairs) -> str | None:
    """Return the service's id of a call, or None."""
    for key, value in metadata:
        if key.lower() == "x-request-id":
            return value.decode() if isinstance(value, bytes) else value
    return None


class APIError(XaiVisionError, AioRpcError):
    """A call failed.

    Attributes:
        remedy: A sentence that tells the caller what to do; may be empty.
        method: The path of the RPC, such as ``/xai_api.Chat/GetCompletion``.
        attempts: The number of times the request was sent.
        partial: For a stream, the Response received so far, otherwise None.
        deferred_id: The id of a deferred request that was started, if its polls failed or the time
            was over. The service may still process it. Otherwise None.
    """

    remedy = ""
    partial: Any = None
    deferred_id: str | None = None

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
        """The service's id of the call, for its support; None if it sent none."""
        return find_request_id((*self.trailing_metadata(), *self.initial_metadata()))

    def __str__(self) -> str:
        text = self.code().name
        if self.details():
            text += f": {self.details()}"
        facts = [f"after {self.attempts} attempts"] if self.attempts > 1 else []
        if self.request_id:
            facts.append(f"request id {self.request_id}")
        if facts or self.remedy:
            text = text.rstrip().removesuffix(".")
        if facts:
            text += f" ({', '.join(facts)})"
        return f"{text}. {self.remedy}" if self.remedy else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class AuthenticationError(APIError):
    """The API key is missing, wrong or expired (UNAUTHENTICATED)."""

    remedy = "Check the key in api_key= or XAI_API_KEY."


class PermissionDeniedError(APIError):
    """The key is blocked, or may not use this model or endpoint (PERMISSION_DENIED)."""

    remedy = "Check in the console that the key is not blocked and may use this model."


class SafetyRefusalError(PermissionDeniedError):
    """The service refused the content of the request."""

    remedy = "Change the text or the image; retrying will not help."


class NotFoundError(APIError):
    """A model, stored response or file does not exist (NOT_FOUND)."""

    remedy = "Check the name or id."


class BadRequestError(APIError):
    """The service refused the request as invalid (INVALID_ARGUMENT and similar statuses)."""

    remedy = "Change the request; retrying will not help."


class ImageRefusedError(BadRequestError):
    """The service refused an image."""

    remedy = "Send a valid JPEG or PNG of at most 20 MiB, to a model that accepts images."


class ContextTooLongError(BadRequestError):
    """The conversation is longer than the model's context."""

    remedy = "Drop or compact earlier messages, or send images with detail='low'."


class ImageFetchError(APIError):
    """The service could not fetch an image from its URL (DATA_LOSS)."""

    remedy = "Check that the URL is public, fast and a JPEG or PNG; or send the image's bytes."


class RateLimitError(APIError):
    """A rate limit or quota was reached (RESOURCE_EXHAUSTED)."""

    remedy = "Send fewer requests at once, or wait .retry_after seconds if it is set."

    @property
    def retry_after(self) -> float | None:
        """The seconds to wait before a retry, or None if the service set no delay."""
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


class OutOfCreditsError(RateLimitError):
    """The account has no credits left, or reached its spending limit."""

    remedy = "Add credits or raise the spending limit in the console; retrying will not help."


class MessageTooLargeError(APIError):
    """A message exceeded a size limit of gRPC (RESOURCE_EXHAUSTED)."""

    remedy = "Send fewer or smaller images in one request."


class RequestTimeoutError(APIError, TimeoutError):
    """The deadline passed before the response was complete (DEADLINE_EXCEEDED)."""

    remedy = "Pass a longer timeout= (seconds)."


class RequestCancelledError(APIError):
    """The call was cancelled (CANCELLED)."""


class UnavailableError(APIError):
    """The service is unreachable or not ready (UNAVAILABLE)."""

    remedy = "Check the host and the network; retrying later may help."


class CertificateError(UnavailableError):
    """The connection failed because the server's certificate is not trusted."""

    remedy = (
        "Check api_host=. For a server with a private certificate, pass its authority's "
        "certificate as root_certificates= (PEM bytes)."
    )


class ServerError(APIError):
    """The service failed (INTERNAL, UNKNOWN and other statuses)."""

    remedy = "Retrying later may help."


class StreamBrokenError(APIError):
    """A stream ended early; ``error.partial.content`` is the text received so far."""

    remedy = "The part that arrived is in .partial; send the request again for the rest."
