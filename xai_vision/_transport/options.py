"""The options of one call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

from xai_vision._transport.durations import call_seconds
from xai_vision._validation import boolean
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision._transport.metadata import MetadataLike, MetadataPairs
    from xai_vision._transport.retry import RetryPolicy


class CallParameters(TypedDict, total=False):
    """The keywords of every method that makes a call. All are optional."""

    timeout: float | timedelta | None
    """Seconds or a timedelta for the whole call, with its retries and all chunks of a stream.
    Default: the client's timeout."""
    retries: int | RetryPolicy | None
    """The number of retries, or a RetryPolicy. Default: the client's retries. 0 disables them."""
    wait_for_ready: bool
    """Whether to wait, within the timeout, until the service is reachable, instead of raising an
    error at once. Default False."""
    metadata: MetadataLike | None
    """Metadata of this call, as pairs or a dict, in addition to the client's."""


class StreamParameters(CallParameters, total=False):
    """The keywords of every method that streams."""

    idle_timeout: float | timedelta | None
    """Seconds or a timedelta that may pass before the next chunk, including the first. It detects
    a stalled stream without limiting the length of the response. Default: only ``timeout``."""


class CallOptions:
    """The checked options of one call; None selects the client's default. Immutable.

    Attributes:
        timeout: Seconds for the whole call.
        idle_timeout: Seconds before the next chunk of a stream.
        retries: The retry policy.
        wait_for_ready: Whether to wait until the service is reachable.
        metadata: Metadata of the call, in addition to the client's.
    """

    __slots__ = ("idle_timeout", "metadata", "retries", "timeout", "wait_for_ready")

    def __init__(
        self,
        timeout: float | None = None,
        idle_timeout: float | None = None,
        retries: RetryPolicy | None = None,
        wait_for_ready: bool = False,
        metadata: MetadataPairs = (),
    ) -> None:
        self.timeout = timeout
        self.idle_timeout = idle_timeout
        self.retries = retries
        self.wait_for_ready = wait_for_ready
        self.metadata = metadata

    def with_timeout(self, timeout: float | None) -> CallOptions:
        """Return options that differ in their timeout."""
        return CallOptions(
            timeout, self.idle_timeout, self.retries, self.wait_for_ready, self.metadata
        )


NO_OPTIONS = CallOptions()

_CALL = frozenset(CallParameters.__annotations__)
_STREAM = _CALL | frozenset(StreamParameters.__annotations__)


def call_options(
    kwargs: Mapping[str, Any],
    metadata: MetadataPairs = (),
    *,
    stream: bool = False,
) -> CallOptions:
    """Check the keywords of a call.

    Raises:
        InvalidRequestError: A value is invalid.
        TypeError: A keyword is unknown.
    """
    if not kwargs:
        return CallOptions(metadata=metadata) if metadata else NO_OPTIONS
    for name in kwargs:
        if name not in (_STREAM if stream else _CALL):
            raise _unknown_option(name)
    from xai_vision._transport.retry import policy  # on use: most calls have no options

    if kwargs.get("metadata") is not None:
        from xai_vision._transport.metadata import metadata_pairs

        metadata += metadata_pairs(kwargs["metadata"], InvalidRequestError)
    retries = kwargs.get("retries")
    return CallOptions(
        timeout=call_seconds(kwargs.get("timeout")),
        idle_timeout=call_seconds(kwargs.get("idle_timeout"), "idle_timeout"),
        retries=None if retries is None else policy(retries, InvalidRequestError),
        wait_for_ready=boolean("wait_for_ready", kwargs.get("wait_for_ready", False)),
        metadata=metadata,
    )


def _unknown_option(name: str) -> TypeError:
    from xai_vision._validation import did_you_mean

    hint = did_you_mean(name, _STREAM)
    if name in _SETTINGS:
        hint = ". It is a setting of the chat: pass it to client.chat.create(...)"
    return TypeError(f"unexpected keyword argument {name!r} for this call{hint}")


_SETTINGS = frozenset({"max_tokens", "response_format", "seed", "stop", "temperature", "top_p"})
