"""Calls and logs that are pickled or copied, as by xdist and multiprocessing."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading

import pytest

from tests.sample_images import MIB, jpeg, jpeg_of
from tests.testing.grpc_calls import connected, picture
from xai_vision.testing import CallList, FakeServer, Fault, RuleRecord, match

HOWS = [
    pytest.param(copy.deepcopy, id="deepcopy"),
    pytest.param(copy.copy, id="copy"),
    *(
        pytest.param(
            lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol)),
            id=f"pickle {protocol}",
        )
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("how", HOWS)
def test_a_call(server, ask, how):
    rule = server.on(prompt="Hi", when=lambda call: True).reply("hello").times(1)
    server.fault(Fault.latency(0.001))
    ask("Hi", picture(jpeg(), "high"))
    call = server.calls.last
    twin = how(call)
    assert (twin.prompt, twin.model, twin.status) == ("Hi", "grok-4", "OK")
    assert twin.request == call.request
    assert twin.response == call.response
    assert twin.faults == call.faults
    assert twin.metadata == call.metadata
    assert twin.duration == call.duration
    assert twin.rule == RuleRecord("on(prompt='Hi', when=<lambda>).times(1)", 1) == rule.record()
    image = twin.images[0]
    assert (image.sha256, image.detail) == (call.images[0].sha256, "high")
    assert image.data == jpeg()
    assert image.pil().size == (640, 480)
    assert twin.wait(0)
    assert repr(twin) == repr(call)
    assert how(twin).rule == twin.rule
    server.clear()
    if how is not copy.copy:  # which is shallow: its pictures are the log's
        assert image.data == jpeg()


@pytest.mark.parametrize("how", HOWS)
def test_a_log(server, ask, how):
    ask("first")
    ask("second", picture(jpeg()))
    log = how(server.calls)
    ask("third")
    assert type(log) is CallList
    assert [call.prompt for call in log] == ["first", "second"]
    assert log.where(image=match.any).last.images[0].data == jpeg()
    assert log.dropped == 0
    log.assert_called(prompt="second")
    with pytest.raises(AssertionError, match="Nearest call: <Call GetCompletion, grok-4, 'first'"):
        log.assert_called(prompt="fourth")
    part = how(server.calls.where(prompt="third"))
    assert part.last.prompt == "third"
    assert "third" in repr(part)


def test_every_kind_of_call(server, ask):
    """Refused, failed, streamed and small calls, with what was dropped."""
    with FakeServer(keep_calls=4) as server, connected(server) as ask:
        ask("dropped")
        server.fault(Fault.unavailable(), next=1)
        ask.refusal("failed")
        list(ask.stream("streamed"))
        ask.refusal("refused", model="no-such-model")
        ask("Hi")
        twin = pickle.loads(pickle.dumps(server.calls))
    assert [call.status for call in twin] == ["UNAVAILABLE", "OK", "NOT_FOUND", "OK"]
    assert twin[0].faults == (Fault.unavailable(),)
    assert twin[1].response.outputs[0].message.content
    assert twin.dropped == 1


def test_a_call_under_way_is_copied_as_it_is(server, ask):
    server.fault(Fault.latency(0.3))
    thread = threading.Thread(target=ask, args=("Hi",))
    thread.start()
    assert server.calls.wait_for(1)
    twin = pickle.loads(pickle.dumps(server.calls)).last
    assert (twin.status, twin.ended) == ("", None)
    assert twin.wait() is False
    assert twin.wait_cancelled() is False
    thread.join(10)
    assert server.calls.last.wait(5)
    assert twin.ended is None


def test_a_picture_is_pickled_by_itself_and_once():
    with FakeServer() as server, connected(server) as ask:
        ask("large", picture(jpeg_of(2 * MIB)))
        small = jpeg()
        ask("small", picture(small), picture(small), picture(small))
        assert len(pickle.dumps(server.calls.last)) < 2 * len(small) + 80_000
        with_all = len(pickle.dumps(server.calls))
    assert 2 * MIB < with_all < 2 * MIB + 2 * len(small) + 100_000


def test_nothing_secret_goes_along(server):
    secret = "xai-another-key-0123456789"
    for key in (server.api_key, secret):
        with connected(server, key) as ask:
            try:
                ask("Hi", picture(jpeg()))
            except Exception:
                continue
    server.on(metadata={"x-key": server.api_key}).reply("never").optional()
    server.on(metadata={"x-copy": match.any}, when=lambda call: server.api_key).reply("x")
    with connected(server) as ask:
        ask.metadata += (("x-copy", server.api_key),)
        ask("Hi")
    for whole in (pickle.dumps(server.calls), *map(pickle.dumps, server.calls)):
        assert server.api_key.encode() not in whole
        assert secret.encode() not in whole
    assert server.api_key not in server.explain(server.calls.last)


def _prompts(calls):
    return [call.prompt for call in calls]


def test_into_another_process(server, ask):
    ask("Hi", picture(jpeg()))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_prompts, (server.calls,)) == ["Hi"]
        back = pool.apply(copy.copy, (server.calls.last,))
    assert back.images[0].data == jpeg()
