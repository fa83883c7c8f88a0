"""Injected faults, as clients see them."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import image_part, open_caller, read_stream
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault, Reply, match

TEXT = Reply("one two three four five six", chunks=6)


def test_next_limits_the_number_of_faults(server, caller):
    rule = server.fault(Fault.unavailable(), next=2)
    for _ in range(2):
        status, details = caller.expect_error("Hi")
        assert (status, details) == ("UNAVAILABLE", "The service is unavailable.")
    assert caller.text("Hi")
    assert rule.fired == 2
    assert [c.status for c in server.calls] == ["UNAVAILABLE", "UNAVAILABLE", "OK"]
    assert server.calls[0].faults == (Fault.unavailable(),)


def test_after_skips_calls_and_stop_ends_the_fault(server, caller):
    rule = server.fault(Fault.internal(), after=1)
    assert caller.text("Hi")
    assert caller.expect_error("Hi")[0] == caller.expect_error("Hi")[0] == "INTERNAL"
    rule.stop()
    assert caller.text("Hi")


def test_a_fault_with_a_condition(server, caller):
    server.fault(Fault.safety_refusal(), image=match.any)
    assert caller.text("Hi")
    status, details = caller.expect_error("Hi", image_part(jpeg()))
    assert status == "PERMISSION_DENIED"
    assert "safety_check" in details


def test_a_rate_is_repeatable_with_a_seed():
    def pattern(seed):
        with FakeServer(seed=seed) as server, open_caller(server) as caller:
            server.fault(Fault.internal(), rate=0.3)
            for _ in range(60):
                try:
                    caller.sample("Hi")
                except grpc.RpcError:
                    continue
            return [c.status == "OK" for c in server.calls]

    first = pattern(1)
    assert 8 <= first.count(False) <= 28
    assert pattern(1) == first
    assert pattern(2) != first


def test_an_injected_rate_limit_error(server, caller):
    server.fault(Fault.rate_limited(retry_after=1.5))
    with pytest.raises(grpc.RpcError) as caught:
        caller.sample("Hi")
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ("retry-after", "1.5") in [tuple(pair) for pair in caught.value.trailing_metadata()]


def test_a_rate_limit(server, caller):
    server.clock.set(datetime(2026, 1, 31), frozen=True)
    server.rate_limit(requests=1, burst=2)
    assert caller.text("Hi")
    assert caller.text("Hi")
    with pytest.raises(grpc.RpcError) as caught:
        caller.sample("Hi")
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    wait = dict(caught.value.trailing_metadata())["retry-after"]
    assert 0 < float(wait) <= 1
    server.clock.skip(seconds=float(wait) + 0.001)
    assert caller.text("Hi")
    server.rate_limit(tokens=1, burst=100)
    assert caller.text("Hi")
    assert caller.expect_error("Hi", image_part(jpeg()))[0] == "RESOURCE_EXHAUSTED"
    server.rate_limit()
    assert caller.text("Hi", image_part(jpeg()))


def test_a_fault_in_a_stream(server, caller):
    server.on().reply(TEXT)
    server.fault(Fault.after_chunks(3, details="broke"), next=1)
    texts, error = read_stream(caller)
    assert texts == ["one", " two", " three"]
    assert (error.code(), error.details()) == (grpc.StatusCode.INTERNAL, "broke")
    assert server.calls.last.chunks_sent == 3
    assert read_stream(caller)[1] is None


def test_faults_before_and_after_a_stream(server, caller):
    server.on().reply(TEXT)
    server.fault(Fault.unavailable(trailing={"x-why": "test"}), next=1)
    texts, error = read_stream(caller)
    assert texts == []
    assert dict(error.trailing_metadata())["x-why"] == "test"
    server.fault(Fault.after_chunks(99, status="DATA_LOSS"), next=1)
    texts, error = read_stream(caller)
    assert len(texts) == 7
    assert error.code() is grpc.StatusCode.DATA_LOSS


def test_a_fault_after_chunks_fails_a_unary_call(server, caller):
    server.fault(Fault.after_chunks(3))
    assert caller.expect_error("Hi")[0] == "INTERNAL"


def test_a_truncated_stream_ends_without_an_error(server, caller):
    server.on().reply(TEXT)
    server.fault(Fault.truncated(after_chunks=2), next=1)
    assert read_stream(caller) == (["one", " two"], None)
    server.fault(Fault.truncated(after_chunks=50), next=1)
    texts, error = read_stream(caller)
    assert len(texts) == 6
    assert error is None


def test_a_malformed_response(server, caller):
    server.fault(Fault.malformed())
    assert caller.expect_error("Hi")[0] == "INTERNAL"
    texts, error = read_stream(caller)
    assert texts == []
    assert error.code() is grpc.StatusCode.INTERNAL


def test_latency(server, caller):
    server.fault(Fault.latency(0.08, jitter=0.02))
    start = time.monotonic()
    caller.sample("Hi")
    list(caller.stream("Hi"))
    assert time.monotonic() - start >= 0.12
    server.fault(Fault.unavailable())
    start = time.monotonic()
    assert caller.expect_error("Hi")[0] == "UNAVAILABLE"
    assert time.monotonic() - start >= 0.06


def test_a_service_that_is_too_slow_at_first(server, caller):
    """A retry gets the next reply of the script, although the client did not get the first."""
    rule = server.on().replies(Reply("slow", ttft=600), Reply("quicker", ttft=0.01), "quick")
    assert caller.expect_error("Hi", timeout=1)[0] == "DEADLINE_EXCEEDED"
    assert server.calls.last.wait_cancelled(LIMIT)
    assert caller.text("Hi") == "quicker"
    assert caller.text("Hi") == "quick"
    assert rule.uses == 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_hangs_until_its_deadline(server, caller, stream):
    server.on().reply(TEXT)
    server.fault(Fault.hang(after_chunks=2) if stream else Fault.hang())
    if stream:
        texts, error = read_stream(caller, timeout=2)
        assert texts == ["one", " two"]
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    else:
        assert caller.expect_error("Hi", timeout=2)[0] == "DEADLINE_EXCEEDED"
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.status == "CANCELLED"


def test_a_cancelled_stream_is_noticed(server, caller):
    server.on().reply(Reply("a b c d e f", tps=0.1))
    call = caller.stream("Hi")
    next(call)
    assert not server.calls.last.wait_cancelled(0.01)
    call.cancel()
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.chunks_sent < 4


def test_rules_can_reply_with_faults(server, caller):
    server.on(prompt="a").replies(Fault.unavailable(), "fine")
    server.on(prompt="b").fault(Fault.internal("no"))
    server.on(prompt="c").side_effect(lambda call: Fault.internal("computed"))
    assert caller.expect_error("a")[0] == "UNAVAILABLE"
    assert caller.text("a") == "fine"
    assert caller.expect_error("b") == ("INTERNAL", "no")
    assert caller.expect_error("c") == ("INTERNAL", "computed")


def test_a_fault_of_another_method(server, caller):
    from xai_vision.proto import empty_pb2
    from xai_vision.proto.models_pb2_grpc import ModelsStub

    server.fault(Fault.unavailable(), method="ListLanguageModels")
    with pytest.raises(grpc.RpcError) as caught:
        ModelsStub(caller.channel).ListLanguageModels(empty_pb2.Empty(), metadata=caller.metadata)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert caller.text("Hi")


def test_every_call_ends_under_random_faults(server):
    rng = random.Random(5)
    kinds = [Fault.unavailable(), Fault.internal(), Fault.after_chunks(2), Fault.malformed()]
    for fault in kinds:
        server.fault(fault, rate=0.15)
    successes = []

    def work(count):
        with open_caller(server) as caller:
            for _ in range(count):
                if rng.random() < 0.5:
                    successes.append(read_stream(caller)[1] is None)
                else:
                    try:
                        caller.sample("Hi")
                        successes.append(True)
                    except grpc.RpcError:
                        successes.append(False)

    threads = [threading.Thread(target=work, args=(40,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(successes) == 320
    assert 60 < successes.count(False) < 260


def test_conditions_can_call_the_server_and_set_faults(server, caller):
    """The server holds no lock while it evaluates a condition."""
    handles = []

    def when(call):
        if call.prompt == "first" and not handles:
            handles.append(server.fault(Fault.internal("set by a condition"), prompt="second"))
            server.explain(call)
            server.problems()
        return call.prompt == "first"

    server.fault(Fault.unavailable("no"), when=when)
    assert caller.expect_error("first", timeout=LIMIT) == ("UNAVAILABLE", "no")
    assert caller.expect_error("second", timeout=LIMIT) == ("INTERNAL", "set by a condition")
    assert handles[0].fired == 1


def test_slow_conditions_do_not_wait_for_each_other(server):
    gate = threading.Barrier(4)
    rule = server.fault(Fault.internal(), when=lambda call: gate.wait(LIMIT) >= 0)
    ends = []

    def work():
        with open_caller(server) as caller:
            ends.append(caller.expect_error("Hi", timeout=LIMIT)[0])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert ends == ["INTERNAL"] * 4
    assert rule.fired == 4


def test_fault_counts_are_exact_for_concurrent_calls(server):
    counted = [
        server.fault(Fault.unavailable(), next=17, when=lambda call: time.sleep(0.001) is None),
        server.fault(Fault.internal(), next=23, after=10),
    ]
    ends = []

    def work():
        with open_caller(server) as caller:
            for _ in range(15):
                try:
                    ends.append(caller.text("Hi") and "OK")
                except grpc.RpcError as error:
                    ends.append(error.code().name)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert [rule.fired for rule in counted] == [17, 23]
    assert (ends.count("UNAVAILABLE"), ends.count("INTERNAL"), len(ends)) == (17, 23, 120)


def test_text_and_binary_trailing_metadata(server, caller):
    server.fault(Fault.internal(trailing={"x-why": "so", "x-blob-bin": b"\xff\x00"}))
    with pytest.raises(grpc.RpcError) as caught:
        caller.sample("Hi")
    trailing = dict(caught.value.trailing_metadata())
    assert (trailing["x-why"], trailing["x-blob-bin"]) == ("so", b"\xff\x00")
    # HTTP cannot carry binary metadata.
    models = urllib.request.Request(
        f"{server.http_url}/models", headers={"authorization": f"Bearer {server.api_key}"}
    )
    with pytest.raises(urllib.error.HTTPError) as http_error:
        urllib.request.urlopen(models, timeout=LIMIT)
    http_error.value.close()
    assert http_error.value.headers["x-why"] == "so"
    assert "x-blob-bin" not in http_error.value.headers


def test_a_cancelled_stream_sends_no_more_chunks(server, caller):
    server.on().reply(Reply("word " * 3000, chunks=3000))
    call = caller.stream("Hi")
    next(call)
    call.cancel()
    assert server.calls.last.wait(LIMIT)
    sent = server.calls.last.chunks_sent
    time.sleep(0.05)
    assert server.calls.last.chunks_sent == sent < 3000


@pytest.mark.parametrize(
    ("code", "message"),
    [("OK", "must be one of .*, not 'OK'"), ("INTERNALL", "INTERNALL"), ("", "Fault: code")],
)
def test_the_constructor_checks_the_status(code, message):
    with pytest.raises(ValueError, match=message):
        Fault("status", code)


def test_a_fault_from_the_constructor(server, caller):
    server.fault(Fault("status", "DATA_LOSS", "gone"))
    assert caller.expect_error("Hi") == ("DATA_LOSS", "gone")
