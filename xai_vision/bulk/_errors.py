"""The errors of bulk jobs."""

from __future__ import annotations

from xai_vision.errors import XaiVisionError


class LedgerError(XaiVisionError, ValueError):
    """The file is not a ledger, or has the results of another question. It was not changed."""


class LedgerLockedError(XaiVisionError):
    """Another run is writing the ledger."""
