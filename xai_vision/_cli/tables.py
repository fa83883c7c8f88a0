"""Tables whose names stay whole, so that they can be copied from a narrow terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from xai_vision._cli.terminal import console


def print_table(
    heads: dict[str, Literal["left", "right"]],
    rows: Sequence[Sequence[str]],
    *,
    drop: Sequence[str],
    caption: str = "",
) -> None:
    """Print a table. Columns for which the terminal is too narrow are left out.

    Args:
        heads: The columns, and how each is justified. The first is never broken.
        rows: The cells.
        drop: The columns to leave out, in this order, until the table fits.
        caption: A line below the table.
    """
    from rich import box
    from rich.cells import cell_len
    from rich.measure import Measurement
    from rich.table import Table

    longest = max((cell_len(row[0]) for row in rows), default=0)

    def build(names: list[str]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for name in names:
            first = name == names[0]
            width = longest if first else None
            table.add_column(
                name, justify=heads[name], min_width=width, no_wrap=first, overflow="fold"
            )
        for row in rows:
            table.add_row(*(cell for head, cell in zip(heads, row, strict=True) if head in names))
        return table

    screen = console()
    names, dropped = list(heads), []
    table = build(names)
    waiting = list(drop)
    unlimited = screen.options.update(max_width=10_000)
    while waiting and Measurement.get(screen, unlimited, table).maximum > screen.width:
        dropped.append(waiting.pop(0))
        names.remove(dropped[-1])
        table = build(names)
    notes = [caption] if caption else []
    if dropped:
        notes.append(f"not shown: {', '.join(dropped)} (see --json)")
    screen.print(table, crop=False, width=max(screen.width, longest))
    for note in notes:
        screen.print(note, style="dim")
