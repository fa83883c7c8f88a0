"""Keys stay out of the log, wherever a client puts them."""

from __future__ import annotations

import urllib.error
import urllib.request

import grpc
import pytest

from tests.testing.grpc_calls import connected
from xai_vision.proto import auth_pb2, empty_pb2
from xai_vision.testing import FakeServer, match
from xai_vision.testing._calls.redaction import redact_metadata


@pytest.fixture
def server():
    with FakeServer(http=True) as running:
        yield running


def everything(call) -> str:
    kept = {name: getattr(call, name) for name in ("method", "model", "details", "metadata")}
    return f"{call!r} {kept} {call.request}"


@pytest.mark.parametrize(
    "metadata",
    [
        [("authorization", "Bearer {key}"), ("x-copy", "is {key}")],
        [("authorization", "Bearer {key}"), ("x-copy-bin", "is {key}")],
        [("x-api-key", "{key}")],
        [("authorization", "Bearer other-key-of-mine"), ("x-copy", "other-key-of-mine")],
    ],
)
def test_in_metadata(server, metadata):
    sent = [(name, value.format(key=server.api_key)) for name, value in metadata]
    sent = [(n, v.encode() if n.endswith("-bin") else v) for n, v in sent]
    with grpc.insecure_channel(server.target) as channel:
        ask = channel.unary_unary(
            "/xai_api.Auth/get_api_key_info",
            request_serializer=empty_pb2.Empty.SerializeToString,
            response_deserializer=auth_pb2.ApiKey.FromString,
        )
        asked = ask.future(empty_pb2.Empty(), metadata=sent)
        assert asked.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED)
    kept = everything(server.calls.last)
    assert server.api_key not in kept
    assert "other-key-of-mine" not in kept
    assert "***" in kept


def test_in_an_address(server):
    request = urllib.request.Request(
        f"{server.http_url}/models/{server.api_key}",
        headers={"authorization": f"Bearer {server.api_key}"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert caught.value.code == 404
    kept = everything(server.calls.last)
    assert server.api_key not in kept
    assert "***" in kept


def test_a_key_that_the_test_brought_along():
    key = "sk-own-0123456789"
    with FakeServer(api_key=key, unused="allow") as server, connected(server) as ask:

        def answer(call):
            raise ValueError(f"no {key}")

        rule = server.on(prompt=match.contains(f"only {key}")).reply("x")
        server.on(prompt=match.contains("mistake")).side_effect(answer)
        # Cut within the key, were it not hidden before.
        ask(f"{'a' * 50} {key}")
        call = server.calls.last
        _, words = ask.refusal(f"mistake {key}")
        told = [repr(call), server.explain(call), repr(rule), words, *server.problems()]
        told += [server.calls.summary(), server.calls.last.details]
        server.clear()
    assert not [text for text in told if key[:6] in text]
    assert "***" in told[0]
    assert "no ***" in words


def test_an_issued_key(server):
    key = server.create_key()
    with connected(server, key) as ask:
        ask(f"my key is {key}")
    assert repr(server.calls.last) == "<Call GetCompletion, grok-4, 'my key is ***', OK>"


def test_a_short_key_does_not_black_out_words():
    with FakeServer(api_key="test") as server, connected(server) as ask:
        ask("a test")
        assert "'a test'" in repr(server.calls.last)


def test_a_short_key_is_hidden_where_it_is_a_word():
    metadata = [("authorization", "Bearer a"), ("x-fruit", "banana"), ("x-copy", "key a, b-bin")]
    kept = dict(redact_metadata([*metadata, ("x-bin", b"\xff a \xe9a")], "Bearer a"))
    assert kept == {
        "authorization": "Bearer ***",
        "x-fruit": "banana",
        "x-copy": "key ***, b-bin",
        "x-bin": b"\xff *** \xe9a",
    }
