"""Answers that a fault keeps from their clients: rules keep them, the log tells of them."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request

import grpc
import pytest

from tests.testing.asking import connected, request
from xai_vision import AsyncClient, Client
from xai_vision.chat import user
from xai_vision.errors import RequestTimeoutError
from xai_vision.testing import FakeServer, Fault, Reply

# Older grpcio now and then waits out the deadline for a connection it has lost.
HEARS_OF_RESETS = pytest.mark.skipif(
    grpc.__version__ < "1.80", reason="grpcio before 1.80 may not hear of a reset"
)
CUT = [Fault.reset_connection(), Fault.reset_connection(after_bytes=150)]
LONG = "word " * 2000


def sample(server, prompt="z"):
    with Client(api_key=server.api_key, api_host=server.target) as client:
        return client.chat.create("grok-4", messages=[user(prompt)]).sample().content


def lost(ask, *parts, **fields):
    with pytest.raises(grpc.RpcError) as caught:
        ask(*parts, **fields)
    return caught.value.code().name


@HEARS_OF_RESETS
@pytest.mark.parametrize("fault", CUT)
def test_a_client_that_tries_again_gets_the_answer(server, fault):
    server.on(prompt="z").reply(LONG).times(1)
    server.fault(fault, next=1)
    assert sample(server) == LONG
    server.verify()
    assert [call.status for call in server.calls] == ["CANCELLED", "OK"]
    assert len(server.calls.attempts) == 2
    assert server.calls[0].cancelled


@pytest.mark.parametrize("fault", [*CUT, Fault.malformed()])
def test_over_http(fault):
    openai = pytest.importorskip("openai")
    with FakeServer(http=True) as server:
        server.on(prompt="z").replies(LONG, "second").times(2)
        server.fault(fault, next=1)
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:

            def ask():
                messages = [{"role": "user", "content": "z"}]
                made = client.chat.completions.create(model="grok-4", messages=messages)
                return made.choices[0].message.content

            if fault.kind == "malformed":
                with pytest.raises((openai.APIError, ValueError)):
                    ask()
            assert ask() == LONG
            assert ask() == "second"
        server.verify()
        status = "INTERNAL" if fault.kind == "malformed" else "CANCELLED"
        assert [call.status for call in server.calls] == [status, "OK", "OK"]
        cut_at_once = fault.kind == "reset" and not fault.after_bytes
        assert server.calls[0].http_status == (None if cut_at_once else 200)
        assert len(server.calls[:2].attempts) == 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.malformed(), "INTERNAL"),
        (Fault.hang(), "CANCELLED"),
        (Fault.internal(), "INTERNAL"),
    ],
)
def test_a_second_ask_gets_the_first_answer(server, ask, fault, status, stream):
    server.on().replies("first", "second").times(2)
    server.fault(fault, next=1)
    if stream:
        assert lost(lambda: list(ask.stream("Hi", timeout=0.3)))
    else:
        assert lost(ask, "Hi", timeout=0.3)
    assert server.calls.last.wait(5)
    assert server.calls.last.status in (status, "CANCELLED")
    assert ask.text("Hi") == "first"
    assert ask.text("Hi") == "second"
    server.verify()


@pytest.mark.parametrize("fault", [Fault.after_chunks(2), Fault.truncated(after_chunks=2)])
def test_a_stream_that_is_cut_short(server, ask, fault):
    server.on().replies(Reply("one two three", chunks=3), "second").times(2)
    server.fault(fault, next=1)
    said = []
    try:
        said += [chunk.outputs[0].delta.content for chunk in ask.stream("Hi")]
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INTERNAL  # noqa: PT017 - one of two ends
        said += ["one", " two"]
    assert said == ["one", " two"]
    assert ask.text("Hi") == "one two three"
    assert ask.text("Hi") == "second"
    server.verify()


def test_a_rule_that_was_only_tried_is_not_unused_but_not_answered_either(server, ask):
    rule = server.on().reply("one two three")
    server.fault(Fault.truncated(), next=1)
    list(ask.stream("Hi"))
    server.verify()
    rule.times(1)
    with pytest.raises(AssertionError, match="answered 0. A fault kept 1 answer from the client"):
        server.verify()
    assert ask.text("Hi") == "one two three"


def test_faults_that_are_the_rules_own_answers_count(server, ask):
    server.on().replies(Fault.malformed(), Fault.hang(), "fine").times(3)
    assert lost(ask, "Hi") == "INTERNAL"
    assert lost(ask, "Hi", timeout=0.2) == "DEADLINE_EXCEEDED"
    assert ask.text("Hi") == "fine"
    server.verify()


def test_what_comes_late_but_whole_counts(server, ask):
    server.on().replies("first", "second").times(2)
    server.fault(Fault.latency(0.01), next=1)
    server.fault(Fault.reset_connection(after_bytes=10**6), next=1)
    assert [ask.text("Hi"), ask.text("Hi")] == ["first", "second"]
    server.verify()


def until(condition):
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never came")


def test_what_is_given_back_after_the_next_was_taken(server, ask):
    rule = server.on().replies(Reply("first", ttft=0.4), "second", "third").times(3)
    server.fault(Fault.hang(), prompt="hang", next=1)
    hanging = ask.chat.GetCompletion.future(request("hang"), metadata=ask.metadata, timeout=20)
    until(lambda: rule.uses == 1)
    assert ask.text("Hi") == "second"
    until(lambda: rule.undelivered == 1)
    hanging.cancel()
    assert [ask.text("Hi"), ask.text("Hi")] == ["first", "third"]
    server.verify()


def test_the_same_asked_twice_at_once_is_no_second_attempt(server, ask):
    gate = threading.Event()

    def answer(call):
        gate.wait(10)
        return "yes"

    server.on().side_effect(answer)
    both = [
        ask.chat.GetCompletion.future(request("Hi"), metadata=ask.metadata, timeout=20)
        for _ in range(2)
    ]
    assert server.calls.wait_for(2)
    for call in server.calls:
        until(lambda call=call: call.rule is not None)
    try:
        assert [call.status for call in server.calls] == ["", ""]
        assert len(server.calls.attempts) == 1
    finally:
        gate.set()
    assert [one.result().outputs[0].message.content for one in both] == ["yes", "yes"]


@pytest.mark.parametrize("end", ["close", "clear", "stop"])
def test_a_frozen_connection_thaws_for_who_comes_later(server, end):
    # Clients of one process and one target share gRPC's connection.
    one, two = server.tenant(), server.tenant()
    handle = one.fault(Fault.freeze_connection(), next=1)
    with (
        Client(one.api_key, api_host=server.target) as stays,
        Client(two.api_key, api_host=server.target) as later,
    ):
        with pytest.raises(RequestTimeoutError) as caught:
            stays.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=0.5)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert one.calls.last.status == "CANCELLED"
        {"close": one.close, "clear": one.clear, "stop": handle.stop}[end]()
        assert later.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=5).content
        assert [call.status for call in two.calls] == ["OK"]


def test_another_tenants_end_thaws_nothing(server):
    one, two = server.tenant(), server.tenant()
    one.fault(Fault.freeze_connection(), next=1)
    with connected(one) as ask:
        assert ask.refusal("Hi", timeout=0.2)[0] == "DEADLINE_EXCEEDED"
        two.close()
        assert ask.refusal("Hi", timeout=0.2)[0] == "DEADLINE_EXCEEDED"


@HEARS_OF_RESETS
@pytest.mark.parametrize("after_bytes", [0, 60])
async def test_what_strikes_a_connection_takes_no_answer_from_others(server, after_bytes):
    names = [f"question {number}" for number in range(4)]
    for name in names:
        server.on(prompt=name).reply(Reply(f"answer to {name}", ttft=0.02)).times(1)
    server.fault(Fault.reset_connection(after_bytes=after_bytes), prompt=names[0], next=1)
    async with AsyncClient(server.api_key, api_host=server.target) as client:

        async def ask(name):
            return (await client.chat.create("grok-4").append(user(name)).sample()).content

        assert await asyncio.gather(*map(ask, names)) == [f"answer to {name}" for name in names]
    await asyncio.to_thread(server.verify)
    assert {call.prompt for call in server.calls.where(status="OK")} == set(names)
    cut = server.calls.where(status="CANCELLED")
    assert cut
    # One whose answer had just left may have got through: it is noted as it was.
    assert all(call.faults[0].kind == "reset" and call.peer == cut[0].peer for call in cut)


def test_a_frozen_connection_keeps_the_answers_of_all_that_came_by_it(server):
    server.on(prompt="good").reply(Reply("yes", ttft=0.3)).times(1)
    handle = server.fault(Fault.freeze_connection(), prompt="bad", next=1)
    with connected(server) as ask:
        good = ask.chat.GetCompletion.future(request("good"), metadata=ask.metadata, timeout=1)
        until(lambda: server.calls.where(prompt="good") and server.calls.last.rule)
        assert lost(ask, "bad", timeout=0.2) == "DEADLINE_EXCEEDED"
        assert good.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [call.status for call in server.calls] == ["CANCELLED", "CANCELLED"]
    handle.stop()
    with connected(server) as ask:
        assert ask.text("good") == "yes"
    server.verify()


@HEARS_OF_RESETS
def test_what_had_its_answer_before_has_it(server):
    server.on(prompt="good").reply("yes" * 100_000).times(1)
    server.fault(Fault.reset_connection(), prompt="bad", next=1)
    with connected(server) as ask:
        assert ask.text("good") == "yes" * 100_000
        assert lost(ask, "bad") == "UNAVAILABLE"
    assert [call.status for call in server.calls] == ["OK", "CANCELLED"]
    server.verify()


def test_a_client_with_its_answer_finds_the_log_complete_over_http():
    with FakeServer(http=True, unused="allow") as server:
        server.fault(Fault.reset_connection(after_bytes=10**6))
        for _ in range(100):
            body = json.dumps({"model": "grok-4", "input": "Hi"}).encode()
            asked = urllib.request.Request(f"{server.http_url}/responses", body)
            asked.add_header("content-type", "application/json")
            asked.add_header("authorization", f"Bearer {server.api_key}")
            with urllib.request.urlopen(asked, timeout=10) as answer:
                assert answer.read()
            assert server.calls.last.status == "OK"


@pytest.mark.parametrize("fault", [None, Fault.malformed()])
def test_an_answer_that_comes_when_its_client_has_left_is_weighed(server, ask, fault):
    gate = threading.Event()

    def slow(call):
        gate.wait(10)
        return "x" * 300_000

    server.on().side_effect(slow)
    if fault is not None:
        server.fault(fault)
    assert lost(lambda: list(ask.stream("Hi", timeout=0.1))) == "DEADLINE_EXCEEDED"
    call = server.calls.last
    assert call.wait(5)
    assert call.status == "CANCELLED"
    gate.set()
    until(lambda: call.response is not None)
    until(lambda: server.calls._sizes[call] > 300_000)


def test_what_comes_in_one_piece_is_not_truncated(server, ask):
    server.fault(Fault.truncated(), next=1)
    assert ask.text("Hi")
    with pytest.raises(AssertionError, match=r"truncate.* never happened"):
        server.verify()
    *_, last = ask.stream("Hi")
    assert not last.outputs[0].finish_reason
    server.verify()


@pytest.mark.parametrize("fault", [Fault.reset_connection(), Fault.freeze_connection()])
def test_what_is_taken_up_after_its_connection_was_struck(server, monkeypatch, fault):
    rule = server.on(prompt="late").replies("first", "second")
    handle = server.fault(fault, prompt="bad", next=1)
    line, come, go_on = server._state.grpc_server, threading.Event(), threading.Event()
    track_call = line.track_call

    def late(call):
        if call.header("x-late"):
            come.set()
            assert go_on.wait(10)
        return track_call(call)

    monkeypatch.setattr(line, "track_call", late)
    with connected(server) as ask:
        metadata = [*ask.metadata, ("x-late", "1")]
        waits = ask.chat.GetCompletion.future(request("late"), metadata=metadata, timeout=2)
        assert come.wait(10)
        assert lost(ask, "bad", timeout=0.5) in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
        go_on.set()
        assert waits.code().name in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
    until(lambda: rule.undelivered == 1)
    [call] = server.calls.where(prompt="late")
    assert (call.status, call.faults) == ("CANCELLED", (fault,))
    handle.stop()
    with connected(server) as ask:
        assert [ask.text("late"), ask.text("late")] == ["first", "second"]
