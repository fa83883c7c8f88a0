"""The shared validator: its errors, their wording, and values in messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.counting import calls_of
from xai_vision import InvalidRequestError
from xai_vision._validation import Validator, short_repr
from xai_vision.chat import image

DATA = "QUJD" * 5
URL = f"data:image/png;base64,{DATA * 100}"


@pytest.mark.parametrize(
    ("value", "expected"),
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
        (10**5000, "an integer of 16610 bits"),
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
def test_short_repr(value, expected):
    assert short_repr(value) == expected


any_value = st.recursive(
    st.none()
    | st.integers()
    | st.text()
    | st.just(URL)
    | st.booleans().map(lambda _: 10**5000)
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(URL), inner),
)


@settings(deadline=None)
@given(any_value, st.integers(20, 100))
def test_short_repr_is_short_and_without_data(value, max_length):
    text = short_repr(value, max_length)
    assert len(text) <= max(max_length, 30)
    assert DATA not in text


def test_the_steps_of_short_repr_do_not_grow_with_the_value():
    def shorten(count):
        assert short_repr(["data:" * count]).startswith("['data:data:")
        assert short_repr({"url": f"data:image/png;base64,{DATA * count}"}).endswith("base64,…'}")

    assert calls_of(lambda: shorten(10**6)) <= calls_of(lambda: shorten(10**3)) + 10


def test_an_error_about_detail_contains_no_data():
    with pytest.raises(InvalidRequestError, match="detail must be one of") as caught:
        image("https://e.x/a.jpg", detail=URL)
    assert DATA not in str(caught.value)


def test_short_repr_of_a_deeply_nested_value():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert short_repr(deep) == "a list"
    with pytest.raises(InvalidRequestError, match="not a list"):
        image(URL, detail=deep)


CLIENT = Validator(InvalidRequestError)
FAKE = Validator(TypeError, ValueError)


@pytest.mark.parametrize(
    ("check", "error", "message"),
    [
        (lambda v: v.boolean("a", 1), TypeError, "a must be True or False, not 1"),
        (lambda v: v.integer("a", True), TypeError, "a must be an integer, not True"),
        (lambda v: v.integer("a", 0, 1), ValueError, "a must be an integer of at least 1, not 0"),
        (lambda v: v.integer("a", 9, 1, 8), ValueError, "a must be an integer from 1 to 8, not 9"),
        (lambda v: v.number("a", "1"), TypeError, "a must be a number, not '1'"),
        (
            lambda v: v.number("a", -1),
            ValueError,
            "a must be a finite number of at least 0",
        ),
        (lambda v: v.number("a", 0, positive=True), ValueError, "greater than 0, not 0"),
        (lambda v: v.number("a", float("nan")), ValueError, "of at least 0, not nan"),
        (lambda v: v.string("a", b"x"), TypeError, "must be a string, not bytes. Call .decode()"),
        (lambda v: v.string("a", " ", empty=False), ValueError, "a is empty"),
        (lambda v: v.string("a", "\ud800"), ValueError, "a contains a lone surrogate"),
        (
            lambda v: v.strings("a", "x"),
            TypeError,
            "not a string. Pass ['x']",
        ),
        (
            lambda v: v.strings("a", {"x": 1}),
            TypeError,
            "a list of strings, not {'x': 1}",
        ),
        (lambda v: v.strings("a", ["x", 1]), TypeError, "a[1] must be a string, not int"),
        (lambda v: v.strings("a", "xyz".split("y"), max_=1), ValueError, "at most 1"),
        (lambda v: v.sequence("a", [1], str, "a string"), TypeError, "a[0] must be a string"),
        (lambda v: v.mapping("a", [1]), TypeError, "a must be a dict, not [1]"),
        (lambda v: v.mapping("a", {1: 2}), TypeError, "a key of a must be a string, not 1"),
        (
            lambda v: v.enum("a", "lov", ["low"]),
            ValueError,
            "not 'lov'; did you mean 'low'?",
        ),
        (lambda v: v.enum("a", 1, ["low"]), TypeError, "a must be one of 'low', not 1"),
        (lambda v: v.check_names("f()", ["x"], ["a"]), TypeError, "f() does not accept 'x'. Known"),
    ],
)
def test_messages_do_not_depend_on_the_error_class(check, error, message):
    with pytest.raises(error) as fake:
        check(FAKE)
    with pytest.raises(InvalidRequestError) as client:
        check(CLIENT)
    assert message in str(fake.value)
    assert str(client.value) == str(fake.value)


def test_valid_values_are_returned():
    assert FAKE.integer("a", 3, 3, 3) == 3
    assert FAKE.number("a", 2) == 2.0
    assert FAKE.strings("a", {"b", "a"}) == ("a", "b")
    assert FAKE.enum("a", "low", ["low"]) == "low"
