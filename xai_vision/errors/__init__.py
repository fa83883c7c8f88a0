"""Everything xai_vision raises, in one tree.

::

    XaiVisionError
    ├─ ConfigurationError (ValueError)      a key, host or option that cannot work; at construction
    ├─ ClientClosedError (RuntimeError)     the client was used after close()
    ├─ ForkError (RuntimeError)             forked from a process that used asyncio; grpcio < 1.80
    ├─ InvalidRequestError (ValueError)     the service would refuse it: nothing was sent
    │  └─ ImageError                        ... because of a picture: .source .reason .remedy
    │     ├─ ImageSourceError               this kind of thing is not taken as a picture
    │     ├─ ImageReadError                 its file cannot be read, or has changed
    │     ├─ ImageBase64Error               its base64 text is broken
    │     ├─ ImageEmptyError                no bytes, or no pixels
    │     ├─ NotAnImageError                the bytes are not a picture
    │     ├─ ImageFormatError               a picture of a kind that is not taken
    │     ├─ ImageCorruptError              a picture that does not open
    │     │  └─ ImageTruncatedError         ... because its end is missing
    │     ├─ ImageBombError                 more pixels than anybody should decode
    │     └─ ImageTooLargeError             more bytes than the limit: .size .limit
    ├─ StructuredOutputError (ValueError)   an answer that does not fit the shape asked for
    └─ APIError (grpc.RpcError)             the call was made and failed: .code() .details()
       ├─ AuthenticationError               the key is missing, wrong or expired
       ├─ PermissionDeniedError             the key may not do this
       │  └─ SafetyRefusalError             the content was refused
       ├─ NotFoundError                     no such model or stored response
       ├─ BadRequestError                   the service did not take the request
       │  ├─ ImageRefusedError              ... because of a picture
       │  └─ ContextTooLongError            ... because it is too long for the model
       ├─ ImageFetchError                   the service could not fetch a picture's URL
       ├─ RateLimitError                    too much at once: .retry_after
       ├─ MessageTooLargeError              a size limit on the way
       ├─ RequestTimeoutError (TimeoutError)  the deadline passed
       ├─ RequestCancelledError             the call was cancelled
       ├─ UnavailableError                  no connection, or the service is not ready
       │  └─ CertificateError               no connection: the server's certificate is not trusted
       ├─ ServerError                       the service failed
       └─ StreamBrokenError                 a stream ended before its answer did: .partial

An APIError is a ``grpc.RpcError`` and a ``grpc.aio.AioRpcError`` whichever client raised it, so
code written for either keeps working. What is checked before sending is never an APIError.

Apart from the tree there is one warning, ``InsecureChannelWarning``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.errors._api import (
        APIError,
        AuthenticationError,
        BadRequestError,
        CertificateError,
        ContextTooLongError,
        ImageFetchError,
        ImageRefusedError,
        MessageTooLargeError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RequestCancelledError,
        RequestTimeoutError,
        SafetyRefusalError,
        ServerError,
        StreamBrokenError,
        UnavailableError,
    )
    from xai_vision.errors._base import (
        ClientClosedError,
        ConfigurationError,
        ForkError,
        InsecureChannelWarning,
        InvalidRequestError,
        StructuredOutputError,
        XaiVisionError,
    )
    from xai_vision.errors._image import (
        ImageBase64Error,
        ImageBombError,
        ImageCorruptError,
        ImageEmptyError,
        ImageError,
        ImageFormatError,
        ImageReadError,
        ImageSourceError,
        ImageTooLargeError,
        ImageTruncatedError,
        NotAnImageError,
    )

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "CertificateError",
    "ClientClosedError",
    "ConfigurationError",
    "ContextTooLongError",
    "ForkError",
    "ImageBase64Error",
    "ImageBombError",
    "ImageCorruptError",
    "ImageEmptyError",
    "ImageError",
    "ImageFetchError",
    "ImageFormatError",
    "ImageReadError",
    "ImageRefusedError",
    "ImageSourceError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "InsecureChannelWarning",
    "InvalidRequestError",
    "MessageTooLargeError",
    "NotAnImageError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestCancelledError",
    "RequestTimeoutError",
    "SafetyRefusalError",
    "ServerError",
    "StreamBrokenError",
    "StructuredOutputError",
    "UnavailableError",
    "XaiVisionError",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "APIError": "xai_vision.errors._api",
        "AuthenticationError": "xai_vision.errors._api",
        "BadRequestError": "xai_vision.errors._api",
        "CertificateError": "xai_vision.errors._api",
        "ClientClosedError": "xai_vision.errors._base",
        "ConfigurationError": "xai_vision.errors._base",
        "ContextTooLongError": "xai_vision.errors._api",
        "ForkError": "xai_vision.errors._base",
        "ImageBase64Error": "xai_vision.errors._image",
        "ImageBombError": "xai_vision.errors._image",
        "ImageCorruptError": "xai_vision.errors._image",
        "ImageEmptyError": "xai_vision.errors._image",
        "ImageError": "xai_vision.errors._image",
        "ImageFetchError": "xai_vision.errors._api",
        "ImageFormatError": "xai_vision.errors._image",
        "ImageReadError": "xai_vision.errors._image",
        "ImageRefusedError": "xai_vision.errors._api",
        "ImageSourceError": "xai_vision.errors._image",
        "ImageTooLargeError": "xai_vision.errors._image",
        "ImageTruncatedError": "xai_vision.errors._image",
        "InsecureChannelWarning": "xai_vision.errors._base",
        "InvalidRequestError": "xai_vision.errors._base",
        "MessageTooLargeError": "xai_vision.errors._api",
        "NotAnImageError": "xai_vision.errors._image",
        "NotFoundError": "xai_vision.errors._api",
        "PermissionDeniedError": "xai_vision.errors._api",
        "RateLimitError": "xai_vision.errors._api",
        "RequestCancelledError": "xai_vision.errors._api",
        "RequestTimeoutError": "xai_vision.errors._api",
        "SafetyRefusalError": "xai_vision.errors._api",
        "ServerError": "xai_vision.errors._api",
        "StreamBrokenError": "xai_vision.errors._api",
        "StructuredOutputError": "xai_vision.errors._base",
        "UnavailableError": "xai_vision.errors._api",
        "XaiVisionError": "xai_vision.errors._base",
    },
)
