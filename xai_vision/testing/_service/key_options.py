"""Who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from xai_vision.testing import _validation as given

__all__ = ["Caller", "Rights"]


class Rights(TypedDict, total=False):
    """What a key may do, by name; each is explained in ``Caller``."""

    name: str
    vision: bool
    models: Iterable[str] | None
    blocked: bool
    team_blocked: bool
    disabled: bool
    expired: bool


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

    def __post_init__(self) -> None:
        given.text("issue_key: name", self.name)
        for name in ("vision", "blocked", "team_blocked", "disabled", "expired"):
            given.flag(f"issue_key: {name}", getattr(self, name))
        if self.models is not None:
            object.__setattr__(self, "models", given.texts("issue_key: models", self.models))
