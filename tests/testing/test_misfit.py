"""Whether a value fits a schema: our small check against the jsonschema package."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.testing.test_schemas import TREE, schemas
from xai_vision.testing._rules.schema_check import schema_error
from xai_vision.testing._service.default_reply.schema_example import example


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        (None, 5, ""),
        (True, 5, ""),
        (False, 5, "$ is not allowed"),
        ({"type": "integer"}, 5.0, ""),
        ({"type": "integer"}, 5.5, "$ is 5.5, not of type integer"),
        ({"type": ["string", "null"]}, 5, "not of type string or null"),
        ({"type": "boolean"}, 1, "not of type boolean"),
        ({"type": "number"}, True, "not of type number"),
        ({"const": "a"}, "b", "$ is 'b', not 'a'"),
        ({"enum": ["a"]}, "b", "none of ['a']"),
        ({"required": ["a"]}, {}, "$.a is missing"),
        ({"additionalProperties": False}, {"a": 1}, "$.a is not allowed"),
        ({"properties": {"a": {"items": {"type": "null"}}}}, {"a": [None, 1]}, "$.a[1] is 1"),
        ({"prefixItems": [{"type": "null"}], "items": False}, [None, 1], "$[1] is not allowed"),
        ({"uniqueItems": True}, [1, 2, 1], "$ has an item twice"),
        ({"minItems": 2}, [1], "fewer than minItems 2"),
        ({"maxLength": 2}, "abc", "more than maxLength 2"),
        ({"pattern": "^a"}, "b", "not of the pattern"),
        ({"minimum": 2}, 1, "too small"),
        ({"exclusiveMinimum": 2}, 2, "too small"),
        ({"maximum": 2}, 3, "too large"),
        ({"exclusiveMaximum": 2}, 2, "too large"),
        ({"anyOf": [{"type": "null"}, {"const": 3}]}, 4, "$ fits none of anyOf"),
        ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 4, "too large"),
        (TREE, {"value": 1, "left": {"value": "x", "left": None}}, "fits none of anyOf"),
        (TREE, {"value": 1, "left": {"value": 2, "left": None}}, ""),
        ({"prefixItems": [{"const": 1}, {"$ref": "#/prefixItems/0"}]}, [1, 2], "$[1] is 2"),
    ],
)
def test_by_hand(schema, value, words):
    said = schema_error(schema, value)
    assert words in said
    assert bool(said) == bool(words)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None)
@given(schemas, values)
def test_as_the_jsonschema_package_says(schema, value):
    valid = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert (schema_error(schema, value) == "") == valid


@settings(max_examples=60, deadline=None)
@given(schemas)
def test_an_example_fits(schema):
    assert schema_error(schema, example(schema)) == ""
