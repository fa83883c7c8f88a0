"""Schemas that are invalid, require too much, or are long themselves."""

from __future__ import annotations

import pytest

from tests.counting import calls_of
from tests.testing.default_reply.test_schema_example import valid_example
from xai_vision.testing import ServiceError
from xai_vision.testing._service.default_reply.schema_example import example

# Without limits some of the schemas took minutes.
MAX_FUNCTION_CALLS = 50_000_000


def nested_arrays(levels, count, innermost=None, **keywords):
    """A schema of arrays of arrays. Each level multiplies the number of items by ``count``."""
    schema = innermost or {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "minItems": count, "items": schema, **keywords}
    return schema


def doubling_references(keywords, levels=30):
    """A short schema in which each level has two references to the next.

    ``keywords`` returns the keywords that contain the references.
    """
    definitions = {
        str(n): {
            "type": "object",
            "required": ["a", "b"],
            **keywords([{"$ref": f"#/$defs/{n + 1}"}] * 2),
        }
        for n in range(levels)
    }
    return {"$ref": "#/$defs/0", "$defs": {**definitions, str(levels): {"type": "object"}}}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (False, "allows no value"),
        ({"$ref": "#/nowhere"}, "points to nothing"),
        ({"$ref": "https://e.x/schema"}, "is outside the schema"),
        ({"$ref": "#"}, "circular reference"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "allow no number"),
        ({"type": "number", "minimum": 1.5, "maximum": 1.2}, "allow no number"),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 1}, "allow no number"),
        (
            {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.0000000000000002},
            "allow no number",
        ),
        ({"type": "number", "minimum": 0.1, "maximum": 0.2, "multipleOf": 0.3}, "allow no number"),
        ({"type": "number", "minimum": 10**400, "multipleOf": 1.5}, "number that is too large"),
        (
            {"type": "number", "minimum": "3"},
            "not a valid JSON schema: a keyword has a value of the wrong",
        ),
        (
            {"type": "string", "pattern": "[^\\x00-\\uffff]"},
            "it excludes every character that is tried",
        ),
        ({"type": "string", "pattern": "("}, "No example can be generated"),
        ({"type": "string", "pattern": "^a(?=b)c$"}, "No example can be generated"),
        (
            {"type": "array", "items": {"const": 1}, "minItems": 2, "uniqueItems": True},
            "more unique items",
        ),
        (
            {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
            "infinitely nested",
        ),
        ({"properties": {"a": 5}}, "not a valid JSON schema"),
        ({"type": -1}, "not a valid JSON schema: a keyword has a value of the wrong type"),
        ({"type": "text"}, "not a valid JSON schema"),
        ({"type": [1]}, "not a valid JSON schema"),
        ({"properties": [1]}, "not a valid JSON schema"),
        ({"type": "object", "required": 3}, "not a valid JSON schema"),
        ({"enum": 5}, "not a valid JSON schema"),
        ({"$ref": 5}, "not a valid JSON schema"),
        ({"allOf": 3}, "not a valid JSON schema"),
        ({"minLength": "x"}, "not a valid JSON schema"),
        ({"type": "number", "multipleOf": "x"}, "not a valid JSON schema"),
        ({"type": "number", "minimum": float("inf")}, "not a valid JSON schema"),
        ({"type": "array", "minItems": 2**70}, "minItems is too large"),
        ({"type": "object", "minProperties": 10**9}, "minProperties is too large"),
        ({"type": "string", "minLength": 2**70}, "minLength is too large"),
        ({"pattern": "(a{1000}){1000000}"}, "it has too many repetitions"),
        ({"pattern": "(a*)*", "minLength": 1000}, "it has too many repetitions"),
        ({"pattern": r"\ud800"}, "surrogates not allowed"),
        ({"allOf": [False]}, "allows no value"),
        ({"type": "text"}, "unknown type 'text'"),
        ({"const": [float("nan")]}, "not a valid JSON schema"),
        (nested_arrays(3, 100), "too large a value. The limit is 500000 characters"),
        (nested_arrays(4, 300), "too large a value. The limit is 500000 characters"),
        (nested_arrays(2, 1000), "too large a value"),
        (nested_arrays(1, 1000, {"type": "string", "minLength": 99_999}), "too large a value"),
        (nested_arrays(1, 1000, {"const": {"a": "x" * 10_000}}), "too large a value"),
        (nested_arrays(2, 300, uniqueItems=True), "more unique items"),
        pytest.param(
            doubling_references(lambda references: {"additionalProperties": references[0]}),
            "too large a value",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            doubling_references(lambda references: {"allOf": references * 4}, 15),
            "too large a value",
            marks=pytest.mark.slow,
        ),
        (
            {
                "type": "object",
                "minProperties": 1000,
                "additionalProperties": nested_arrays(1, 500),
            },
            "too large a value",
        ),
    ],
)
def test_a_schema_without_an_example(schema, message):
    errors = []

    def generate():
        with pytest.raises(ServiceError) as caught:
            example(schema)
        errors.append(caught.value)

    assert calls_of(generate) < MAX_FUNCTION_CALLS
    assert errors[0].code.name == "INVALID_ARGUMENT"
    assert message in errors[0].details


class Name(str):
    """A name that counts comparisons."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other):
        Name.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


NAMES = [Name(f"p{n:06}") for n in range(4_000)]
OTHERS = [Name(f"q{n:06}") for n in range(2_000)]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {n: {"type": "null"} for n in NAMES}, "required": NAMES},
        {
            "type": "object",
            "properties": {n: {"type": "null"} for n in OTHERS},
            "required": NAMES,
            "maxProperties": 4_001,
            "additionalProperties": {"type": "null"},
        },
        {
            "allOf": [{"required": NAMES}, {"required": OTHERS}],
            "additionalProperties": {"type": "null"},
        },
        {"allOf": [{"enum": NAMES}, {"enum": NAMES[::-1]}]},
        {"allOf": [{"type": [*NAMES, "null"]}, {"type": [*OTHERS, "null"]}]},
    ],
    ids=["required", "maxProperties", "both required", "both enums", "both types"],
)
def test_long_lists_are_combined_in_linear_time(schema):
    Name.comparisons = 0
    value = example(schema)
    assert Name.comparisons < 50_000  # searching a list for each name takes millions
    assert value in (None, "p000000") or len(value) >= 4_000


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"allOf": [{"enum": [True, 1, "a"]}, {"enum": [1.0, "b"]}]}, 1),
        ({"allOf": [{"enum": [{"a": [1]}, [2]]}, {"enum": [[3], {"a": [1]}]}]}, {"a": [1]}),
    ],
)
def test_the_common_value_of_two_enums(schema, value):
    generated = valid_example(schema)
    assert generated == value
    assert type(generated) is type(value)


def test_long_lists_count_in_the_room():
    part = {"enum": NAMES}
    with pytest.raises(ServiceError, match="too large a value") as caught:
        example({"allOf": [part] * 150})
    assert caught.value.code.name == "INVALID_ARGUMENT"
