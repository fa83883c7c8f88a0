"""Examples of regular expressions match them."""

from __future__ import annotations

import re

import pytest

from xai_vision.testing import ServiceError
from xai_vision.testing._service.default_reply import regex_example


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}\d{4}$",
        r"^(red|green)-\w+\s\W\D\S$",
        r"^[^a-z]+?.$",
        r"^(\w)x\1$",
        r"^[\d_-]{3,}$",
        r"^[^x]$|^y$",
        "",
    ],
)
def test_an_example_matches(pattern):
    examples = {regex_example.example(pattern, variant=variant) for variant in range(3)}
    assert all(re.search(pattern, text) for text in examples)
    assert len(regex_example.example(r"^\d+$", min_length=12)) >= 12


@pytest.mark.parametrize("pattern", ["(", r"^(?!a)b$", "a^"])
def test_a_pattern_without_an_example(pattern):
    with pytest.raises(ServiceError, match="No example can be generated"):
        regex_example.example(pattern)
