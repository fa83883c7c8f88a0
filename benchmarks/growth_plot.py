"""Draw the counts of benchmarks/growth.py as small plots with linear axes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

COLUMNS, WIDTH, HEIGHT = 3, 220, 110
LEFT, TOP, RIGHT, BOTTOM = 58, 26, 14, 34  # the margins of a plot
COLOR = "#2563eb"


def draw(results: Mapping[str, Any]) -> str:
    """Return an SVG with a plot for each subject.

    Args:
        results: The title, the unit and the costs of each subject, by name.
    """
    rows = -(-len(results) // COLUMNS)
    width, height = COLUMNS * (LEFT + WIDTH + RIGHT), rows * (TOP + HEIGHT + BOTTOM)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="100%" height="{height}" fill="white"/>',
    ]
    for number, result in enumerate(results.values()):
        row, column = divmod(number, COLUMNS)
        x, y = column * (LEFT + WIDTH + RIGHT) + LEFT, row * (TOP + HEIGHT + BOTTOM) + TOP
        parts += [f'<g transform="translate({x} {y})">', *_plot(result), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def points(costs: list[tuple[int, float]]) -> list[tuple[float, float]]:
    """Return the coordinates of costs in a plot. Both axes begin at zero."""
    high = top_of(costs)
    return [(size / costs[-1][0] * WIDTH, HEIGHT - cost / high * HEIGHT) for size, cost in costs]


def top_of(costs: list[tuple[int, float]]) -> float:
    """Return the upper end of the vertical axis, in steps."""
    return 1.25 * max(cost for _, cost in costs)


def _plot(result: Mapping[str, Any]) -> list[str]:
    costs = result["costs"]
    places = points(costs)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    last_x, last_y = places[-1]
    return [
        _text(-LEFT + 6, -10, result["title"], weight="bold"),
        f'<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#999"/>',
        f'<polyline points="{line}" fill="none" stroke="{COLOR}" stroke-width="1.5"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{COLOR}"/>' for x, y in places),
        _text(last_x, last_y - 7, f"{costs[-1][1]:,.0f}", anchor="end"),
        _text(-5, places[0][1] + 4, f"{costs[0][1]:,.0f}", anchor="end"),
        # Two labels at one place would be illegible.
        *([_text(-5, HEIGHT + 4, "0", anchor="end")] if HEIGHT - places[0][1] > 12 else []),
        _text(WIDTH, HEIGHT + 14, f"{costs[-1][0]:,} {result['unit']}", anchor="end"),
    ]


def _text(x: float, y: float, content: str, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(content)}</text>"
    )
