"""Types that the tests ask frameworks for."""

from __future__ import annotations

from pydantic import BaseModel


class Animal(BaseModel):
    """An animal."""

    name: str
    legs: int


CAT = '{"name": "cat", "legs": 4}'
