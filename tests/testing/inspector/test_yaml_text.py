"""Values of JSON as YAML, read again by PyYAML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision.testing._inspector.yaml_text import flow

yaml = pytest.importorskip("yaml", reason="PyYAML is in the extra cli")

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
)
# A key of YAML has at most 1,024 characters.
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
)


@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_yaml_reads_the_value(value):
    assert yaml.safe_load(f"key: {flow(value)}\n") == {"key": value}


@pytest.mark.parametrize(
    "text",
    [
        *("\x00", "\x07", "\x7f", "\x85", "\x9f", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufffe"),
        *("\ud800", "😀", '"', "\\", "/", "'", "# no", "a: b", "- a", "%", "yes", "~", "1e-05", ""),
        *("line\nline", " blank ", "\t", "{{ x }}", "*a", "&a", "!!str", "null", "2001-01-01"),
    ],
)
def test_characters(text):
    assert yaml.safe_load(f"- {flow(text)}\n") == [text]


@pytest.mark.parametrize("number", [1e-05, -1e300, 0.1, 1.5e-7, 5e-324, 10**30, -0.0])
def test_numbers(number):
    (result,) = yaml.safe_load(f"- {flow(number)}\n")
    assert (result, type(result)) == (number, type(number))
