"""Request bodies that are not valid JSON, or have too large numbers or too deep nesting."""

from __future__ import annotations

import pytest

from tests.rest.http_client import ask, complete, respond


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e39], ids=["many", "negative", "float"])
@pytest.mark.parametrize(
    "key", ["temperature", "top_p", "frequency_penalty", "presence_penalty", "seed"]
)
def test_too_large_number_is_rejected(server, key, value):
    reply = complete(server, **{key: value})
    assert reply.status == 422, reply.json
    assert f"{key} must be a" in reply.json["error"]
    server.verify()


def test_invalid_body_is_rejected(server):
    for body, headers, status in (
        (b"{}", {}, 415),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[]", {"content-type": "application/json; charset=utf-8"}, 422),
        (b"[" * 100_000, {"content-type": "application/json"}, 400),
        (b"\xff", {"content-type": "application/json"}, 400),
    ):
        assert ask(server, "POST", "/responses", body, headers=headers).status == status


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"NaN", "NaN is not valid JSON"),
        (b"-Infinity", "-Infinity is not valid JSON"),
        (b"1e400", "the number 1e400 is too large for a float"),
        (b"-1e999", "the number -1e999 is too large for a float"),
        (b"1" * 5000, "an integer has more than 4000 digits"),
        (b"nul", "Expecting value"),
        (b'"\xff"', "the byte at 52 is not valid UTF-8"),
        (b"[" * 100_000, "more than 200 levels deep"),
    ],
    ids=["nan", "infinity", "large", "small", "whole", "word", "bytes", "deep"],
)
def test_invalid_json_is_rejected(server, value, message):
    """Metadata is returned unchanged, so invalid JSON in it must be rejected."""
    body = b'{"model": "grok-4", "input": "Hi", "metadata":{"a":%s}}' % value
    reply = ask(server, "POST", "/responses", body, headers={"content-type": "application/json"})
    assert reply.status == 400
    assert f"Failed to parse the request body as JSON: {message}" in reply.json["error"]
    server.verify()


def test_metadata_keeps_numbers(server):
    metadata = {"a": 1e300, "b": -(10**400), "c": 5e-324}
    created = respond(server, metadata=metadata).json
    assert ask(server, "GET", f"/responses/{created['id']}").json["metadata"] == metadata


@pytest.mark.parametrize("depth", [150, 250, 900, 30_000])
@pytest.mark.parametrize("key", ["metadata", "tools", "input", "text"])
def test_deep_body_is_rejected(server, key, depth):
    inner = '{"a":' * depth + "1" + "}" * depth
    if key == "tools":
        inner = f'[{{"type": "function", "name": "f", "parameters": {inner}}}]'
    body = f'{{"model": "grok-4", "input": "Hi", "{key}": {inner}}}'.encode()
    headers = {"content-type": "application/json"}
    reply = ask(server, "POST", "/responses", body, headers=headers)
    if depth > 200:
        assert reply.status == 400
        assert "Failed to parse the request body as JSON: m" in reply.json["error"]
    else:
        expected = {"metadata": 200, "tools": 200, "input": 422, "text": 400}
        assert reply.status == expected[key], reply.json
