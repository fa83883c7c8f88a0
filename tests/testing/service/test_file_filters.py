"""The filter language of file lists: any filter means the same as its expression in Python."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision.testing import ServiceError
from xai_vision.testing._files.filters import FIELDS, parse_filter

TEXTS = ["file_id", "name", "file_name", "content_type", "upload_status", "user_defined_id"]
TIMES = ["created_at", "expires_at", "public_url_expires_at"]
EQUALITY = ["=", "!="]
OPERATORS = ["=", "!=", ">", ">=", "<", "<="]
PYTHON = {
    "=": lambda a, b: a is not None and a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a is not None and a > b,
    ">=": lambda a, b: a is not None and a >= b,
    "<": lambda a, b: a is not None and a < b,
    "<=": lambda a, b: a is not None and a <= b,
}
words = st.sampled_from(["a", "b", "file_1", "AND", 'with "quotes"', "\\", "ü", ""])
numbers = st.integers(0, 5)
seconds = st.sampled_from([0, 1, 60, 3600, 1_700_000_000])


def stamp(value):
    return datetime.fromtimestamp(value, timezone.utc).isoformat().replace("+00:00", "Z")


def comparison(names, operators, values, write):
    def make(drawn):
        name, operator, value = drawn
        return f"{name} {operator} {write(value)}", lambda e: PYTHON[operator](e[name], value)

    return st.tuples(st.sampled_from(names), st.sampled_from(operators), values).map(make)


def is_null(drawn):
    name, operator = drawn
    return f"{name} {operator} null", lambda e: (e[name] is None) == (operator == "=")


comparisons = st.one_of(
    comparison(TEXTS, OPERATORS, words, json.dumps),
    comparison(["size_bytes"], OPERATORS, numbers, str),
    comparison(TIMES, OPERATORS, seconds, lambda value: json.dumps(stamp(value))),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(EQUALITY)).map(is_null),
)


def combine(inner):
    def negate(part):
        return f"NOT ({part[0]})", lambda e: not part[1](e)

    def join(drawn):
        parts, word = drawn
        text = f" {word} ".join(f"({part[0]})" for part in parts)
        function = all if word == "AND" else any
        return text, lambda e: function(part[1](e) for part in parts)

    lists = st.lists(inner, min_size=2, max_size=3)
    return inner.map(negate) | st.tuples(lists, st.sampled_from(["AND", "OR"])).map(join)


entries = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS, words | st.none()),
        "public_url": words | st.none(),
        "size_bytes": numbers,
        **dict.fromkeys(TIMES, seconds | st.none()),
    }
)


@settings(max_examples=300)
@given(st.recursive(comparisons, combine, max_leaves=8), st.lists(entries, max_size=5))
def test_a_filter_means_what_it_says(expression, rows):
    text, meaning = expression
    predicate = parse_filter(text)
    assert [predicate(row) for row in rows] == [meaning(row) for row in rows]


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                *FIELDS,
                *OPERATORS,
                "AND",
                "OR",
                "NOT",
                "null",
                '"x"',
                "5",
                "(",
                ")",
                "x",
                "-1.5",
                '"',
            ]
        ),
        max_size=8,
    ).map(" ".join)
)
def test_any_other_text_is_refused_with_a_position(text):
    error = error_of(text)
    if error is not None:
        assert error.code.name == "INVALID_ARGUMENT"
        assert error.details.startswith("Invalid filter at position ")
        assert ": expected " in error.details


def error_of(text):
    try:
        parse_filter(text)
    except ServiceError as error:
        return error
    return None


def row(**fields):
    return {**dict.fromkeys(FIELDS), "size_bytes": 0, **fields}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # NOT binds tighter than AND, and AND tighter than OR.
        ('name = "a" OR name = "b" AND size_bytes > 1', True),
        ('(name = "a" OR name = "b") AND size_bytes > 1', False),
        ('NOT name = "b" AND size_bytes = 1', True),
        ('NOT (name = "a" AND size_bytes = 1)', False),
        ('NOT NOT name="a"', True),
        ("  ", True),
        ("created_at >= 100 AND created_at < 101", True),
        ('created_at = "1970-01-01T00:01:40Z"', True),
        ('created_at = "1970-01-01T02:01:40+02:00"', True),
        ("expires_at = null AND name != null", True),
        ('content_type != "image/png"', True),
        ("expires_at > 5 OR expires_at <= 5", False),
    ],
)
def test_precedence_and_values(text, expected):
    assert parse_filter(text)(row(name="a", size_bytes=1, created_at=100.0)) is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nam = 5", "at position 0: expected a field (file_id, name"),
        ("name", "at position 4: expected an operator (= != > >= < <=), found the end"),
        ("name == 5", "at position 6: expected a string in double quotes"),
        ("name = 'a'", "at position 7: expected a field, an operator or a value, found \"'a'\""),
        ('name = "a', "at position 7: expected a field, an operator or a value"),
        ("name = 5", "expected a string in double quotes, or null, found '5'"),
        ('size_bytes = "5"', "expected a number, or null"),
        ('created_at > "soon"', "expected a time in ISO 8601 form, found"),
        ("expires_at > null", "expected a value for >; null is compared with = and !="),
        ('name = "a" and name = "b"', "at position 11: expected AND, OR or the end, found 'and"),
        ('(name = "a"', "expected a closing parenthesis, found the end"),
        ("NOT", "at position 3: expected a field"),
        ("(" * 60 + 'name = "a"', "at most 50 levels of NOT and parentheses"),
        ("NOT " * 5000 + 'name = "a"', "at most 50 levels of NOT and parentheses"),
    ],
)
def test_errors_name_the_position_and_what_is_expected(text, words):
    with pytest.raises(ServiceError) as caught:
        parse_filter(text)
    assert words in caught.value.details
