"""Lines of text from boxes in any order."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision.testing._eyes.text_boxes import TextBox, are_sideways, lines_of, mean_score


def box(text, x, y, width=None, height=20.0, angle=0.0, score=1.0):
    """Return a box whose page is turned around the origin by an angle in degrees."""
    width = 10.0 * len(text) if width is None else width
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    turned = tuple((x * cos - y * sin, x * sin + y * cos) for x, y in corners)
    return TextBox(turned, text, score)


TABLE = [
    ("Item", 0, 0),
    ("Price", 300, 3),
    ("Bolt M8", 0, 40),
    ("0.25", 310, 38),
    ("Nut", 0, 80),
    ("0.10", 312, 81),
    ("Total of all rows", 0, 130),
]
LINES = ("Item Price", "Bolt M8 0.25", "Nut 0.10", "Total of all rows")


@given(st.floats(-20, 20), st.randoms(use_true_random=False))
def test_a_page_that_is_not_straight(angle, rng):
    boxes = [box(text, x, y, angle=angle) for text, x, y in TABLE]
    rng.shuffle(boxes)
    assert lines_of(boxes) == LINES
    assert not are_sideways(boxes)


@pytest.mark.parametrize("angle", [90, -90, 80, 100])
def test_a_page_that_is_sideways(angle):
    assert are_sideways([box(text, x, y, angle=angle) for text, x, y in TABLE])


def test_single_letters_do_not_say_that_a_page_is_sideways():
    letters = [box(letter, 40 * x, 0, width=10, height=24) for x, letter in enumerate("1Il|17")]
    assert not are_sideways(letters)
    assert lines_of(letters) == ("1 I l | 1 7",)


def test_a_vertical_label_beside_lines():
    boxes = [box(text, x, y) for text, x, y in TABLE]
    boxes.append(box("margin", 500, 30, width=20, height=90))
    assert not are_sideways(boxes)
    assert sorted(" ".join(lines_of(boxes)).split()) == sorted(" ".join([*LINES, "margin"]).split())


def test_no_boxes():
    assert lines_of([]) == ()
    assert not are_sideways([])
    assert mean_score([]) == 1.0


def test_boxes_without_a_size_keep_their_order():
    boxes = [box(str(number), 0, 50 * number, width=0, height=0) for number in range(5)]
    random.Random(0).shuffle(boxes)
    assert lines_of(boxes) == ("0", "1", "2", "3", "4")


def test_the_mean_score_counts_characters():
    boxes = [box("abc", 0, 0, score=1.0), box("d", 0, 40, score=0.2)]
    assert mean_score(boxes) == pytest.approx(0.8)
