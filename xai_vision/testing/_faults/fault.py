"""The faults that a test can inject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args

from grpc import StatusCode

from xai_vision.testing import _validation
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._errors import ServiceError, error_code

Kind = Literal["status", "latency", "hang", "truncate", "malformed", "reset", "freeze"]
_METADATA_KEY = re.compile(r"[0-9a-z_.-]+")


@dataclass(frozen=True, repr=False)
class Fault:
    """A fault that a test injects into calls. Create one with the class methods.

    Attributes:
        kind: The kind of fault.
        code: The name of the status, for the kind "status".
        details: The details of the status.
        trailing: Trailing metadata as (key, value) pairs.
        chunks: The number of stream messages before the fault; None puts it before the first. In
            an upload, the number of chunks of the file; None puts the fault after the upload.
        seconds: The delay, for the kind "latency".
        jitter: The maximum deviation from ``seconds``, drawn with the server's seed.
        after_bytes: The number of response bytes before a connection fault.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The kind or the status does not exist, or a number is negative, NaN or
            infinite.

    Examples:
        >>> Fault.unavailable()
        Fault('status', code='UNAVAILABLE', details='The service is unavailable.')
        >>> Fault.latency(0.5, jitter=0.1)
        Fault('latency', seconds=0.5, jitter=0.1)
    """

    kind: Kind
    code: str = ""
    details: str = ""
    trailing: tuple[tuple[str, str | bytes], ...] = ()
    chunks: int | None = None
    seconds: float = 0.0
    jitter: float = 0.0
    after_bytes: int = 0

    def __post_init__(self) -> None:
        _validation.enum("Fault: kind", self.kind, get_args(Kind))
        if self.kind == "status":
            error_code("Fault: code", self.code)
        _validation.string("Fault: details", self.details)
        if self.chunks is not None:
            _validation.integer("Fault: after_chunks", self.chunks, 0)
        _validation.number("Fault: seconds", self.seconds)
        _validation.number("Fault: jitter", self.jitter)
        _validation.integer("Fault: after_bytes", self.after_bytes, 0)

    def __repr__(self) -> str:
        arguments = [
            f"{field.name}={_validation.short_repr(value)}"
            for field in fields(self)[1:]
            if (value := getattr(self, field.name))
        ]
        return redact(f"Fault({', '.join([repr(self.kind), *arguments])})")

    @classmethod
    @_validation.suggest_keywords("Fault.status()")
    def status(
        cls,
        code: str | StatusCode,
        details: str = "",
        *,
        trailing: Mapping[str, str | bytes] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """End the call with a status.

        Args:
            code: The name of the status, such as "INTERNAL", or a ``grpc.StatusCode``.
            details: The details of the status.
            trailing: Trailing metadata: strings, or bytes for keys that end with "-bin".
            after_chunks: The number of stream messages before the status; None puts it before
                the first. If the stream has fewer, the status comes after the last. In an upload
                the messages are the chunks of the file.

        Returns:
            The fault.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: The status does not exist or is OK, a number is negative, or
                ``trailing`` is not valid metadata.
        """
        name = error_code("Fault: status", code).name
        pairs = _metadata(trailing)
        return cls("status", name, details or f"{name} injected by the test", pairs, after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.unavailable()")
    def unavailable(
        cls,
        details: str = "The service is unavailable.",
        *,
        trailing: Mapping[str, str | bytes] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """End the call with UNAVAILABLE, which clients retry. For the arguments see ``status``."""
        return cls.status("UNAVAILABLE", details, trailing=trailing, after_chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.internal()")
    def internal(
        cls,
        details: str = "Internal error.",
        *,
        trailing: Mapping[str, str | bytes] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """End the call with INTERNAL. For the arguments see ``status``."""
        return cls.status("INTERNAL", details, trailing=trailing, after_chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.rate_limited()")
    def rate_limited(
        cls, retry_after: float | None = None, details: str = "Too many requests."
    ) -> Fault:
        """End the call with RESOURCE_EXHAUSTED, and ``retry-after`` (seconds) as metadata."""
        trailing: dict[str, str | bytes] = {}
        if retry_after is not None:
            trailing["retry-after"] = f"{_validation.number('Fault: retry_after', retry_after):g}"
        return cls.status("RESOURCE_EXHAUSTED", details, trailing=trailing)

    @classmethod
    @_validation.suggest_keywords("Fault.safety_refusal()")
    def safety_refusal(
        cls, details: str = "Content violates usage guidelines. Failed check: safety_check"
    ) -> Fault:
        """End the call with PERMISSION_DENIED, the service's status for unsafe content."""
        return cls.status("PERMISSION_DENIED", details)

    @classmethod
    @_validation.suggest_keywords("Fault.after_chunks()")
    def after_chunks(
        cls,
        count: int,
        *,
        status: str | StatusCode = "INTERNAL",
        details: str = "",
        trailing: Mapping[str, str | bytes] | None = None,
    ) -> Fault:
        """End a stream with ``status`` after ``count`` messages."""
        _validation.integer("Fault.after_chunks: count", count, 0)
        return cls.status(status, details, trailing=trailing, after_chunks=count)

    @classmethod
    @_validation.suggest_keywords("Fault.latency()")
    def latency(cls, seconds: float, *, jitter: float = 0.0) -> Fault:
        """Delay the response by ``seconds``, plus or minus up to ``jitter``."""
        return cls("latency", seconds=seconds, jitter=jitter)

    @classmethod
    @_validation.suggest_keywords("Fault.hang()")
    def hang(cls, *, after_chunks: int | None = None) -> Fault:
        """Send no response, or stop after ``after_chunks`` messages; the connection stays alive."""
        return cls("hang", chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.truncated()")
    def truncated(cls, *, after_chunks: int = 1) -> Fault:
        """End a stream with OK, but without its last message, which has the finish reason."""
        return cls("truncate", chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.malformed()")
    def malformed(cls, *, after_chunks: int = 0) -> Fault:
        """Send bytes that are not a valid message."""
        return cls("malformed", chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.reset_connection()")
    def reset_connection(cls, *, after_bytes: int = 0, after_chunks: int | None = None) -> Fault:
        """Reset the TCP connection after ``after_bytes`` bytes of this response.

        In an upload, ``after_chunks`` resets it after that many chunks of the file. Other calls
        ignore it.

        With 0 the client receives nothing. A response with fewer bytes arrives complete. The
        bytes of other calls on the same connection count as well, and those calls fail too.
        """
        return cls("reset", after_bytes=after_bytes, chunks=after_chunks)

    @classmethod
    @_validation.suggest_keywords("Fault.freeze_connection()")
    def freeze_connection(cls, *, after_bytes: int = 0, after_chunks: int | None = None) -> Fault:
        """Keep the TCP connection open but stop all traffic, as on a half-open connection.

        A response with fewer than ``after_bytes`` bytes arrives complete. ``after_chunks`` is for
        uploads, as in ``reset_connection``.
        """
        return cls("freeze", after_bytes=after_bytes, chunks=after_chunks)

    @property
    def on_connection(self) -> bool:
        """Whether the fault affects the connection rather than the call."""
        return self.kind in ("reset", "freeze")

    def error(self) -> ServiceError:
        """Return the status as an error."""
        return ServiceError(self.code, self.details, self.trailing)


def _metadata(trailing: Mapping[str, str | bytes] | None) -> tuple[tuple[str, str | bytes], ...]:
    """Return trailing metadata as pairs that gRPC can send."""
    pairs = _validation.mapping("Fault: trailing", trailing or {})
    for key, value in pairs.items():
        name = f"Fault: trailing[{key!r}]"
        if not _METADATA_KEY.fullmatch(key):
            raise ValueError(f"{name}: use only lower-case letters, digits and _.- in a key")
        if key.endswith("-bin"):
            _validation.instance(name, value, bytes, 'bytes, because its key ends with "-bin"')
        elif not _validation.string(name, value).isascii() or not str(value).isprintable():
            raise ValueError(f"{name} must be printable ASCII, not {_validation.short_repr(value)}")
    return tuple(pairs.items())
