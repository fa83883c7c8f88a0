"""Examples that fit a schema, checked by the jsonschema package."""

from __future__ import annotations

import enum
import json
import time
from typing import Annotated, Literal

import jsonschema
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision.testing import ServiceError
from xai_vision.testing.schemas import example


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


def lists(levels, count, of=None, **more):
    """Lists of lists: each level makes ``count`` times as much."""
    schema = of or {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "minItems": count, "items": schema, **more}
    return schema


def doubled(form, levels=30):
    """Few words that make each level twice as much as the next."""
    inner = {
        str(n): {
            "type": "object",
            "required": ["a", "b"],
            **form([{"$ref": f"#/$defs/{n + 1}"}] * 2),
        }
        for n in range(levels)
    }
    return {"$ref": "#/$defs/0", "$defs": {**inner, str(levels): {"type": "object"}}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (False, "allows no value"),
        ({"$ref": "#/nowhere"}, "which is not there"),
        ({"$ref": "https://e.x/schema"}, "outside itself"),
        ({"$ref": "#"}, "circle"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "leave no number"),
        ({"type": "number", "minimum": 1.5, "maximum": 1.2}, "leave no number"),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 1}, "leave no number"),
        (
            {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.0000000000000002},
            "leave no number",
        ),
        ({"type": "number", "minimum": 0.1, "maximum": 0.2, "multipleOf": 0.3}, "leave no number"),
        ({"type": "number", "minimum": 10**400, "multipleOf": 1.5}, "number that is too large"),
        ({"type": "number", "minimum": "3"}, "no JSON schema: a keyword has a value of the wrong"),
        (
            {"type": "string", "pattern": "[^\\x00-\\uffff]"},
            "cannot be met: it leaves none of the characters tried",
        ),
        ({"type": "string", "pattern": "("}, "cannot be met"),
        ({"type": "string", "pattern": "^a(?=b)c$"}, "cannot be met"),
        (
            {"type": "array", "items": {"const": 1}, "minItems": 2, "uniqueItems": True},
            "more different items",
        ),
        (
            {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
            "without end",
        ),
        ({"properties": {"a": 5}}, "no JSON schema"),
        ({"type": -1}, "no JSON schema: a keyword has a value of the wrong kind"),
        ({"type": "text"}, "no JSON schema"),
        ({"type": [1]}, "no JSON schema"),
        ({"properties": [1]}, "no JSON schema"),
        ({"type": "object", "required": 3}, "no JSON schema"),
        ({"enum": 5}, "no JSON schema"),
        ({"$ref": 5}, "no JSON schema"),
        ({"allOf": 3}, "no JSON schema"),
        ({"minLength": "x"}, "no JSON schema"),
        ({"type": "number", "multipleOf": "x"}, "no JSON schema"),
        ({"type": "number", "minimum": float("inf")}, "no JSON schema"),
        ({"type": "array", "minItems": 2**70}, "minItems is more than an answer can hold"),
        ({"type": "object", "minProperties": 10**9}, "minProperties is more than an answer"),
        ({"type": "string", "minLength": 2**70}, "minLength is more than an answer can hold"),
        ({"pattern": "(a{1000}){1000000}"}, "it repeats too much"),
        ({"type": "text"}, "there is no type 'text'"),
        ({"const": [float("nan")]}, "no JSON schema"),
        (lists(3, 100), "more than an answer can hold: 500000 characters"),
        (lists(4, 300), "more than an answer can hold: 500000 characters"),
        (lists(2, 1000), "more than an answer can hold"),
        (lists(1, 1000, {"type": "string", "minLength": 99_999}), "more than an answer can hold"),
        (lists(1, 1000, {"const": {"a": "x" * 10_000}}), "more than an answer can hold"),
        (lists(2, 300, uniqueItems=True), "more different items"),
        (doubled(lambda both: {"additionalProperties": both[0]}), "more than an answer"),
        (doubled(lambda both: {"allOf": both * 4}, 15), "more than an answer can hold"),
        (
            {"type": "object", "minProperties": 1000, "additionalProperties": lists(1, 500)},
            "more than an answer can hold",
        ),
    ],
)
def test_a_schema_that_cannot_be_met(schema, words):
    start = time.process_time()
    with pytest.raises(ServiceError) as caught:
        example(schema)
    # The largest takes half a second; what had no bound took minutes.
    assert time.process_time() - start < 10
    assert caught.value.code.name == "INVALID_ARGUMENT"
    assert words in caught.value.details


class Name(str):
    """A name that counts how often one is compared with another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Name.compared += 1
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
def test_long_lists_of_a_schema_take_no_longer_for_each_other(schema):
    Name.compared = 0
    made = example(schema)
    assert Name.compared < 50_000  # millions when each name was looked for in a list
    assert made in (None, "p000000") or len(made) >= 4_000


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"allOf": [{"enum": [True, 1, "a"]}, {"enum": [1.0, "b"]}]}, 1),
        ({"allOf": [{"enum": [{"a": [1]}, [2]]}, {"enum": [[3], {"a": [1]}]}]}, {"a": [1]}),
    ],
)
def test_enums_together(schema, value):
    made = fits(schema)
    assert made == value
    assert type(made) is type(value)


def test_long_lists_count_in_the_room():
    part = {"enum": NAMES}
    with pytest.raises(ServiceError, match="more than an answer can hold") as caught:
        example({"allOf": [part] * 150})
    assert caught.value.code.name == "INVALID_ARGUMENT"


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
