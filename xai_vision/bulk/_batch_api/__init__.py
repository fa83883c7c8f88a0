"""Rows through the Batch API of the service, at a lower price."""

from __future__ import annotations

from xai_vision.bulk._batch_api.choice import choose
from xai_vision.bulk._batch_api.sender import BatchSender

__all__ = ["BatchSender", "choose"]
