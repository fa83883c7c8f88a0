"""Values in the texts of errors: short, and no pictures."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision import InvalidRequestError
from xai_vision._validation import shown
from xai_vision.chat import image

DATA = "QUJD" * 5
URL = f"data:image/png;base64,{DATA * 100}"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a", "'a'"),
        (None, "None"),
        ("x" * 200, f"'{'x' * 78}…"),
        (URL, "'data:image/png;base64,…'"),
        (URL.upper(), "'DATA:IMAGE/PNG;BASE64,…'"),
        ("data:image/svg+xml,<svg a='b'>", "'data:image/svg+xml,…'"),
        ({"url": URL, "detail": 1}, "{'url': 'data:image/png;base64,…', 'detail': 1}"),
        (URL.replace(",", ""), "'data:…'"),
        (["./base64," + DATA], "['./base64,…']"),
        (URL.encode(), "b'data:image/png;base64,…'"),
        (10**5000, "a whole number of 16610 bits"),
        ([10**5000], "a list"),
    ],
    ids=[
        "word",
        "none",
        "long",
        "url",
        "upper",
        "svg",
        "within",
        "no comma",
        "no label",
        "bytes",
        "huge",
        "list",
    ],
)
def test_by_hand(value, words):
    assert shown(value) == words


junk = st.recursive(
    st.none()
    | st.integers()
    | st.text()
    | st.just(URL)
    | st.booleans().map(lambda _: 10**5000)
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(URL), inner),
)


@settings(deadline=None)
@given(junk, st.integers(20, 100))
def test_short_and_without_data(value, most):
    written = shown(value, most)
    assert len(written) <= max(most, 30)
    assert DATA not in written


def test_long_values_take_no_time():
    start = time.process_time()
    assert shown(["data:" * 10**6]).startswith("['data:data:")
    assert shown({"url": f"data:image/png;base64,{DATA * 10**6}"}).endswith("base64,…'}")
    assert time.process_time() - start < 10


def test_the_detail_of_a_picture():
    with pytest.raises(InvalidRequestError, match="detail must be one of") as caught:
        image("https://e.x/a.jpg", detail=URL)
    assert DATA not in str(caught.value)


def test_what_is_too_deep_to_be_written_out():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "a list"
    with pytest.raises(InvalidRequestError, match="not a list"):
        image(URL, detail=deep)
