"""Numbers on the command line."""

from __future__ import annotations

import math
from typing import Any

import click


class Number(click.FloatRange):
    """A finite number.

    Args:
        min_: The lowest number.
        min_open: Whether ``min_`` itself is refused.
        max_: The highest number.
        unit: What the number counts, for messages, such as "of seconds".
    """

    name = "number"

    def __init__(
        self,
        min_: float | None = None,
        max_: float | None = None,
        *,
        min_open: bool = False,
        unit: str = "",
    ) -> None:
        super().__init__(min_, max_, min_open=min_open)
        if unit:
            self.name = f"number {unit}"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number.

        Raises:
            click.BadParameter: It is not a finite number, or out of range.
        """
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a {self.name}, such as {self._example()}.", param, ctx)
        converted: float = super().convert(value, param, ctx)
        return converted

    def _example(self) -> str:
        return "300" if "seconds" in self.name else "1.5"


class Integer(click.IntRange):
    """An integer, which messages call by that name."""

    name = "integer"


def seconds(*, zero: bool = False) -> Number:
    """Return the type of a number of seconds; 0 is refused unless ``zero`` is set."""
    return Number(0, min_open=not zero, unit="of seconds")
