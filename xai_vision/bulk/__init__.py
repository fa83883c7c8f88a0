"""Ask about many images: with a ledger, so that nothing is lost and no answer is paid twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision._lazy import lazy_exports

if TYPE_CHECKING:
    from xai_vision.bulk._row import Failure, Outcome, Row

__all__ = ["Failure", "Outcome", "Row"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Failure": "xai_vision.bulk._row",
        "Outcome": "xai_vision.bulk._row",
        "Row": "xai_vision.bulk._row",
    },
)
