"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Caller"]


@dataclass(frozen=True)
class Caller:
    """Who asks: a key of the tenant's and what it may do.

    Attributes:
        key_id: The key's public id.
        name: What the key is called.
        redacted: The key as it may be shown.
        vision: Whether it may send pictures.
        models: Models it may use, by any of their names; None means all.
        blocked: Whether the key is blocked.
        team_blocked: Whether its team is.
        disabled: Whether it was switched off.
        expired: Whether its time is over.
    """

    key_id: str = "key-0"
    name: str = "fake key"
    redacted: str = ""
    vision: bool = True
    models: tuple[str, ...] | None = None
    blocked: bool = False
    team_blocked: bool = False
    disabled: bool = False
    expired: bool = False
