"""Replies of reply_json are checked against the JSON schema that the request contains."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings

from tests.testing.default_reply.test_schema_example import TREE, schemas
from xai_vision.proto import chat_pb2
from xai_vision.testing._rules.schema_check import UnusableSchemaError, mismatch
from xai_vision.testing._service.default_reply.schema_example import example


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (False, 5, "at $: False schema does not allow 5"),
        ({"type": "integer"}, 5.5, "at $: 5.5 is not of type 'integer'"),
        ({"type": ["string", "null"]}, 5, "at $: 5 is not of type 'string', 'null'"),
        ({"type": "boolean"}, 1, "1 is not of type 'boolean'"),
        ({"type": "number"}, True, "True is not of type 'number'"),
        ({"const": "a"}, "b", "'a' was expected"),
        ({"enum": ["a"]}, "b", "'b' is not one of ['a']"),
        ({"required": ["a"]}, {}, "'a' is a required property"),
        ({"additionalProperties": False}, {"a": 1}, "('a' was unexpected)"),
        ({"patternProperties": {"^n_": {"type": "null"}}}, {"n_a": 1}, "at $.n_a: 1 is not"),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1}, "'abc' is too long"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "'b' is a dependency of 'a'"),
        ({"properties": {"a": {"items": {"type": "null"}}}}, {"a": [None, 1]}, "at $.a[1]: 1 is"),
        ({"prefixItems": [{"type": "null"}], "items": False}, [None, 1], "found 1 extra: 1"),
        ({"prefixItems": [{"type": "null"}, {"type": "string"}]}, [None, 1], "at $[1]: 1 is not"),
        ({"contains": {"type": "null"}}, [1], "[1] does not contain items"),
        ({"uniqueItems": True}, [1, 2, 1], "[1, 2, 1] has non-unique elements"),
        ({"minItems": 2}, [1], "[1] is too short"),
        ({"maxLength": 2}, "abc", "'abc' is too long"),
        ({"pattern": "^a"}, "b", "'b' does not match '^a'"),
        ({"minimum": 2}, 1, "1 is less than the minimum of 2"),
        ({"exclusiveMinimum": 2}, 2, "2 is less than or equal to the minimum of 2"),
        ({"maximum": 2}, 3, "3 is greater than the maximum of 2"),
        ({"exclusiveMaximum": 2}, 2, "2 is greater than or equal to the maximum of 2"),
        ({"multipleOf": 3}, 4, "4 is not a multiple of 3"),
        ({"anyOf": [{"type": "null"}, {"const": 3}]}, 4, "4 is not valid under any of the given"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "3 is valid under each of"),
        ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 4, "4 is greater than the maximum of 3"),
        ({"not": {"type": "null"}}, None, "None should not be valid under {'type': 'null'}"),
        ({"if": {"type": "string"}, "then": {"minLength": 3}}, "ab", "'ab' is too short"),
        ({"if": {"type": "string"}, "else": {"minimum": 3}}, 1, "1 is less than the minimum"),
        ({"$defs": {"a": {"$anchor": "n", "type": "null"}}, "$ref": "#n"}, 1, "at $: 1 is not"),
        (TREE, {"value": 1, "left": {"value": "x", "left": None}}, "at $.left.value: 'x' is not"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]},
            [1],
            "at $[0]: 1 is not of type 'null'",
        ),
    ],
)
def test_a_reply_that_does_not_match(server, caller, schema, value, message):
    server.on().reply_json(value)
    form = chat_pb2.ResponseFormat(
        format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=json.dumps(schema)
    )
    status, details = caller.expect_error("Which?", response_format=form)
    assert status == "FAILED_PRECONDITION"
    assert "the text does not match the requested schema: " in details
    assert message in details
    with pytest.raises(AssertionError, match="does not match the requested schema"):
        server.verify()
    server.clear()


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (True, 5),
        ({"type": "integer"}, 5.0),
        ({"patternProperties": {"^n_": {"type": "null"}}}, {"n_a": None, "b": 1}),
        ({"prefixItems": [{"const": 1}], "items": {"type": "null"}}, [1, None]),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 1),
        (TREE, {"value": 1, "left": {"value": 2, "left": None}}),
    ],
)
def test_a_reply_that_matches(server, caller, schema, value):
    server.on().reply_json(value)
    form = chat_pb2.ResponseFormat(
        format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=json.dumps(schema)
    )
    assert json.loads(caller.text("Which?", response_format=form)) == value


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "text"}, "the schema itself is not valid at $.type: 'text'"),
        ({"pattern": "("}, "the schema itself is not valid at $.pattern: '('"),
        ({"minLength": "x"}, "the schema itself is not valid at $.minLength: 'x'"),
        ({"$ref": "#"}, "the schema cannot be checked: maximum recursion depth exceeded"),
        ({"$ref": "https://e.x/s"}, "cannot be checked: Unresolvable: https://e.x/s"),
        ({"$ref": "#/nowhere"}, "cannot be checked: PointerToNowhere: '/nowhere'"),
    ],
)
def test_a_schema_that_cannot_be_used_refuses_no_reply(server, caller, schema, message):
    with pytest.raises(UnusableSchemaError) as caught:
        mismatch(schema, "text")
    assert message in str(caught.value)
    server.on().reply_json("text")
    text = json.dumps({"properties": {"total": schema}})
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema=text)
    assert caller.text("Which?", response_format=form) == '"text"'


def test_without_jsonschema(server, caller, monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    server.on().reply_json({"animal": "cat"})
    assert json.loads(caller.text("Which?")) == {"animal": "cat"}
    form = chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_SCHEMA, schema="{}")
    status, details = caller.expect_error("Which?", response_format=form)
    assert status == "FAILED_PRECONDITION"
    words = "Checking JSON against a schema needs jsonschema: pip install"
    assert words in details
    assert "'xai-vision[testing]'" in details
    server.clear()


@settings(max_examples=60, deadline=None)
@given(schemas)
def test_an_example_matches(schema):
    assert mismatch(schema, example(schema)) == ""
