"""All errors of xai_vision, in one tree.

```text
XaiVisionError
├─ ConfigurationError (ValueError)      a client got an invalid key, host or option
├─ ClientClosedError (RuntimeError)     the client was used after close()
├─ ForkError (RuntimeError)             forked after using an AsyncClient; grpcio < 1.80
├─ InvalidRequestError (ValueError)     the service would refuse the request; it was not sent
│  └─ ImageError                        an image cannot be sent: .source .reason .remedy
│     ├─ ImageSourceError               the object is not accepted as an image
│     ├─ ImageReadError                 the file cannot be read, or has changed
│     ├─ ImageBase64Error               the base64 text is invalid
│     ├─ ImageEmptyError                no bytes, or no pixels
│     ├─ NotAnImageError                the bytes are not an image
│     ├─ ImageFormatError               the image's format is not supported
│     ├─ ImageCorruptError              the image cannot be decoded
│     │  └─ ImageTruncatedError         the end of the image is missing
│     ├─ DecompressionBombError          more pixels than the limit
│     └─ ImageTooLargeError             more bytes than the limit: .size .limit
├─ StructuredOutputError (ValueError)   the response does not match the requested type
├─ ToolOutputError (ValueError)         the output of a server-side tool has an unknown format
├─ GenerationError (ValueError)         a generated image or video is not in the response
├─ VideoGenerationError (RuntimeError)  a video could not be generated: .code .message
├─ DownloadError (OSError)              a generated image could not be downloaded
├─ IndexingError (ValueError)           a document of a collection could not be indexed
├─ BatchResultError (ValueError)        a result of a batch is an error, or of another kind
├─ BatchCancelledError                  a batch was cancelled: .batch
└─ APIError (grpc.RpcError)             a call failed: .code() .details()
   ├─ AuthenticationError               the key is missing, wrong or expired
   ├─ PermissionDeniedError             the key may not do this
   │  └─ SafetyRefusalError             the content was refused
   ├─ NotFoundError                     the model or stored response does not exist
   ├─ BadRequestError                   the service refused the request as invalid
   │  ├─ ImageRefusedError              it refused an image
   │  └─ ContextTooLongError            the conversation is too long for the model
   ├─ ImageFetchError                   the service could not fetch an image's URL
   ├─ RateLimitError                    a rate limit was reached: .retry_after
   │  └─ OutOfCreditsError              the account has no credits left
   ├─ MessageTooLargeError              a message exceeded a size limit of gRPC
   ├─ RequestTimeoutError (TimeoutError)  the deadline passed
   ├─ RequestCancelledError             the call was cancelled
   ├─ UnavailableError                  the service is unreachable or not ready
   │  └─ CertificateError               the server's certificate is not trusted
   ├─ ServerError                       the service failed
   └─ StreamBrokenError                 a stream ended early: .partial
```

An APIError is both a ``grpc.RpcError`` and a ``grpc.aio.AioRpcError``, whichever client raised it,
so code written for either API of gRPC keeps working. A check before sending never raises an
APIError.

The only warning is ``InsecureChannelWarning``, which is not part of the tree.
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
        OutOfCreditsError,
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
        BatchCancelledError,
        BatchResultError,
        ClientClosedError,
        ConfigurationError,
        DownloadError,
        ForkError,
        GenerationError,
        IndexingError,
        InsecureChannelWarning,
        InvalidRequestError,
        StructuredOutputError,
        ToolOutputError,
        VideoGenerationError,
        XaiVisionError,
    )
    from xai_vision.errors._image import (
        DecompressionBombError,
        ImageBase64Error,
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
    "BatchCancelledError",
    "BatchResultError",
    "CertificateError",
    "ClientClosedError",
    "ConfigurationError",
    "ContextTooLongError",
    "DecompressionBombError",
    "DownloadError",
    "ForkError",
    "GenerationError",
    "ImageBase64Error",
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
    "IndexingError",
    "InsecureChannelWarning",
    "InvalidRequestError",
    "MessageTooLargeError",
    "NotAnImageError",
    "NotFoundError",
    "OutOfCreditsError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestCancelledError",
    "RequestTimeoutError",
    "SafetyRefusalError",
    "ServerError",
    "StreamBrokenError",
    "StructuredOutputError",
    "ToolOutputError",
    "UnavailableError",
    "VideoGenerationError",
    "XaiVisionError",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        **dict.fromkeys(__all__, "xai_vision.errors._api"),
        **dict.fromkeys(
            (
                "BatchCancelledError",
                "BatchResultError",
                "ClientClosedError",
                "ConfigurationError",
                "DownloadError",
                "ForkError",
                "GenerationError",
                "IndexingError",
                "InsecureChannelWarning",
                "InvalidRequestError",
                "StructuredOutputError",
                "ToolOutputError",
                "VideoGenerationError",
                "XaiVisionError",
            ),
            "xai_vision.errors._base",
        ),
        **dict.fromkeys(
            (
                "DecompressionBombError",
                "ImageBase64Error",
                "ImageCorruptError",
                "ImageEmptyError",
                "ImageError",
                "ImageFormatError",
                "ImageReadError",
                "ImageSourceError",
                "ImageTooLargeError",
                "ImageTruncatedError",
                "NotAnImageError",
            ),
            "xai_vision.errors._image",
        ),
    },
)
