"""Filters, assertions and limits of the call log."""

from __future__ import annotations

import contextlib
import json
import threading

import grpc
import pytest

from tests.sample_images import jpeg, jpeg_of, png
from tests.testing.grpc_calls import UNLIMITED, image_part, open_caller, request
from tests.testing.waiting import LIMIT
from xai_vision.proto.chat_pb2_grpc import ChatStub
from xai_vision.testing import FakeServer, Fault, match

RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.01s",
                    "maxBackoff": "0.02s",
                    "backoffMultiplier": 1,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


def test_filters_and_assertions(server, caller):
    caller.sample("first", image_part(jpeg()))
    caller.sample("second", image_part(png()), model="grok-4-fast")
    list(caller.stream("third"))
    calls = server.calls
    assert [c.prompt for c in calls.where(model="grok-4")] == ["first", "third"]
    assert calls.where(image=match.format("PNG")).last.prompt == "second"
    assert len(calls.where(stream=True, status="OK")) == 1
    assert len(calls[1:]) == 2
    assert calls[0].prompt == calls[-3].prompt == "first"
    with pytest.raises(LookupError, match=r"not called with prompt='x'"):
        _ = calls.where(prompt="x").last
    calls.assert_called(times=3)
    calls.assert_called(prompt="first")
    calls.assert_not_called(prompt="fourth")
    assert "3 calls" in repr(calls)


def test_a_failed_assertion_lists_the_calls(server, caller):
    caller.sample("first", image_part(jpeg()))
    caller.sample("second")
    with pytest.raises(AssertionError) as caught:
        server.calls.assert_called(prompt="first", images=2)
    text = str(caught.value)
    assert "expected a call with prompt='first', images=2, but there were 0" in text
    assert "<Call GetCompletion, grok-4, 'first', <JPEG 640x480" in text
    assert "images=2, but the call has 1" in text
    with pytest.raises(AssertionError, match="expected 0 calls with prompt='second'"):
        server.calls.assert_not_called(prompt="second")
    server.calls.clear()
    with pytest.raises(AssertionError, match="no calls"):
        server.calls.assert_called()


def test_the_log_counts_retries_by_grpc(server):
    server.fault(Fault.unavailable(), next=2)
    options = (*UNLIMITED, ("grpc.service_config", RETRIES))
    metadata = (("authorization", f"Bearer {server.api_key}"), ("x-run", "7"))
    with grpc.insecure_channel(server.target, options=options) as channel:
        chat = ChatStub(channel)
        chat.GetCompletion(request("before"), metadata=metadata)
        chat.GetCompletion(request("Hi"), metadata=metadata)
    assert [c.status for c in server.calls.where(prompt="before")] == [
        "UNAVAILABLE",
        "UNAVAILABLE",
        "OK",
    ]
    assert [c.attempt for c in server.calls.where(prompt="before").attempts] == [1, 2, 3]
    assert len(server.calls.attempts) == 1
    assert server.calls.where(metadata={"x-run": "7"}).last.header("X-Run") == "7"


def test_only_retries_count_as_attempts(server, client):
    from xai_vision.chat import user

    chat = client.chat.create("grok-4", messages=[user("Hi")])
    chat.sample()
    server.fault(Fault.unavailable(), next=2)
    chat.sample()
    attempts = server.calls.attempts
    # The first call succeeded, so the second one is not its retry.
    assert [call.status for call in attempts] == ["UNAVAILABLE", "UNAVAILABLE", "OK"]
    chat.sample()
    assert len(server.calls.attempts) == 1


def test_waiting_for_calls(server, caller):
    assert not server.calls.wait_for(1, timeout=0.01)
    thread = threading.Thread(target=caller.sample, args=("Hi",))
    thread.start()
    assert server.calls.wait_for(1, LIMIT)
    assert server.calls.last.wait(LIMIT)
    thread.join(LIMIT)


def test_the_log_is_bounded():
    with (
        FakeServer(keep_calls=3, keep_log_bytes=150_000, keep_image_bytes=100_000) as server,
        open_caller(server) as caller,
    ):
        for size in (90_000, 80_000, 60_000, 110_000):
            caller.sample(f"{size}", image_part(jpeg_of(size)))
        assert server.calls.total == 4
        assert [c.prompt for c in server.calls] == ["80000", "60000", "110000"]
        assert server.calls[0].images[0].data == jpeg_of(80_000)
        with pytest.raises(LookupError, match="does not have the bytes"):
            _ = server.calls[2].images[0].data
        caller.sample("again", image_part(jpeg_of(75_000, seed=3)))
        oldest = server.calls[0].images[0]
        caller.sample("and again", image_part(jpeg_of(85_000, seed=3)))
        with pytest.raises(LookupError, match="does not have the bytes"):
            oldest.pil()
        assert server.calls.last.images[0].pil().size


def test_the_log_contains_no_api_key(server):
    other = "xai-another-key-0123456789"
    for key in (server.api_key, other):
        with open_caller(server, key) as caller, contextlib.suppress(grpc.RpcError):
            caller.sample("Hi", image_part(jpeg()))
    text = (
        repr(server)
        + repr(server.calls)
        + repr([[getattr(c, n) for n in c.__slots__] for c in server.calls])
    )
    assert server.api_key not in text
    assert other not in text
