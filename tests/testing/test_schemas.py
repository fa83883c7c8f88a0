"""Examples that fit a schema, checked by the jsonschema package."""

from __future__ import annotations

import enum
import json
from typing import Annotated, Literal

import jsonschema
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision.testing._service.default_reply.schema_example import example


def fits(schema):
    value = example(schema)
    json.dumps(value, allow_nan=False)
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)
    assert example(schema) == value
    return value


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "right": {"$ref": "#/$defs/node"},
                "all": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "value": {"type": "integer"},
            },
            "required": ["value", "left"],
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"const": [1, None]},
        {"enum": ["b", "a"]},
        {"type": ["null", "string"]},
        {"type": "null"},
        TREE,
        {"type": "integer", "minimum": 5, "maximum": 9, "multipleOf": 4},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
        {"type": "integer", "exclusiveMinimum": -3, "maximum": -2},
        {"type": "integer", "maximum": -100},
        {"type": "integer", "minimum": 2**63 - 1, "maximum": 2**63 - 1},
        {"type": "integer", "minimum": 2**53 + 1, "maximum": 2**53 + 1},
        {"type": "integer", "minimum": 10**400},
        {"type": "integer", "minimum": 2, "multipleOf": 1.5},
        {"type": "integer", "minimum": -3, "maximum": 3, "multipleOf": 5},
        {"type": "number", "minimum": 10**400},
        {"type": "number", "minimum": 1e308},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-300},
        {"type": "number", "exclusiveMinimum": 1, "maximum": 1.0000000000000002},
        {"type": "number", "minimum": 0.3, "maximum": 0.3},
        {
            "type": "array",
            "minItems": 9,
            "uniqueItems": True,
            "items": {"minimum": 0, "maximum": 1},
        },
        {
            "type": "array",
            "minItems": 9,
            "uniqueItems": True,
            "items": {"type": "integer", "minimum": -5, "maximum": 3},
        },
        {
            "type": "array",
            "minItems": 1000,
            "uniqueItems": True,
            "items": {"type": "integer", "exclusiveMaximum": 3},
        },
        {"type": "string", "minLength": 20, "maxLength": 22},
        {"type": "string", "maxLength": 0},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "string"}, "minItems": 9, "uniqueItems": True},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": False},
        {"type": "array", "maxItems": 0},
        {"allOf": [{"properties": {"a": {"type": "null"}}}, {"required": ["a", "b"]}]},
        {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "minimum": 1}]},
        {"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 1, "required": ["b"]},
        {"type": "object", "minProperties": 1000},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1000, "uniqueItems": True},
        {"type": "array", "items": {"type": "array", "minItems": 99}, "minItems": 99},
        {"oneOf": [{"type": "null"}, {"type": "integer"}]},
        {"properties": {"a~/b": {"type": "null"}, "c": {"$ref": "#/properties/a~0~1b"}}},
        *({"type": "string", "format": form} for form in ("date", "email", "uuid", "ipv4", "uri")),
    ],
)
def test_a_schema_by_hand(schema):
    fits(schema)


def test_multiples_are_those_of_the_number_as_it_was_written():
    # Not by jsonschema: it divides floats, and 0.3 / 0.1 is 2.9999999999999996.
    schema = {"type": "number", "multipleOf": 0.1, "minimum": 0.3, "maximum": 0.3}
    assert example(schema) == 0.3


class Colour(enum.Enum):
    RED = "red"


class Part(pydantic.BaseModel):
    name: Annotated[str, pydantic.Field(min_length=8, max_length=12)]
    weight: Annotated[float, pydantic.Field(gt=0, le=0.25)] | None
    parts: list[Part] = []


class Whole(pydantic.BaseModel):
    kind: Literal["a", "b"]
    colour: Colour
    part: Part
    pair: tuple[int, str]
    codes: dict[str, Annotated[str, pydantic.Field(pattern=r"^\d{3}$")]]
    when: str | None = None


def test_a_pydantic_model():
    value = fits(Whole.model_json_schema())
    assert Whole.model_validate(value).colour is Colour.RED


def whole_numbers():
    return st.tuples(st.integers(-99, 99), st.integers(0, 50)).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1]}
    )


def strings():
    return st.tuples(st.integers(0, 12), st.integers(0, 12)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": sum(pair)}
    )


def numbers():
    return st.floats(-1e6, 1e6).map(lambda x: {"type": "number", "exclusiveMinimum": x})


@st.composite
def bounded(draw):
    """A number's schema, and one number that fits it."""
    number = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    value = draw(number)
    ends = st.none() | number
    low, high = draw(ends), draw(ends)
    schema = {"type": "number"}
    if low is not None:
        schema["exclusiveMinimum" if low < value else "minimum"] = min(low, value)
    if high is not None:
        schema["exclusiveMaximum" if high > value else "maximum"] = max(high, value)
    if isinstance(value, int) and draw(st.booleans()):
        schema["type"] = "integer"
    return schema


@settings(max_examples=300, deadline=None)
@given(bounded())
def test_any_number_that_there_is(schema):
    fits(schema)


def objects(inner):
    names = st.text("abc ~/%", min_size=1, max_size=4)
    return st.dictionaries(names, inner, max_size=4).flatmap(
        lambda made: st.sets(st.sampled_from(sorted(made)) if made else st.nothing()).map(
            lambda needed: {
                "type": "object",
                "properties": made,
                "required": sorted(needed),
                "additionalProperties": False,
            }
        )
    )


def arrays(inner):
    return st.tuples(inner, st.integers(0, 3)).map(
        lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
    )


leaves = st.one_of(
    whole_numbers(),
    strings(),
    numbers(),
    st.just({"type": ["boolean", "null"]}),
    st.lists(st.integers() | st.text(), min_size=1).map(lambda items: {"enum": items}),
    st.text().map(lambda text: {"const": text}),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        objects(inner),
        arrays(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(schemas)
def test_any_schema(schema):
    fits(schema)
