"""Replies that a fault withholds from the client: they return to their rules, and are logged."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request

import grpc
import pytest

from tests.testing.grpc_calls import open_caller, request
from tests.testing.waiting import LIMIT, until
from xai_vision import AsyncClient, Client
from xai_vision.chat import user
from xai_vision.errors import RequestTimeoutError
from xai_vision.testing import FakeServer, Fault, Reply
from xai_vision.testing._service.delivery import ResponseDelivery
from xai_vision.testing._thread_pool import release_slot

# Older grpcio sometimes misses a reset, and waits for the deadline instead.
SEES_RESETS = grpc.__version__ >= "1.80"
NEEDS_RESETS = pytest.mark.skipif(not SEES_RESETS, reason="grpcio before 1.80 may miss a reset")
RESETS = [Fault.reset_connection(), Fault.reset_connection(after_bytes=150)]
LONG = "word " * 2000


def sample(server, prompt="z"):
    with Client(api_key=server.api_key, api_host=server.target) as client:
        return client.chat.create("grok-4", messages=[user(prompt)]).sample().content


def failure(call, *args, **kwargs):
    """Return the name of the status that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call(*args, **kwargs)
    return caught.value.code().name


def start(caller, prompt, metadata=()):
    """Start a call whose end the test does not wait for."""
    return caller.chat.GetCompletion.future(
        request(prompt), metadata=[*caller.metadata, *metadata], timeout=LIMIT
    )


def cancel(server, call):
    """Cancel a call, and wait until the server has noticed."""
    call.cancel()
    assert server.calls.last.wait_cancelled(LIMIT)


@NEEDS_RESETS
@pytest.mark.parametrize("fault", RESETS)
def test_a_retry_gets_the_reply(server, fault):
    server.on(prompt="z").reply(LONG).times(1)
    server.fault(fault, next=1)
    assert sample(server) == LONG
    server.verify()
    assert [call.status for call in server.calls] == ["CANCELLED", "OK"]
    assert len(server.calls.attempts) == 2
    assert server.calls[0].cancelled


@pytest.mark.parametrize("fault", [*RESETS, Fault.malformed()])
def test_over_http(fault):
    openai = pytest.importorskip("openai")
    with FakeServer(http=True) as server:
        server.on(prompt="z").replies(LONG, "second").times(2)
        server.fault(fault, next=1)
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:

            def get_response():
                messages = [{"role": "user", "content": "z"}]
                completion = client.chat.completions.create(model="grok-4", messages=messages)
                return completion.choices[0].message.content

            if fault.kind == "malformed":
                with pytest.raises((openai.APIError, ValueError)):
                    get_response()
            assert get_response() == LONG
            assert get_response() == "second"
        server.verify()
        status = "INTERNAL" if fault.kind == "malformed" else "CANCELLED"
        assert [call.status for call in server.calls] == [status, "OK", "OK"]
        reset_at_once = fault.kind == "reset" and not fault.after_bytes
        assert server.calls[0].http_status == (None if reset_at_once else 200)
        assert len(server.calls[:2].attempts) == 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [Fault.malformed(), Fault.internal()])
def test_the_next_call_gets_the_first_reply(server, caller, fault, stream):
    server.on().replies("first", "second").times(2)
    server.fault(fault, next=1)
    assert (
        failure(lambda: list(caller.stream("Hi")) if stream else caller.sample("Hi")) == "INTERNAL"
    )
    assert server.calls.last.wait(LIMIT)
    assert server.calls.last.status == "INTERNAL"
    assert caller.text("Hi") == "first"
    assert caller.text("Hi") == "second"
    server.verify()


@pytest.mark.parametrize("stream", [False, True])
def test_the_call_after_a_hanging_one_gets_the_first_reply(server, caller, stream):
    rule = server.on().replies("first", "second").times(2)
    server.fault(Fault.hang(), next=1)
    call = caller.stream("Hi", timeout=LIMIT) if stream else start(caller, "Hi")
    until(lambda: rule.undelivered == 1)
    cancel(server, call)
    assert server.calls.last.status == "CANCELLED"
    assert caller.text("Hi") == "first"
    assert caller.text("Hi") == "second"
    server.verify()


@pytest.mark.parametrize("fault", [Fault.after_chunks(2), Fault.truncated(after_chunks=2)])
def test_a_stream_that_ends_early(server, caller, fault):
    server.on().replies(Reply("one two three", chunks=3), "second").times(2)
    server.fault(fault, next=1)
    received = []
    try:
        received += [chunk.outputs[0].delta.content for chunk in caller.stream("Hi")]
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INTERNAL  # noqa: PT017 - only one fault raises
        received += ["one", " two"]
    assert received == ["one", " two"]
    assert caller.text("Hi") == "one two three"
    assert caller.text("Hi") == "second"
    server.verify()


