"""Bodies of requests that are no JSON, or hold numbers and depths that nothing can be made of."""

from __future__ import annotations

import pytest

from tests.rest.plain import ask, complete, respond


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e39], ids=["many", "negative", "float"])
@pytest.mark.parametrize(
    "key", ["temperature", "top_p", "frequency_penalty", "presence_penalty", "seed"]
)
def test_numbers_that_are_too_large(server, key, value):
    reply = complete(server, **{key: value})
    assert reply.status == 422, reply.json
    assert f"{key} must be a" in reply.json["error"]
    server.verify()


def test_bodies_that_are_none(server):
    for body, headers, status in (
        (b"{}", {}, 415),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[]", {"content-type": "application/json; charset=utf-8"}, 422),
        (b"[" * 100_000, {"content-type": "application/json"}, 400),
        (b"\xff", {"content-type": "application/json"}, 400),
    ):
        assert ask(server, "POST", "/responses", body, headers=headers).status == status


@pytest.mark.parametrize(
    ("value", "words"),
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
def test_what_is_no_json(server, value, words):
    """It would come back as it is: what a stored response has beside it is not read."""
    body = b'{"model": "grok-4", "input": "Hi", "metadata":{"a":%s}}' % value
    reply = ask(server, "POST", "/responses", body, headers={"content-type": "application/json"})
    assert reply.status == 400
    assert f"Failed to parse the request body as JSON: {words}" in reply.json["error"]
    server.verify()


def test_numbers_in_metadata_come_back(server):
    kept = {"a": 1e300, "b": -(10**400), "c": 5e-324}
    made = respond(server, metadata=kept).json
    assert ask(server, "GET", f"/responses/{made['id']}").json["metadata"] == kept


@pytest.mark.parametrize("deep", [150, 250, 900, 30_000])
@pytest.mark.parametrize("key", ["metadata", "tools", "input", "text"])
def test_bodies_that_are_deep(server, key, deep):
    inner = '{"a":' * deep + "1" + "}" * deep
    if key == "tools":
        inner = f'[{{"type": "function", "name": "f", "parameters": {inner}}}]'
    body = f'{{"model": "grok-4", "input": "Hi", "{key}": {inner}}}'.encode()
    kind = {"content-type": "application/json"}
    reply = ask(server, "POST", "/responses", body, headers=kind)
    if deep > 200:
        assert reply.status == 400
        assert "Failed to parse the request body as JSON: m" in reply.json["error"]
    else:
        wanted = {"metadata": 200, "tools": 200, "input": 422, "text": 400}
        assert reply.status == wanted[key], reply.json
