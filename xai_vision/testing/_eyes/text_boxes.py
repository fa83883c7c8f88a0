"""Put boxes of recognized text in the order in which a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class TextBox:
    """Text at a place of an image.

    Attributes:
        corners: The corners in pixels: top left, top right, bottom right and bottom left.
        text: The text.
        score: How certain the text is, from 0 to 1.
    """

    corners: tuple[Point, ...]
    text: str
    score: float

    @property
    def center(self) -> Point:
        """The center of the box."""
        return (sum(x for x, _ in self.corners) / 4, sum(y for _, y in self.corners) / 4)

    @property
    def is_sideways(self) -> bool:
        """Whether the long sides are closer to vertical than to horizontal."""
        top_left, top_right, _, bottom_left = self.corners
        end = max(top_right, bottom_left, key=lambda corner: math.dist(top_left, corner))
        return abs(end[1] - top_left[1]) > abs(end[0] - top_left[0])

    @property
    def height(self) -> float:
        """The length of a short side."""
        top_left, top_right, _, bottom_left = self.corners
        return min(math.dist(top_left, top_right), math.dist(top_left, bottom_left))


def are_sideways(boxes: Sequence[TextBox]) -> bool:
    """Return whether most of the text is vertical, because the page is turned by 90 degrees."""
    weights = {True: 0, False: 0}
    for box in boxes:
        # The box of a single letter is higher than wide.
        if len(box.text) > 1:
            weights[box.is_sideways] += len(box.text)
    return weights[True] > weights[False]


def mean_score(boxes: Sequence[TextBox]) -> float:
    """Return the mean score of all characters; 1.0 if there are none."""
    characters = sum(len(box.text) for box in boxes)
    return sum(len(box.text) * box.score for box in boxes) / characters if characters else 1.0


def lines_of(boxes: Sequence[TextBox]) -> tuple[str, ...]:
    """Join boxes to lines of text, from top to bottom.

    The boxes of a page that is not straight are not either. The order follows the direction of
    most of the text.
    """
    if not boxes:
        return ()
    cos, sin = _reading_direction(boxes)
    # The position along a line, and the distance of the line from the top.
    placed = [
        (x * cos + y * sin, y * cos - x * sin, box) for box in boxes for x, y in (box.center,)
    ]
    placed.sort(key=lambda item: item[1])
    lines: list[list[tuple[float, float, TextBox]]] = []
    for item in placed:
        if lines and _is_same_line(lines[-1][-1], item):
            lines[-1].append(item)
        else:
            lines.append([item])
    return tuple(
        " ".join(box.text for _, _, box in sorted(line, key=lambda item: item[0])) for line in lines
    )


def _is_same_line(
    first: tuple[float, float, TextBox], second: tuple[float, float, TextBox]
) -> bool:
    height = min(first[2].height, second[2].height)
    return abs(second[1] - first[1]) < height / 2


def _reading_direction(boxes: Sequence[TextBox]) -> Point:
    """Return the unit vector along the lines, from left to right."""
    x = y = 0.0
    for box in boxes:
        if not box.is_sideways:
            (left, top), (right, bottom) = box.corners[:2]
            x, y = x + right - left, y + bottom - top
    length = math.hypot(x, y)
    return (x / length, y / length) if length else (1.0, 0.0)