def test_a_rule_with_only_undelivered_replies_was_used_but_not_answered(server, caller):
    rule = server.on().reply("one two three")
    server.fault(Fault.truncated(), next=1)
    list(caller.stream("Hi"))
    server.verify()
    rule.times(1)
    with pytest.raises(AssertionError, match="answered 0. A fault withheld 1 response"):
        server.verify()
    assert caller.text("Hi") == "one two three"


def test_faults_that_a_rule_replies_with_count_as_replies(server, caller):
    server.on().replies(Fault.malformed(), Fault.hang(), "fine").times(3)
    assert failure(caller.sample, "Hi") == "INTERNAL"
    server.calls.clear()
    call = start(caller, "Hi")
    until(lambda: server.calls and server.calls.last.faults)
    cancel(server, call)
    assert caller.text("Hi") == "fine"
    server.verify()


def test_a_late_but_complete_response_counts(server, caller):
    server.on().replies("first", "second").times(2)
    server.fault(Fault.latency(0.01), next=1)
    server.fault(Fault.reset_connection(after_bytes=10**6), next=1)
    assert [caller.text("Hi"), caller.text("Hi")] == ["first", "second"]
    server.verify()


def test_a_reply_returned_after_the_next_one_was_taken(server, caller, monkeypatch):
    gate, wait = threading.Event(), ResponseDelivery.wait

    def gated_wait(delivery, seconds):
        if seconds == 0.4:
            release_slot()
            assert gate.wait(LIMIT)
        else:
            wait(delivery, seconds)

    monkeypatch.setattr(ResponseDelivery, "wait", gated_wait)
    rule = server.on().replies(Reply("first", ttft=0.4), "second", "third").times(3)
    server.fault(Fault.hang(), prompt="hang", next=1)
    hanging = start(caller, "hang")
    until(lambda: rule.uses == 1)
    assert caller.text("Hi") == "second"
    assert rule.undelivered == 0
    gate.set()
    until(lambda: rule.undelivered == 1)
    hanging.cancel()
    assert [caller.text("Hi"), caller.text("Hi")] == ["first", "third"]
    server.verify()


def test_concurrent_equal_requests_are_not_retries(server, caller):
    gate = threading.Event()

    def reply(call):
        assert gate.wait(LIMIT)
        return "yes"

    server.on().side_effect(reply)
    both = [start(caller, "Hi") for _ in range(2)]
    until(lambda: [call.rule is not None for call in server.calls] == [True, True])
    try:
        assert [call.status for call in server.calls] == ["", ""]
        assert len(server.calls.attempts) == 1
    finally:
        gate.set()
    assert [call.result().outputs[0].message.content for call in both] == ["yes", "yes"]


@pytest.mark.parametrize("end", ["close", "clear", "stop"])
def test_a_frozen_connection_is_reset_for_later_clients(server, end):
    # Clients of one process and one target share gRPC's connection.
    first, second = server.tenant(), server.tenant()
    handle = first.fault(Fault.freeze_connection(), next=1)
    with (
        Client(first.api_key, api_host=server.target) as frozen,
        Client(second.api_key, api_host=server.target) as later,
    ):
        with pytest.raises(RequestTimeoutError) as caught:
            frozen.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=2)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert first.calls.last.status == "CANCELLED"
        {"close": first.close, "clear": first.clear, "stop": handle.stop}[end]()
        assert later.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=LIMIT).content
        assert [call.status for call in second.calls] == ["OK"]


def test_the_end_of_another_tenant_resets_nothing(server):
    first, second = server.tenant(), server.tenant()
    first.fault(Fault.freeze_connection(), next=1)
    with open_caller(first) as caller:
        frozen = start(caller, "Hi")
        until(lambda: first.calls and first.calls.last.status == "CANCELLED")
        second.close()
        assert caller.expect_error("Hi", timeout=0.5)[0] == "DEADLINE_EXCEEDED"
        assert not frozen.done()
        frozen.cancel()


@NEEDS_RESETS
@pytest.mark.parametrize("after_bytes", [0, 60])
async def test_other_calls_of_a_reset_connection_keep_their_replies(server, after_bytes):
    names = [f"question {number}" for number in range(4)]
    for name in names:
        server.on(prompt=name).reply(Reply(f"answer to {name}", ttft=0.02)).times(1)
    server.fault(Fault.reset_connection(after_bytes=after_bytes), prompt=names[0], next=1)
    async with AsyncClient(server.api_key, api_host=server.target) as client:

        async def get_response(name):
            return (await client.chat.create("grok-4").append(user(name)).sample()).content

        assert await asyncio.gather(*map(get_response, names)) == [
            f"answer to {name}" for name in names
        ]
    await asyncio.to_thread(server.verify)
    assert {call.prompt for call in server.calls.where(status="OK")} == set(names)
    lost = server.calls.where(status="CANCELLED")
    assert lost
    # A response that left just before the reset may have arrived; its call keeps its status.
    assert all(call.faults[0].kind == "reset" and call.peer == lost[0].peer for call in lost)


