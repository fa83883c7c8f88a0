"""Ways to fail, as clients see them."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
import urllib.request

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import connected, picture, streamed
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault, Reply, match

TEXT = Reply("one two three four five six", chunks=6)


def test_a_number_of_times(server, ask):
    rule = server.fault(Fault.unavailable(), next=2)
    for _ in range(2):
        status, words = ask.refusal("Hi")
        assert (status, words) == ("UNAVAILABLE", "The service is unavailable.")
    assert ask.text("Hi")
    assert rule.fired == 2
    assert [c.status for c in server.calls] == ["UNAVAILABLE", "UNAVAILABLE", "OK"]
    assert server.calls[0].faults == (Fault.unavailable(),)


def test_after_some_and_until_stopped(server, ask):
    rule = server.fault(Fault.internal(), after=1)
    assert ask.text("Hi")
    assert ask.refusal("Hi")[0] == ask.refusal("Hi")[0] == "INTERNAL"
    rule.stop()
    assert ask.text("Hi")


def test_by_matcher(server, ask):
    server.fault(Fault.safety_refusal(), image=match.any)
    assert ask.text("Hi")
    status, words = ask.refusal("Hi", picture(jpeg()))
    assert status == "PERMISSION_DENIED"
    assert "safety_check" in words


def test_by_chance_that_repeats():
    def pattern(seed):
        with FakeServer(seed=seed) as server, connected(server) as ask:
            server.fault(Fault.internal(), rate=0.3)
            for _ in range(60):
                try:
                    ask("Hi")
                except grpc.RpcError:
                    continue
            return [c.status == "OK" for c in server.calls]

    first = pattern(1)
    assert 8 <= first.count(False) <= 28
    assert pattern(1) == first
    assert pattern(2) != first


def test_a_rate_limit_by_order(server, ask):
    server.fault(Fault.rate_limited(retry_after=1.5))
    with pytest.raises(grpc.RpcError) as caught:
        ask("Hi")
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ("retry-after", "1.5") in [tuple(pair) for pair in caught.value.trailing_metadata()]


def test_a_rate_limit_by_rate(server, ask):
    server.rate_limit(requests=1, burst=2)
    assert ask.text("Hi")
    assert ask.text("Hi")
    with pytest.raises(grpc.RpcError) as caught:
        ask("Hi")
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    wait = dict(caught.value.trailing_metadata())["retry-after"]
    assert 0 < float(wait) <= 1
    time.sleep(float(wait) + 0.005)
    assert ask.text("Hi")
    # 100 tokens, refilled slowly: building and reading the image takes a while.
    server.rate_limit(tokens=1, burst=100)
    assert ask.text("Hi")
    assert ask.refusal("Hi", picture(jpeg()))[0] == "RESOURCE_EXHAUSTED"
    server.rate_limit()
    assert ask.text("Hi", picture(jpeg()))


def test_inside_a_stream(server, ask):
    server.on().reply(TEXT)
    server.fault(Fault.after_chunks(3, details="broke"), next=1)
    said, error = streamed(ask)
    assert said == ["one", " two", " three"]
    assert (error.code(), error.details()) == (grpc.StatusCode.INTERNAL, "broke")
    assert server.calls.last.chunks_sent == 3
    assert streamed(ask)[1] is None


def test_before_a_stream_and_after_it(server, ask):
    server.on().reply(TEXT)
    server.fault(Fault.unavailable(trailing={"x-why": "test"}), next=1)
    said, error = streamed(ask)
    assert said == []
    assert dict(error.trailing_metadata())["x-why"] == "test"
    server.fault(Fault.after_chunks(99, status="DATA_LOSS"), next=1)
    said, error = streamed(ask)
    assert len(said) == 7
    assert error.code() is grpc.StatusCode.DATA_LOSS


def test_a_fault_inside_a_stream_fails_a_single_answer(server, ask):
    server.fault(Fault.after_chunks(3))
    assert ask.refusal("Hi")[0] == "INTERNAL"


def test_a_truncated_stream_ends_well(server, ask):
    server.on().reply(TEXT)
    server.fault(Fault.truncated(after_chunks=2), next=1)
    assert streamed(ask) == (["one", " two"], None)
    server.fault(Fault.truncated(after_chunks=50), next=1)
    said, error = streamed(ask)
    assert len(said) == 6
    assert error is None


def test_garbage(server, ask):
    server.fault(Fault.malformed())
    assert ask.refusal("Hi")[0] == "INTERNAL"
    said, error = streamed(ask)
    assert said == []
    assert error.code() is grpc.StatusCode.INTERNAL


def test_latency(server, ask):
    server.fault(Fault.latency(0.08, jitter=0.02))
    start = time.monotonic()
    ask("Hi")
    list(ask.stream("Hi"))
    assert time.monotonic() - start >= 0.12
    server.fault(Fault.unavailable())
    start = time.monotonic()
    assert ask.refusal("Hi")[0] == "UNAVAILABLE"
    assert time.monotonic() - start >= 0.06


@pytest.mark.parametrize("stream", [False, True])
def test_hanging_until_the_client_gives_up(server, ask, stream):
    server.on().reply(TEXT)
    server.fault(Fault.hang(after_chunks=2) if stream else Fault.hang())
    if stream:
        said, error = streamed(ask, timeout=2)
        assert said == ["one", " two"]
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    else:
        assert ask.refusal("Hi", timeout=2)[0] == "DEADLINE_EXCEEDED"
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.status == "CANCELLED"


def test_a_cancelled_stream_is_noticed(server, ask):
    server.on().reply(Reply("a b c d e f", tps=2))
    call = ask.stream("Hi")
    next(call)
    assert not server.calls.last.wait_cancelled(0.01)
    call.cancel()
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.chunks_sent < 4


def test_a_rule_that_fails(server, ask):
    server.on(prompt="a").replies(Fault.unavailable(), "fine")
    server.on(prompt="b").fault(Fault.internal("no"))
    server.on(prompt="c").side_effect(lambda call: Fault.internal("made"))
    assert ask.refusal("a")[0] == "UNAVAILABLE"
    assert ask.text("a") == "fine"
    assert ask.refusal("b") == ("INTERNAL", "no")
    assert ask.refusal("c") == ("INTERNAL", "made")


def test_other_methods_fail_too(server, ask):
    from xai_vision.proto import empty_pb2
    from xai_vision.proto.models_grpc import ModelsStub

    server.fault(Fault.unavailable(), method="ListLanguageModels")
    with pytest.raises(grpc.RpcError) as caught:
        ModelsStub(ask.channel).ListLanguageModels(empty_pb2.Empty(), metadata=ask.metadata)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert ask.text("Hi")


def test_under_random_faults_every_call_ends(server):
    chance = random.Random(5)
    kinds = [Fault.unavailable(), Fault.internal(), Fault.after_chunks(2), Fault.malformed()]
    for fault in kinds:
        server.fault(fault, rate=0.15)
    ends = []

    def work(count):
        with connected(server) as ask:
            for _ in range(count):
                if chance.random() < 0.5:
                    ends.append(streamed(ask)[1] is None)
                else:
                    try:
                        ask("Hi")
                        ends.append(True)
                    except grpc.RpcError:
                        ends.append(False)

    threads = [threading.Thread(target=work, args=(40,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(ends) == 320
    assert 60 < ends.count(False) < 260


def test_conditions_may_ask_the_server_and_set_faults(server, ask):
    """A condition runs without any lock of the server's held."""
    handles = []

    def when(call):
        if call.prompt == "first" and not handles:
            handles.append(server.fault(Fault.internal("set on the way"), prompt="second"))
            server.explain(call)
            server.problems()
        return call.prompt == "first"

    server.fault(Fault.unavailable("no"), when=when)
    assert ask.refusal("first", timeout=LIMIT) == ("UNAVAILABLE", "no")
    assert ask.refusal("second", timeout=LIMIT) == ("INTERNAL", "set on the way")
    assert handles[0].fired == 1


