"""Which failures end a run."""

from __future__ import annotations

from typing import Literal, TypeAlias

from xai_vision.errors import (
    AuthenticationError,
    ConfigurationError,
    ImageError,
    ImageFetchError,
    ImageRefusedError,
    PermissionDeniedError,
    RateLimitError,
    SafetyRefusalError,
)

OnError: TypeAlias = Literal["row", "raise"]

MAX_CONSECUTIVE = 10
"""A run ends after so many failed rows in a row, unless their images are the reason."""

_OF_THE_ROW = (ImageError, ImageRefusedError, ImageFetchError, SafetyRefusalError)
_OF_ALL_ROWS = (
    AuthenticationError,
    PermissionDeniedError,
    ConfigurationError,
    RateLimitError,
)


class FailurePolicy:
    """Decides after each failed row whether the run goes on.

    Args:
        on_error: "row" to record failed rows and go on, "raise" to end the run at the first.
        max_failures: The number of failed rows after which the run ends. None: any number.
    """

    def __init__(self, on_error: OnError = "row", max_failures: int | None = None) -> None:
        self._on_error = on_error
        self._max_failures = max_failures
        self._failures = self._consecutive = 0

    def succeeded(self) -> None:
        """Count an answered row."""
        self._consecutive = 0

    def failed(self, error: Exception) -> bool:
        """Count a failed row; return whether the run goes on.

        Raises:
            Exception: The error itself, if it affects the other rows too.
        """
        self._failures += 1
        of_the_row = isinstance(error, _OF_THE_ROW)
        self._consecutive += not of_the_row
        of_all_rows = isinstance(error, _OF_ALL_ROWS) and not of_the_row
        if self._on_error == "raise" or of_all_rows or self._consecutive >= MAX_CONSECUTIVE:
            raise error
        return self._max_failures is None or self._failures < self._max_failures
