"""Find the recorded call that answers a request."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xai_vision.testing import _validation as check
from xai_vision.testing._cassettes.cassette import MAX_DISTANCE
from xai_vision.testing._cassettes.cassette_file import Interaction
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._cassettes.request_form import RequestForm

_TIE: Final = 0.3
"""Smaller differences do not count: JPEG changes an image as much as another digit does."""
_SHOWN_DIFFERENCES: Final = 6
_COMPARED_CHARACTERS: Final = 2000


@dataclass(frozen=True)
class Difference:
    """A part in which a request differs from a recorded one.

    Attributes:
        path: Where it is.
        recorded: The recorded value, as text.
        requested: The value of the request, as text.
        weight: How different the values are, from 0 to 1.
    """

    path: str
    recorded: str
    requested: str
    weight: float

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded}, requested {self.requested}"


class Matcher:
    """Compares requests.

    Args:
        images: The images of the cassette and of the requests.
        max_distance: The largest visual distance of images that count as the same.
    """

    def __init__(self, images: ImageTable, max_distance: float = MAX_DISTANCE) -> None:
        self._images = images
        self._max_distance = max_distance

    def choose(
        self, request: RequestForm, recorded: Sequence[tuple[RequestForm, Interaction]]
    ) -> Interaction | None:
        """Return the call that answers a request; None if there is none.

        Of several, the first that was not used yet, and then the last. Calls with the same images
        and settings come before those with similar images or other settings.

        Args:
            request: The request.
            recorded: The recorded calls in order, each with its request.
        """
        matching = [
            (distance, form, interaction)
            for form, interaction in recorded
            if (distance := self._distance(request, form)) is not None
        ]
        if not matching:
            return None
        nearest = min(distance for distance, _, _ in matching)
        identical = [item for item in matching if item[1].images == request.images]
        close = [
            (len(_differing(request.settings, form.settings)), distance, interaction)
            for distance, form, interaction in identical or matching
            if distance <= nearest + _TIE
        ]
        fewest = min(count for count, _, _ in close)
        same = [(distance, item) for count, distance, item in close if count == fewest]
        unused = (item for _, item in same if not item.uses)
        # Of several calls with the same distance, min() returns the first.
        return next(unused, None) or min(reversed(same), key=lambda pair: pair[0])[1]

    def _distance(self, request: RequestForm, recorded: RequestForm) -> float | None:
        """Return the distance of the images of two requests; None if the requests differ."""
        if request.method != recorded.method or request.values != recorded.values:
            return None
        if request.images.keys() != recorded.images.keys():
            return None
        total = 0.0
        for path, digest in request.images.items():
            distance = self._images.distance(digest, recorded.images[path])
            if distance is None or distance > self._max_distance:
                return None
            total += distance
        return total

    def differences(self, request: RequestForm, recorded: RequestForm) -> list[Difference]:
        """Return the parts in which a request differs from a recorded one."""
        if request.method != recorded.method:
            return [Difference("method", recorded.method, request.method, 1.0)]
        found = [
            _difference(path, recorded.values.get(path), request.values.get(path))
            for path in _differing(request.values, recorded.values)
        ]
        for path in sorted(request.images.keys() | recorded.images.keys()):
            difference = self._image_difference(
                path, recorded.images.get(path), request.images.get(path)
            )
            found += [difference] if difference else []
        return found

    def _image_difference(
        self, path: str, recorded: str | None, requested: str | None
    ) -> Difference | None:
        labels = [
            "no image" if item is None else self._images.label(item)
            for item in (recorded, requested)
        ]
        if recorded is None or requested is None:
            return Difference(path, labels[0], labels[1], 1.0)
        distance = self._images.distance(recorded, requested)
        if distance is None:
            return Difference(path, labels[0], labels[1], 1.0)
        if distance <= self._max_distance:
            return None
        text = f"{labels[1]} (distance {distance:.1f}, at most {self._max_distance:g})"
        return Difference(path, labels[0], text, distance / 100)

    def explain(
        self, request: RequestForm, recorded: Sequence[tuple[RequestForm, Interaction]]
    ) -> str:
        """Return the nearest recorded call of the same method, and how the request differs."""
        same_method = [
            (number, self.differences(request, form))
            for number, (form, _) in enumerate(recorded, 1)
            if form.method == request.method
        ]
        if not same_method:
            return f"It has no call of {request.name}."
        number, differences = min(
            same_method, key=lambda item: (sum(d.weight for d in item[1]), item[0])
        )
        shown = [f"  {item}" for item in differences[:_SHOWN_DIFFERENCES]]
        if len(differences) > len(shown):
            shown.append(f"  and {len(differences) - len(shown)} more differences")
        return "\n".join([f"The nearest call is number {number} of {len(recorded)}:", *shown])


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    paths = dict.fromkeys((*one, *other))
    return [path for path in paths if one.get(path) != other.get(path)]


def _difference(path: str, recorded: Any, requested: Any) -> Difference:
    if not (isinstance(recorded, str) and isinstance(requested, str)):
        return Difference(path, _show(recorded), _show(requested), 1.0)
    start = _common_start(recorded, requested)
    one, other = recorded[:_COMPARED_CHARACTERS], requested[:_COMPARED_CHARACTERS]
    similarity = difflib.SequenceMatcher(None, one, other, autojunk=False).quick_ratio()
    # Texts with the same letters in another order have a similarity of 1.
    weight = max(1 - similarity, 0.01)
    return Difference(
        path, repr(_excerpt(recorded, start)), repr(_excerpt(requested, start)), weight
    )


def _show(value: Any) -> str:
    return "nothing" if value is None else check.short_repr(value)


def _common_start(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    shorter = min(len(one), len(other))
    return next((index for index, (a, b) in enumerate(pairs) if a != b), shorter)


def _excerpt(text: str, start: int) -> str:
    """Return the part of a text around the position from which two texts differ."""
    first = max(0, start - 20) if len(text) > 80 else 0
    excerpt = text[first : first + 80]
    return f"{'…' if first else ''}{excerpt}{'…' if first + 80 < len(text) else ''}"
