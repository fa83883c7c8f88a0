"""What a caller may say about one call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

from xai_vision._transport.durations import call_seconds
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision._transport.retry import RetryPolicy


class CallParameters(TypedDict, total=False):
    """What every method that makes a call takes. All are optional."""

    timeout: float | timedelta | None
    """Seconds or a timedelta for the whole call, its retries and, of a stream, all of its pieces.
    Default: the client's."""
    retries: int | RetryPolicy | None
    """How often to try again, or a RetryPolicy. Default: the client's; 0 for never."""
    wait_for_ready: bool
    """Whether to wait, within the timeout, for a service that cannot be reached yet, instead of
    failing at once. Default no."""


class StreamParameters(CallParameters, total=False):
    """What every method that streams takes."""

    idle_timeout: float | timedelta | None
    """Seconds or a timedelta that may pass before the next piece (the first included). A long
    answer then may take long as long as it keeps coming. Default: no limit but ``timeout``."""


class CallOptions:
    """The same, checked; None is the client's default. Never changed.

    Attributes:
        timeout: Seconds for the whole call.
        idle_timeout: Seconds before the next piece of a stream.
        retries: When to try again.
        wait_for_ready: Whether to wait for the service.
        metadata: Sent with the call, besides the client's own.
    """

    __slots__ = ("idle_timeout", "metadata", "retries", "timeout", "wait_for_ready")

    def __init__(
        self,
        timeout: float | None = None,
        idle_timeout: float | None = None,
        retries: RetryPolicy | None = None,
        wait_for_ready: bool = False,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.timeout = timeout
        self.idle_timeout = idle_timeout
        self.retries = retries
        self.wait_for_ready = wait_for_ready
        self.metadata = metadata


NO_OPTIONS = CallOptions()

_CALL = frozenset(CallParameters.__annotations__)
_STREAM = _CALL | frozenset(StreamParameters.__annotations__)


def call_options(
    given: Mapping[str, Any],
    metadata: tuple[tuple[str, str], ...] = (),
    *,
    stream: bool = False,
) -> CallOptions:
    """Check a caller's keywords.

    Raises:
        InvalidRequestError: A value that cannot be; the text names it.
        TypeError: A keyword there is not.
    """
    if not given:
        return CallOptions(metadata=metadata) if metadata else NO_OPTIONS
    for name in given:
        if name not in (_STREAM if stream else _CALL):
            raise TypeError(f"this call takes no keyword {name!r}")
    from xai_vision._transport.retry import policy

    retries = given.get("retries")
    ready = given.get("wait_for_ready", False)
    if not isinstance(ready, bool):
        raise InvalidRequestError(f"wait_for_ready must be True or False, not {ready!r}")
    return CallOptions(
        timeout=call_seconds(given.get("timeout")),
        idle_timeout=call_seconds(given.get("idle_timeout"), "idle_timeout"),
        retries=None if retries is None else policy(retries, InvalidRequestError),
        wait_for_ready=ready,
        metadata=metadata,
    )
