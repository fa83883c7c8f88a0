"""Pickles and copies of calls and logs, as made by xdist and multiprocessing."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading

import pytest

from tests.sample_images import MIB, jpeg, jpeg_of
from tests.testing.grpc_calls import image_part, open_caller
from tests.testing.waiting import LIMIT
from xai_vision.testing import CallList, FakeServer, Fault, RuleRecord, match

COPIES = [
    pytest.param(copy.deepcopy, id="deepcopy"),
    pytest.param(copy.copy, id="copy"),
    *(
        pytest.param(
            lambda obj, protocol=protocol: pickle.loads(pickle.dumps(obj, protocol)),
            id=f"pickle {protocol}",
        )
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("make_copy", COPIES)
def test_a_call(server, caller, make_copy):
    rule = server.on(prompt="Hi", when=lambda call: True).reply("hello").times(1)
    server.fault(Fault.latency(0.001))
    caller.sample("Hi", image_part(jpeg(), "high"))
    call = server.calls.last
    copied = make_copy(call)
    assert (copied.prompt, copied.model, copied.status) == ("Hi", "grok-4", "OK")
    assert copied.request == call.request
    assert copied.response == call.response
    assert copied.faults == call.faults
    assert copied.metadata == call.metadata
    assert copied.duration == call.duration
    assert copied.rule == RuleRecord("on(prompt='Hi', when=<lambda>).times(1)", 1) == rule.record()
    image = copied.images[0]
    assert (image.sha256, image.detail) == (call.images[0].sha256, "high")
    assert image.data == jpeg()
    assert image.pil().size == (640, 480)
    assert copied.wait(0)
    assert repr(copied) == repr(call)
    assert make_copy(copied).rule == copied.rule
    server.clear()
    if make_copy is not copy.copy:  # A shallow copy reads its images from the log.
        assert image.data == jpeg()


@pytest.mark.parametrize("make_copy", COPIES)
def test_a_log(server, caller, make_copy):
    caller.sample("first")
    caller.sample("second", image_part(jpeg()))
    log = make_copy(server.calls)
    caller.sample("third")
    assert type(log) is CallList
    assert [call.prompt for call in log] == ["first", "second"]
    assert log.where(image=match.any).last.images[0].data == jpeg()
    assert log.dropped == 0
    log.assert_called(prompt="second")
    with pytest.raises(AssertionError, match="Nearest call: <Call GetCompletion, grok-4, 'first'"):
        log.assert_called(prompt="fourth")
    filtered = make_copy(server.calls.where(prompt="third"))
    assert filtered.last.prompt == "third"
    assert "third" in repr(filtered)


def test_every_kind_of_call(server, caller):
    """The log has a failed, a streamed and a rejected call, and dropped one."""
    with FakeServer(keep_calls=4) as server, open_caller(server) as caller:
        caller.sample("dropped")
        server.fault(Fault.unavailable(), next=1)
        caller.expect_error("failed")
        list(caller.stream("streamed"))
        caller.expect_error("refused", model="no-such-model")
        caller.sample("Hi")
        copied = pickle.loads(pickle.dumps(server.calls))
    assert [call.status for call in copied] == ["UNAVAILABLE", "OK", "NOT_FOUND", "OK"]
    assert copied[0].faults == (Fault.unavailable(),)
    assert copied[1].response.outputs[0].message.content
    assert copied.dropped == 1


def test_a_copy_of_an_active_call_never_ends(server, caller):
    gate = threading.Event()
    server.on().side_effect(lambda call: gate.wait(LIMIT) and "ok")
    thread = threading.Thread(target=caller.sample, args=("Hi",))
    thread.start()
    assert server.calls.wait_for(1, LIMIT)
    copied = pickle.loads(pickle.dumps(server.calls)).last
    assert (copied.status, copied.ended) == ("", None)
    assert copied.wait() is False
    assert copied.wait_cancelled() is False
    gate.set()
    thread.join(LIMIT)
    assert server.calls.last.wait(LIMIT)
    assert copied.ended is None


def test_an_image_is_pickled_once():
    with FakeServer() as server, open_caller(server) as caller:
        caller.sample("large", image_part(jpeg_of(2 * MIB)))
        small = jpeg()
        caller.sample("small", image_part(small), image_part(small), image_part(small))
        assert len(pickle.dumps(server.calls.last)) < 2 * len(small) + 80_000
        log_size = len(pickle.dumps(server.calls))
    assert 2 * MIB < log_size < 2 * MIB + 2 * len(small) + 100_000


def test_a_pickle_contains_no_api_key(server):
    secret = "xai-another-key-0123456789"
    for key in (server.api_key, secret):
        with open_caller(server, key) as caller:
            try:
                caller.sample("Hi", image_part(jpeg()))
            except Exception:
                continue
    server.on(metadata={"x-key": server.api_key}).reply("never").optional()
    server.on(metadata={"x-copy": match.any}, when=lambda call: server.api_key).reply("x")
    with open_caller(server) as caller:
        caller.metadata += (("x-copy", server.api_key),)
        caller.sample("Hi")
    for pickled in (pickle.dumps(server.calls), *map(pickle.dumps, server.calls)):
        assert server.api_key.encode() not in pickled
        assert secret.encode() not in pickled
    assert server.api_key not in server.explain(server.calls.last)


def _prompts(calls):
    return [call.prompt for call in calls]


def test_calls_in_another_process(server, caller):
    caller.sample("Hi", image_part(jpeg()))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_prompts, (server.calls,)) == ["Hi"]
        returned = pool.apply(copy.copy, (server.calls.last,))
    assert returned.images[0].data == jpeg()
