"""Places in an image: boxes and points, their coordinates, and tiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

from xai_vision.errors._base import InvalidRequestError
from xai_vision.imaging._limits import positive_int, safe_repr
from xai_vision.imaging._placement import Numbers

Scale: TypeAlias = float | tuple[float, float] | Literal["pixels"] | None
"""The range of coordinates: 0 to a number, 0 to (width, height), or pixels of the sent image."""

_EXPECTED = "Pass a box (x0, y0, x1, y1), that is left, top, right, bottom, or a point (x, y)."
_TOLERANCE = 0.1
_MAX_OVERLAP = 0.5


def fractions(place: object, scale: Scale, size: tuple[int, int], *, name: str = "box") -> Numbers:
    """Validate a box or point, and return it as fractions of an image.

    Coordinates that are outside of the image by up to a tenth are moved to its edge.

    Args:
        place: The box or point.
        scale: The range of its coordinates.
        size: The size of the image in pixels.
        name: The argument's name for errors.

    Raises:
        InvalidRequestError: It is not a box or point, or its coordinates do not fit the scale.
    """
    numbers = _numbers(place, name)
    ranges = _ranges(scale, size)
    values = [number / ranges[n % 2] for n, number in enumerate(numbers)]
    shown = _shown(numbers)
    if any(value < -_TOLERANCE or value > 1 + _TOLERANCE for value in values):
        raise _out_of_range(name, shown, scale, ranges, size)
    is_fraction = all(0 <= number <= 1 for number in numbers) and any(n % 1 for n in numbers)
    if is_fraction and isinstance(scale, (int, float)) and scale > 1:
        raise InvalidRequestError(
            f"{name}: {shown} looks like coordinates in 0..1, not in 0..{scale:g}. Pass scale=1."
        )
    if len(values) == 4:
        for axis, first, last in (("x", 0, 2), ("y", 1, 3)):
            if values[first] > values[last]:
                raise InvalidRequestError(
                    f"{name}: {axis}0 is greater than {axis}1 in {shown}. {_EXPECTED}"
                )
    return tuple(min(1.0, max(0.0, value)) for value in values)


def _numbers(place: Any, name: str) -> Numbers:
    if isinstance(place, (str, bytes)) or not isinstance(place, Iterable):
        raise InvalidRequestError(f"{name} must be numbers, not {safe_repr(place)}. {_EXPECTED}")
    values = list(place)
    if len(values) not in (2, 4):
        raise InvalidRequestError(f"{name} has {len(values)} values. {_EXPECTED}")
    return tuple(_number(value, name) for value in values)


def _number(value: Any, name: str) -> float:
    try:
        number = math.nan if isinstance(value, (str, bytes, bool)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequestError(
            f"{name} must contain finite numbers, not {safe_repr(value)}. {_EXPECTED}"
        )
    return number


def _ranges(scale: Scale, size: tuple[int, int]) -> tuple[float, float]:
    if scale is None or scale == "pixels":
        return size
    try:
        pair = (scale, scale) if isinstance(scale, (int, float)) else tuple(scale)
        width, height = (_number(value, "scale") for value in pair)
    except (TypeError, ValueError):  # InvalidRequestError is a ValueError
        width = height = 0.0
    if width <= 0 or height <= 0:
        raise InvalidRequestError(
            "scale must be a number above 0 (the coordinates are in 0..scale), a pair (width, "
            f"height), or None for pixels of the image that is sent, not {safe_repr(scale)}."
        )
    return width, height


def _out_of_range(
    name: str, shown: str, scale: Scale, ranges: Numbers, size: tuple[int, int]
) -> InvalidRequestError:
    pixels = "{}x{}".format(*size)
    if scale is None or scale == "pixels":
        limits, remedy = f"the {pixels} pixels of the image", "Pass scale=1000 for 0..1000."
    else:
        limits = f"0..{ranges[0]:g}"
        if ranges[0] != ranges[1]:
            limits = f"{ranges[0]:g}x{ranges[1]:g}"
        remedy = f"Pass scale=None if these are pixels of the image that was sent ({pixels})."
    return InvalidRequestError(f"{name}: {shown} is outside of {limits}. {remedy}")


def _shown(numbers: Numbers) -> str:
    return f"({', '.join(f'{number:g}' for number in numbers)})"


def labeled_places(
    boxes: Any, labels: Any, scale: Scale, size: tuple[int, int]
) -> list[tuple[Numbers, str]]:
    """Validate boxes or points and their labels.

    Returns:
        Each place as fractions of the image, and its label or "".

    Raises:
        InvalidRequestError: A box, the labels or the scale is invalid.
    """
    places = _place_list(boxes)
    texts = [""] * len(places) if labels is None else _label_list(labels)
    if len(texts) != len(places):
        raise InvalidRequestError(
            f"labels has {len(texts)} labels for {len(places)} boxes. Pass one for each box."
        )
    return [
        (fractions(place, scale, size, name=f"boxes[{index}]"), text)
        for index, (place, text) in enumerate(zip(places, texts, strict=True))
    ]


def _place_list(boxes: Any) -> list[Any]:
    if isinstance(boxes, (str, bytes)) or not isinstance(boxes, Iterable):
        raise InvalidRequestError(f"boxes must be a list, not {safe_repr(boxes)}. {_EXPECTED}")
    places = list(boxes)
    is_single = bool(places) and not isinstance(places[0], (str, bytes, Iterable))
    return [places] if is_single else places


def _label_list(labels: Any) -> list[str]:
    texts = [labels] if isinstance(labels, str) else labels
    if not isinstance(texts, Iterable):
        raise InvalidRequestError(f"labels must be a list of strings, not {safe_repr(labels)}.")
    texts = ["" if text is None else text for text in texts]
    for text in texts:
        if not isinstance(text, str):
            raise InvalidRequestError(f"labels must be strings or None, not {safe_repr(text)}.")
    return texts


class TileGrid:
    """Overlapping tiles of nearly equal size that cover an image."""

    def __init__(self, size: tuple[int, int], max_side: int, overlap: float) -> None:
        """Compute the grid.

        Raises:
            InvalidRequestError: An argument is invalid.
        """
        longest = positive_int("max_side", max_side)
        try:
            share = _number(overlap, "overlap")
        except InvalidRequestError:
            share = -1.0
        if not 0 <= share <= _MAX_OVERLAP:
            raise InvalidRequestError(
                f"overlap must be a number from 0 to 0.5, not {safe_repr(overlap)}. It is the part "
                "of a tile's side that the next tile shows too."
            )
        self._columns, self._rows = (_spans(side, longest, int(share * longest)) for side in size)

    def __len__(self) -> int:
        return len(self._columns) * len(self._rows)

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield boxes in pixels, row by row."""
        for top, bottom in self._rows:
            for left, right in self._columns:
                yield left, top, right, bottom


def _spans(length: int, longest: int, overlap: int) -> list[tuple[int, int]]:
    """Divide a side into the fewest spans of one length that overlap by at least ``overlap``."""
    if length <= longest:
        return [(0, length)]
    count = -((overlap - length) // (longest - overlap))  # rounded up
    side = -(-(length + (count - 1) * overlap) // count)
    starts = [index * (length - side) // (count - 1) for index in range(count)]
    return [(start, start + side) for start in starts]
