"""Ways to fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args

from grpc import StatusCode

from xai_vision.testing import _validation as given
from xai_vision.testing._calls.redaction import hidden
from xai_vision.testing._errors import ServiceError, failing

__all__ = ["Fault"]

Kind = Literal["status", "latency", "hang", "truncate", "garble", "reset", "freeze"]
_METADATA_KEY = re.compile(r"[0-9a-z_.-]+")


@given.spelled("Fault")
@dataclass(frozen=True, repr=False)
class Fault:
    """One way for a call to go wrong. Make one with the class methods.

    Attributes:
        kind: Which way.
        code: The status, where it ends with one.
        details: The text that goes with it.
        trailing: Trailing metadata as (key, value) pairs.
        chunks: After how many messages of a stream; None is before the first.
        seconds: How long, for latency.
        jitter: By how many seconds that may be off, drawn from the server's seed.
        after_bytes: After how many bytes of the answer.

    Raises:
        TypeError: An argument is of a wrong kind.
        ValueError: There is no such status, or a number is negative, NaN or without end.
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
        given.choice("Fault: kind", self.kind, get_args(Kind))
        if self.kind == "status":
            failing("Fault: code", self.code)
        given.text("Fault: details", self.details)
        if self.chunks is not None:
            given.whole("Fault: after_chunks", self.chunks, 0)
        given.number("Fault: seconds", self.seconds)
        given.number("Fault: jitter", self.jitter)
        given.whole("Fault: after_bytes", self.after_bytes, 0)

    def __repr__(self) -> str:
        named = {one.name: getattr(self, one.name) for one in fields(self)[1:]}
        said = [f"{name}={given.shown(value)}" for name, value in named.items() if value]
        return hidden(f"Fault({', '.join([repr(self.kind), *said])})")

    @classmethod
    @given.named("Fault.status()")
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
            code: Its name, such as "INTERNAL", or grpc's own value for it.
            details: The text that goes with it.
            trailing: Trailing metadata: texts, or bytes under keys that end with "-bin".
            after_chunks: After how many messages of a stream; None is before the first. More
                than there are means after the last.

        Raises:
            TypeError: An argument is of a wrong kind.
            ValueError: There is no such status, or it is OK; a number is negative; or what is
                no metadata was given as trailing metadata.
        """
        name = failing("Fault: status", code).name
        pairs = _metadata(trailing)
        return cls("status", name, details or f"{name} by order of the test", pairs, after_chunks)

    @classmethod
    @given.named("Fault.unavailable()")
    def unavailable(
        cls,
        details: str = "The service is unavailable.",
        *,
        trailing: Mapping[str, str | bytes] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """UNAVAILABLE, which clients try again after; the rest as for ``status``."""
        return cls.status("UNAVAILABLE", details, trailing=trailing, after_chunks=after_chunks)

    @classmethod
    @given.named("Fault.internal()")
    def internal(
        cls,
        details: str = "Internal error.",
        *,
        trailing: Mapping[str, str | bytes] | None = None,
        after_chunks: int | None = None,
    ) -> Fault:
        """INTERNAL; the rest as for ``status``."""
        return cls.status("INTERNAL", details, trailing=trailing, after_chunks=after_chunks)

    @classmethod
    @given.named("Fault.rate_limited()")
    def rate_limited(
        cls, retry_after: float | None = None, details: str = "Too many requests."
    ) -> Fault:
        """RESOURCE_EXHAUSTED, with ``retry-after`` (seconds) in the trailing metadata."""
        trailing: dict[str, str | bytes] = {}
        if retry_after is not None:
            trailing["retry-after"] = f"{given.number('Fault: retry_after', retry_after):g}"
        return cls.status("RESOURCE_EXHAUSTED", details, trailing=trailing)

    @classmethod
    @given.named("Fault.refused_as_unsafe()")
    def refused_as_unsafe(
        cls, details: str = "Content violates usage guidelines. Failed check: safety_check"
    ) -> Fault:
        """PERMISSION_DENIED the way the service refuses content."""
        return cls.status("PERMISSION_DENIED", details)

    @classmethod
    @given.named("Fault.after_chunks()")
    def after_chunks(
        cls,
        count: int,
        *,
        status: str | StatusCode = "INTERNAL",
        details: str = "",
        trailing: Mapping[str, str | bytes] | None = None,
    ) -> Fault:
        """End a stream with ``status`` after ``count`` messages."""
        given.whole("Fault.after_chunks: count", count, 0)
        return cls.status(status, details, trailing=trailing, after_chunks=count)

    @classmethod
    @given.named("Fault.latency()")
    def latency(cls, seconds: float, *, jitter: float = 0.0) -> Fault:
        """Wait before the answer; the call goes well otherwise."""
        return cls("latency", seconds=seconds, jitter=jitter)

    @classmethod
    @given.named("Fault.hang()")
    def hang(cls, *, after_chunks: int | None = None) -> Fault:
        """Never answer, or never go on, while the connection stays alive."""
        return cls("hang", chunks=after_chunks)

    @classmethod
    @given.named("Fault.truncated()")
    def truncated(cls, *, after_chunks: int = 1) -> Fault:
        """End a stream with OK, but without finish reason and usage."""
        return cls("truncate", chunks=after_chunks)

    @classmethod
    @given.named("Fault.garbled()")
    def garbled(cls, *, after_chunks: int = 0) -> Fault:
        """Send bytes that are no message."""
        return cls("garble", chunks=after_chunks)

    @classmethod
    @given.named("Fault.reset_connection()")
    def reset_connection(cls, *, after_bytes: int = 0) -> Fault:
        """Reset the TCP connection after the server has sent so many bytes of this answer.

        0 is before any of it; an answer that has fewer arrives whole. Other calls on the same
        connection go with it, and what they are sent meanwhile counts as well.
        """
        return cls("reset", after_bytes=after_bytes)

    @classmethod
    @given.named("Fault.freeze_connection()")
    def freeze_connection(cls, *, after_bytes: int = 0) -> Fault:
        """Let the connection stand, but let nothing through any more: half open.

        As with ``reset_connection``, an answer of fewer bytes arrives whole.
        """
        return cls("freeze", after_bytes=after_bytes)

    @property
    def on_wire(self) -> bool:
        """Whether it happens to the connection, not to the call."""
        return self.kind in ("reset", "freeze")

    def error(self) -> ServiceError:
        """Its status as an error."""
        return ServiceError(self.code, self.details, self.trailing)


def _metadata(pairs: Mapping[str, str | bytes] | None) -> tuple[tuple[str, str | bytes], ...]:
    """Trailing metadata that grpc can send."""
    for key, value in given.mapping("Fault: trailing", pairs or {}).items():
        where = f"Fault: trailing[{key!r}]"
        if not _METADATA_KEY.fullmatch(key):
            raise ValueError(f"{where}: a key has lower-case letters, digits and _.- only")
        if key.endswith("-bin"):
            given.instance(where, value, bytes, 'bytes, as its key ends with "-bin"')
        elif not given.text(where, value).isascii() or not str(value).isprintable():
            raise ValueError(f"{where} must be printable ASCII, not {given.shown(value)}")
    return tuple((pairs or {}).items())
