"""Connection faults: resets and freezes."""

from __future__ import annotations

import grpc
import pytest

from tests.testing.grpc_calls import GrpcCaller, image_part, open_caller, read_stream
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault, Reply

# grpcio before 1.80 sometimes misses a reset: its socket is closed, but the call waits for its
# deadline.
SEES_RESETS = grpc.__version__ >= "1.80"


@pytest.mark.parametrize("early", [True, False], ids=["before", "after the client connected"])
@pytest.mark.parametrize("after_bytes", [0, 700])
def test_a_reset_connection(server, early, after_bytes):
    server.on().reply(Reply("word " * 400, tps=4000))
    if early:
        server.fault(Fault.reset_connection(after_bytes=after_bytes), next=1)
    target = server.target
    with open_caller(server) as caller:
        if not early:
            assert caller.text("Hi")
            server.fault(Fault.reset_connection(after_bytes=after_bytes), next=1)
        assert server.target == target
        received, error = read_stream(caller, timeout=LIMIT if SEES_RESETS else 5)
        if SEES_RESETS or error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            # A client that was sending at that moment sees the reset as a broken pipe.
            details = error.details().lower()
            assert "reset" in details or "broken pipe" in details
        assert bool(received) == bool(after_bytes)
        assert server.calls.last.wait_cancelled(LIMIT)
        assert [fault.kind for fault in server.calls.last.faults] == ["reset"]
    with open_caller(server) as caller:
        assert read_stream(caller)[1] is None


def test_a_frozen_connection(server):
    server.fault(Fault.freeze_connection(after_bytes=300), next=1)
    server.on().reply(Reply("word " * 400, tps=4000))
    with open_caller(server) as caller:
        received, error = read_stream(caller, timeout=2)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert len(received) < 400
    with open_caller(server) as caller:
        assert read_stream(caller)[1] is None


@pytest.mark.parametrize("fault", [Fault.reset_connection, Fault.freeze_connection])
def test_a_connection_fault_ends_with_its_response(server, fault):
    first, second = server.tenant(), server.tenant()
    first.fault(fault(after_bytes=5000), prompt="short", next=20)
    with open_caller(first) as caller:
        # Other tenants' calls go through the same connection.
        second_caller = GrpcCaller(caller.channel, second.api_key)
        for _ in range(20):
            assert caller.text("short")
            assert second_caller.text("Hi", timeout=LIMIT)
            list(second_caller.stream("Hi", timeout=LIMIT))
    assert {call.status for call in [*first.calls, *second.calls]} == {"OK"}
    assert len({call.peer for call in [*first.calls, *second.calls]}) == 1


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_connection_fault_before_the_end_of_a_short_response(server, size):
    server.on().reply("x" * size)
    server.fault(Fault.reset_connection(after_bytes=120 if size < 100 else size - 5))
    # No response may arrive complete, whether or not the client sees the reset.
    allowed = ("UNAVAILABLE",) if SEES_RESETS else ("UNAVAILABLE", "DEADLINE_EXCEEDED")
    for _ in range(25):
        with open_caller(server) as caller:
            assert caller.expect_error("Hi", timeout=LIMIT if SEES_RESETS else 1)[0] in allowed


def test_a_connection_fault_returned_by_a_function(server, caller):
    server.on().side_effect(lambda call: Fault.reset_connection())
    assert "tcp_proxy=True" in caller.expect_error("Hi")[1]
    with pytest.raises(AssertionError, match="tcp_proxy=True"):
        server.verify()
    server.clear()
    with FakeServer(tcp_proxy=True) as other, open_caller(other) as other_caller:
        other.on().side_effect(lambda call: Fault.reset_connection())
        assert other_caller.expect_error("Hi")[0] == "UNAVAILABLE"


def test_large_messages_pass_the_proxy():
    from tests.sample_images import MIB, jpeg_of

    with FakeServer(tcp_proxy=True) as server, open_caller(server) as caller:
        server.on().reply("x" * 3_000_000)
        assert len(caller.text("Hi", image_part(jpeg_of(5 * MIB)))) == 3_000_000
        assert server.calls.last.images[0].data == jpeg_of(5 * MIB)


def test_active_calls_survive_when_the_proxy_is_added(server, caller):
    server.on(stream=True).reply(Reply("a b c d e f g h", tps=60))
    call = caller.stream("Hi")
    next(call)
    server.fault(Fault.reset_connection(), prompt="never").optional()
    rest = list(call)
    assert rest[-1].usage.total_tokens > 0
    assert caller.text("Hi")
