"""An answer that a fault keeps from its client is there for the next attempt."""

from __future__ import annotations

import pytest

from xai_vision import Client
from xai_vision.chat import user
from xai_vision.errors import APIError
from xai_vision.testing import FakeServer, Fault


@pytest.fixture
def client(server):
    with Client(server.api_key, api_host=server.target) as made:
        yield made


def ask(client, **call):
    return client.chat.create("grok-4", messages=[user("z")]).sample(**call).content


def test_a_reset_is_tried_again_and_answered_by_the_rule(server, client):
    server.on(prompt="z").reply("yes").times(1)
    server.fault(Fault.reset_connection(), next=1)
    assert ask(client) == "yes"
    server.verify()
    assert [call.status for call in server.calls] == ["CANCELLED", "OK"]
    assert len(server.calls.attempts) == 2


@pytest.mark.parametrize("fault", [Fault.garbled(), Fault.hang(), Fault.internal()])
def test_the_first_answer_is_the_first_that_arrives(server, client, fault):
    server.on(prompt="z").replies("first", "second")
    server.fault(fault, next=1)
    with pytest.raises(APIError) as caught:
        ask(client, timeout=0.5, retries=0)
    assert caught.value.code().name in ("INTERNAL", "DEADLINE_EXCEEDED")
    assert [ask(client), ask(client)] == ["first", "second"]
    server.verify()


def test_the_same_over_http():
    openai = pytest.importorskip("openai")
    pytest.importorskip("uvicorn")
    with FakeServer(http=True) as server:
        server.on(prompt="z").reply("yes").times(1)
        server.fault(Fault.reset_connection(), next=1)
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:
            made = client.chat.completions.create(
                model="grok-4", messages=[{"role": "user", "content": "z"}]
            )
        assert made.choices[0].message.content == "yes"


def test_an_answer_that_may_arrive_is_used(server, client):
    server.on(prompt="z").replies("first", "second")
    server.fault(Fault.reset_connection(after_bytes=1_000_000), next=1)
    assert [ask(client), ask(client)] == ["first", "second"]
