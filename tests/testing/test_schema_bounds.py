"""Schemas that ask for more than an answer can hold, or are long themselves."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.counting import calls_of
from xai_vision.testing import ServiceError
from xai_vision.testing._service.default_reply.schema_example import example

# What had no bound took minutes, and calls without number.
MOST_CALLS = 50_000_000


def fits(schema):
    value = example(schema)
    json.dumps(value, allow_nan=False)
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)
    assert example(schema) == value
    return value


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
        pytest.param(
            doubled(lambda both: {"additionalProperties": both[0]}),
            "more than an answer",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            doubled(lambda both: {"allOf": both * 4}, 15),
            "more than an answer can hold",
            marks=pytest.mark.slow,
        ),
        (
            {"type": "object", "minProperties": 1000, "additionalProperties": lists(1, 500)},
            "more than an answer can hold",
        ),
    ],
)
def test_a_schema_that_cannot_be_met(schema, words):
    refusals = []

    def refused():
        with pytest.raises(ServiceError) as caught:
            example(schema)
        refusals.append(caught.value)

    assert calls_of(refused) < MOST_CALLS
    assert refusals[0].code.name == "INVALID_ARGUMENT"
    assert words in refusals[0].details


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