def test_slow_conditions_do_not_wait_for_each_other(server):
    gate = threading.Barrier(4)
    rule = server.fault(Fault.internal(), when=lambda call: gate.wait(LIMIT) >= 0)
    ends = []

    def work():
        with connected(server) as ask:
            ends.append(ask.refusal("Hi", timeout=LIMIT)[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert ends == ["INTERNAL"] * 4
    assert rule.fired == 4


def test_counts_are_exact_when_calls_come_at_once(server):
    """Each fault happens as often as it is to, whoever gets it."""
    counted = [
        server.fault(Fault.unavailable(), next=17, when=lambda call: time.sleep(0.001) is None),
        server.fault(Fault.internal(), next=23, after=10),
    ]
    ends = []

    def work():
        with connected(server) as ask:
            for _ in range(15):
                try:
                    ends.append(ask.text("Hi") and "OK")
                except grpc.RpcError as error:
                    ends.append(error.code().name)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert [rule.fired for rule in counted] == [17, 23]
    assert (ends.count("UNAVAILABLE"), ends.count("INTERNAL"), len(ends)) == (17, 23, 120)


def test_trailing_metadata_of_both_kinds(server, ask):
    server.fault(Fault.internal(trailing={"x-why": "so", "x-blob-bin": b"\xff\x00"}))
    with pytest.raises(grpc.RpcError) as caught:
        ask("Hi")
    trailing = dict(caught.value.trailing_metadata())
    assert (trailing["x-why"], trailing["x-blob-bin"]) == ("so", b"\xff\x00")
    # HTTP has no form for the second.
    asked = urllib.request.Request(
        f"{server.http_url}/models", headers={"authorization": f"Bearer {server.api_key}"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=LIMIT)
    refused.value.close()
    assert refused.value.headers["x-why"] == "so"
    assert "x-blob-bin" not in refused.value.headers


def test_a_stream_nobody_reads_any_more_is_not_made(server, ask):
    server.on().reply(Reply("word " * 3000, chunks=3000))
    call = ask.stream("Hi")
    next(call)
    call.cancel()
    assert server.calls.last.wait_cancelled(LIMIT)
    time.sleep(0.05)
    sent = server.calls.last.chunks_sent
    time.sleep(0.05)
    assert server.calls.last.chunks_sent == sent < 3000


@pytest.mark.parametrize(
    ("code", "words"),
    [("OK", "must be one of .*, not 'OK'"), ("INTERNALL", "INTERNALL"), ("", "Fault: code")],
)
def test_a_fault_made_directly_has_a_status_that_there_is(code, words):
    with pytest.raises(ValueError, match=words):
        Fault("status", code)


def test_a_fault_made_directly_happens(server, ask):
    server.fault(Fault("status", "DATA_LOSS", "gone"))
    assert ask.refusal("Hi") == ("DATA_LOSS", "gone")