def test_a_frozen_connection_keeps_the_responses_of_all_its_calls(server):
    gate = threading.Event()

    def reply(call):
        assert gate.wait(LIMIT)
        return "yes"

    server.on(prompt="good").side_effect(reply).times(1)
    handle = server.fault(Fault.freeze_connection(), prompt="bad", next=1)
    with open_caller(server) as caller:
        good = start(caller, "good")
        until(lambda: server.calls and server.calls.last.rule)
        bad = start(caller, "bad")
        until(lambda: [call.status for call in server.calls] == ["CANCELLED", "CANCELLED"])
        gate.set()
        assert caller.expect_error("other", timeout=0.5)[0] == "DEADLINE_EXCEEDED"
        assert not good.done()
        assert not bad.done()
        good.cancel()
        bad.cancel()
    handle.stop()
    with open_caller(server) as caller:
        assert caller.text("good") == "yes"
    server.verify()


@NEEDS_RESETS
def test_a_response_that_arrived_before_the_reset_counts(server):
    server.on(prompt="good").reply("yes" * 100_000).times(1)
    server.fault(Fault.reset_connection(), prompt="bad", next=1)
    with open_caller(server) as caller:
        assert caller.text("good") == "yes" * 100_000
        assert failure(caller.sample, "bad") == "UNAVAILABLE"
    assert [call.status for call in server.calls] == ["OK", "CANCELLED"]
    server.verify()


def test_the_log_is_complete_when_the_response_arrives_over_http():
    with FakeServer(http=True, unused="allow") as server:
        server.fault(Fault.reset_connection(after_bytes=10**6))
        for _ in range(100):
            body = json.dumps({"model": "grok-4", "input": "Hi"}).encode()
            post = urllib.request.Request(f"{server.http_url}/responses", body)
            post.add_header("content-type", "application/json")
            post.add_header("authorization", f"Bearer {server.api_key}")
            with urllib.request.urlopen(post, timeout=LIMIT) as response:
                assert response.read()
            assert server.calls.last.status == "OK"


@pytest.mark.parametrize("fault", [None, Fault.malformed()])
def test_the_log_counts_the_size_of_a_response_after_its_client_left(server, caller, fault):
    entered, gate = threading.Event(), threading.Event()

    def slow(call):
        entered.set()
        assert gate.wait(LIMIT)
        return "x" * 300_000

    server.on().side_effect(slow)
    if fault is not None:
        server.fault(fault)
    stream = caller.stream("Hi", timeout=LIMIT)
    assert entered.wait(LIMIT)
    cancel(server, stream)
    call = server.calls.last
    assert call.status == "CANCELLED"
    gate.set()
    until(lambda: call.response is not None)
    until(lambda: server.calls._sizes[call] > 300_000)


def test_only_streams_are_truncated(server, caller):
    server.fault(Fault.truncated(), next=1)
    assert caller.text("Hi")
    with pytest.raises(AssertionError, match=r"truncate.* was never injected"):
        server.verify()
    *_, last = caller.stream("Hi")
    assert not last.outputs[0].finish_reason
    server.verify()


@pytest.mark.parametrize("fault", [Fault.reset_connection(), Fault.freeze_connection()])
def test_a_call_that_starts_after_the_fault_broke_its_connection(server, monkeypatch, fault):
    rule = server.on(prompt="late").replies("first", "second")
    handle = server.fault(fault, prompt="bad", next=1)
    proxy = server._state.grpc_server._handler.proxy
    arrived, gate, track_call = threading.Event(), threading.Event(), proxy.track_call

    def late_track_call(call):
        if call.record.header("x-late"):
            arrived.set()
            assert gate.wait(LIMIT)
        return track_call(call)

    monkeypatch.setattr(proxy, "track_call", late_track_call)
    with open_caller(server) as caller:
        late = start(caller, "late", [("x-late", "1")])
        assert arrived.wait(LIMIT)
        bad = start(caller, "bad")
        until(lambda: server.calls.where(prompt="bad", status="CANCELLED"))
        gate.set()
        until(lambda: rule.undelivered == 1)
        if fault.kind == "freeze":
            assert not late.done()
            assert not bad.done()
        elif SEES_RESETS:
            assert late.code() is bad.code() is grpc.StatusCode.UNAVAILABLE
        late.cancel()
        bad.cancel()
    [call] = server.calls.where(prompt="late")
    assert (call.status, call.faults) == ("CANCELLED", (fault,))
    handle.stop()
    with open_caller(server) as caller:
        assert [caller.text("late"), caller.text("late")] == ["first", "second"]
