"""Examples of JSON schemas are valid according to the jsonschema package."""

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


def valid_example(schema):
    """Return the example of a schema, after a check that it is valid and always the same."""
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

FORMATS = ("date", "date-time", "time", "email", "hostname", "uuid", "ipv4", "ipv6", "uri", "regex")


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
        {"allOf": [{"type": "number"}, {"type": ["array", "integer"]}]},
        {"type": "array", "minItems": 2.0, "prefixItems": [{}], "items": {"minLength": 5.0}},
        *({"type": "string", "format": name} for name in FORMATS),
        *(
            {
                "type": "array",
                "minItems": 300,
                "uniqueItems": True,
                "items": {"type": "string", "format": name},
            }
            for name in FORMATS
        ),
    ],
)
def test_examples_are_valid(schema):
    valid_example(schema)


def test_multiple_of_a_decimal_fraction():
    # jsonschema would refuse it: it divides floats, and 0.3 / 0.1 is 2.9999999999999996.
    schema = {"type": "number", "multipleOf": 0.1, "minimum": 0.3, "maximum": 0.3}
    assert example(schema) == 0.3


class Color(enum.Enum):
    RED = "red"


class Component(pydantic.BaseModel):
    name: Annotated[str, pydantic.Field(min_length=8, max_length=12)]
    weight: Annotated[float, pydantic.Field(gt=0, le=0.25)] | None
    components: list[Component] = []


class Product(pydantic.BaseModel):
    kind: Literal["a", "b"]
    color: Color
    component: Component
    pair: tuple[int, str]
    codes: dict[str, Annotated[str, pydantic.Field(pattern=r"^\d{3}$")]]
    when: str | None = None


def test_a_pydantic_model_accepts_the_example_of_its_schema():
    value = valid_example(Product.model_json_schema())
    assert Product.model_validate(value).color is Color.RED


def integer_schemas():
    return st.tuples(st.integers(-99, 99), st.integers(0, 50)).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[0] + pair[1]}
    )


def string_schemas():
    return st.tuples(st.integers(0, 12), st.integers(0, 12)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": sum(pair)}
    )


def number_schemas():
    return st.floats(-1e6, 1e6).map(lambda number: {"type": "number", "exclusiveMinimum": number})


@st.composite
def bounded_number_schemas(draw):
    """A schema with bounds that at least one number fits."""
    number = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    value = draw(number)
    bound = st.none() | number
    low, high = draw(bound), draw(bound)
    schema = {"type": "number"}
    if low is not None:
        schema["exclusiveMinimum" if low < value else "minimum"] = min(low, value)
    if high is not None:
        schema["exclusiveMaximum" if high > value else "maximum"] = max(high, value)
    if isinstance(value, int) and draw(st.booleans()):
        schema["type"] = "integer"
    return schema


@settings(max_examples=300, deadline=None)
@given(bounded_number_schemas())
def test_any_bounds_that_a_number_fits(schema):
    valid_example(schema)


def object_schemas(subschemas):
    names = st.text("abc ~/%", min_size=1, max_size=4)
    return st.dictionaries(names, subschemas, max_size=4).flatmap(
        lambda properties: st.sets(
            st.sampled_from(sorted(properties)) if properties else st.nothing()
        ).map(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": sorted(required),
                "additionalProperties": False,
            }
        )
    )


def array_schemas(subschemas):
    return st.tuples(subschemas, st.integers(0, 3)).map(
        lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
    )


scalar_schemas = st.one_of(
    integer_schemas(),
    string_schemas(),
    number_schemas(),
    st.just({"type": ["boolean", "null"]}),
    st.lists(st.integers() | st.text(), min_size=1).map(lambda items: {"enum": items}),
    st.text().map(lambda text: {"const": text}),
)
schemas = st.recursive(
    scalar_schemas,
    lambda subschemas: st.one_of(
        object_schemas(subschemas),
        array_schemas(subschemas),
        st.lists(subschemas, min_size=1, max_size=3).map(
            lambda alternatives: {"anyOf": alternatives}
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(schemas)
def test_any_schema(schema):
    valid_example(schema)
