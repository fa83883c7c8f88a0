"""The REST faces as an OpenAPI description."""

from __future__ import annotations

from typing import Any

__all__ = ["description"]


def description() -> dict[str, Any]:
    """The description, as served at /openapi.json."""
    return {}
