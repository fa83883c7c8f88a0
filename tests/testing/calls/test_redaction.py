"""The log contains no API keys, wherever a client sends them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import grpc
import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.proto import auth_pb2, empty_pb2
from xai_vision.testing import FakeServer, match
from xai_vision.testing._calls.redaction import redact, redact_metadata, register_key


@pytest.fixture
def server():
    with FakeServer(http=True) as running:
        yield running


def logged_text(call) -> str:
    logged = {name: getattr(call, name) for name in ("method", "model", "details", "metadata")}
    return f"{call!r} {logged} {call.request}"


@pytest.mark.parametrize(
    "metadata",
    [
        [("authorization", "Bearer {key}"), ("x-copy", "is {key}")],
        [("authorization", "Bearer {key}"), ("x-copy-bin", "is {key}")],
        [("x-api-key", "{key}")],
        [("authorization", "Bearer other-key-of-mine"), ("x-copy", "other-key-of-mine")],
    ],
)
def test_keys_in_metadata(server, metadata):
    sent = [(name, value.format(key=server.api_key)) for name, value in metadata]
    sent = [(n, v.encode() if n.endswith("-bin") else v) for n, v in sent]
    with grpc.insecure_channel(server.target) as channel:
        method = channel.unary_unary(
            "/xai_api.Auth/get_api_key_info",
            request_serializer=empty_pb2.Empty.SerializeToString,
            response_deserializer=auth_pb2.ApiKey.FromString,
        )
        call = method.future(empty_pb2.Empty(), metadata=sent)
        assert call.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED)
    logged = logged_text(server.calls.last)
    assert server.api_key not in logged
    assert "other-key-of-mine" not in logged
    assert "***" in logged


def test_keys_in_a_url(server):
    request = urllib.request.Request(
        f"{server.http_url}/models/{server.api_key}",
        headers={"authorization": f"Bearer {server.api_key}"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert caught.value.code == 404
    logged = logged_text(server.calls.last)
    assert server.api_key not in logged
    assert "***" in logged


def test_a_key_set_by_the_test():
    key = "sk-own-0123456789"
    with FakeServer(api_key=key, unused="allow") as server, open_caller(server) as caller:

        def fail(call):
            raise ValueError(f"no {key}")

        rule = server.on(prompt=match.contains(f"only {key}")).reply("x")
        server.on(prompt=match.contains("mistake")).side_effect(fail)
        # The prompt is redacted before it is truncated: the cut would be within the key.
        caller.sample(f"{'a' * 50} {key}")
        call = server.calls.last
        _, words = caller.expect_error(f"mistake {key}")
        texts = [repr(call), server.explain(call), repr(rule), words, *server.problems()]
        texts += [server.calls.summary(), server.calls.last.details]
        server.clear()
    assert not [text for text in texts if key[:6] in text]
    assert "***" in texts[0]
    assert "no ***" in words


def test_a_created_key(server):
    key = server.create_key()
    with open_caller(server, key) as caller:
        caller.sample(f"my key is {key}")
    assert repr(server.calls.last) == "<Call GetCompletion, grok-4, 'my key is ***', OK>"


def test_a_short_key_in_a_prompt_is_not_redacted():
    with FakeServer(api_key="test") as server, open_caller(server) as caller:
        caller.sample("a test")
        assert "'a test'" in repr(server.calls.last)


def test_a_short_key_is_redacted_if_it_is_a_whole_word():
    metadata = [("authorization", "Bearer a"), ("x-fruit", "banana"), ("x-copy", "key a, b-bin")]
    logged = dict(redact_metadata([*metadata, ("x-bin", b"\xff a \xe9a")], "Bearer a"))
    assert logged == {
        "authorization": "Bearer ***",
        "x-fruit": "banana",
        "x-copy": "key ***, b-bin",
        "x-bin": b"\xff *** \xe9a",
    }


@pytest.mark.parametrize("encode", [str, repr, json.dumps])
def test_keys_with_characters_that_have_escapes(encode):
    key = "a'key\"of\\my-own"
    register_key(key)
    assert redact(encode(f"It is {key}!")).strip("'\"") == "It is ***!"


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_no_part_of_a_key_is_left_where_a_mismatch_is_cut(server, length):
    rule = server.on(prompt="other").optional().reply("x")
    server.on(prompt=match.any).optional().reply("y")
    with open_caller(server) as caller:
        caller.sample("x" * length + server.api_key + "y" * 200)
    texts = [*rule.mismatches(server.calls.last), server.explain(server.calls.last)]
    start = server.api_key[9:17]  # after the part that all keys share
    assert all("but it is 'x" in text and start not in text for text in texts)
