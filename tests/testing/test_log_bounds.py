"""The log stays small: it drops the oldest, says so, and keeps the newest."""

from __future__ import annotations

import json
import threading
import tracemalloc
import urllib.request

import pytest

from tests.sample_images import jpeg_of
from tests.testing.grpc_calls import connected, picture
from xai_vision.testing import FakeServer, Fault
from xai_vision.testing._calls.log import _size

KIB = 1024


def text(number, size=20 * KIB):
    return f"{number} ".ljust(size, "x")


def first_words(calls):
    return [call.prompt.split()[0] for call in calls]


def test_long_requests():
    # A request's text is in the log twice: as the prompt, and in the request.
    with FakeServer(keep_log_bytes=400 * KIB) as server, connected(server) as ask:
        server.on().reply("ok")
        for number in range(12):
            ask(text(number))
        calls = server.calls
        assert first_words(calls) == ["8", "9", "10", "11"]
        assert (calls.total, calls.dropped) == (12, 8)
        assert "(8 older calls no longer in the log)" in repr(calls)
        assert sum(map(_size, calls)) <= 200 * KIB
        assert calls.last.request.messages[0].content[0].text == text(11)


@pytest.mark.parametrize("stream", [False, True])
def test_long_answers(stream):
    with FakeServer(keep_log_bytes=400 * KIB) as server, connected(server) as ask:
        server.on().reply("y" * 60 * KIB)
        for number in range(8):
            list(ask.stream(f"{number}")) if stream else ask(f"{number}")
        assert server.calls.last.wait(5)
        assert first_words(server.calls) == ["5", "6", "7"]
        assert len(server.calls.last.response.outputs[0].message.content) == 60 * KIB


def test_long_json_over_rest():
    pytest.importorskip("uvicorn")
    with FakeServer(keep_log_bytes=600 * KIB) as server:
        server.on().reply("ok")
        for number in range(8):
            asked = {"model": "grok-4", "messages": [{"role": "user", "content": text(number)}]}
            urllib.request.urlopen(
                urllib.request.Request(
                    f"{server.http_url}/chat/completions",
                    json.dumps(asked).encode(),
                    {
                        "authorization": f"Bearer {server.api_key}",
                        "content-type": "application/json",
                    },
                ),
                timeout=20,
            ).close()
        # The text thrice: prompt, request, JSON.
        assert first_words(server.calls) == ["4", "5", "6", "7"]


@pytest.mark.parametrize("limit", [0, 1, 10 * KIB])
def test_the_newest_stays_whatever_the_limit(limit):
    with FakeServer(keep_log_bytes=limit) as server, connected(server) as ask:
        for number in range(3):
            ask(text(number), picture(jpeg_of(70 * KIB)))
            call = server.calls.last
            assert call.prompt == text(number)
            assert call.response.outputs[0].message.content
            assert call.images[0].size == 70 * KIB
        assert first_words(server.calls) == ["2"]
        with pytest.raises(LookupError, match="does not have the bytes"):
            _ = call.images[0].data


def test_pictures_go_before_calls():
    with FakeServer(keep_log_bytes=200 * KIB) as server, connected(server) as ask:
        for number in range(4):
            ask(f"{number}", picture(jpeg_of(90 * KIB, seed=number)))
        assert len(server.calls) == 4
        kept = []
        for call in server.calls:
            try:
                kept.append(len(call.images[0].data))
            except LookupError:
                kept.append(0)
        assert kept == [0, 0, 90 * KIB, 90 * KIB]
        # What text takes, pictures no longer can.
        ask(text(4, 40 * KIB))
        assert len(server.calls) == 5
        with pytest.raises(LookupError):
            _ = server.calls[2].images[0].data
        assert server.calls[3].images[0].data == jpeg_of(90 * KIB, seed=3)


def test_a_call_under_way_is_not_dropped_for_its_size():
    with FakeServer(keep_log_bytes=100 * KIB) as server, connected(server) as ask:
        server.fault(Fault.latency(0.6), prompt="slow")
        slow = threading.Thread(target=ask, args=("slow",))
        slow.start()
        assert server.calls.wait_for(1)
        for number in range(6):
            ask(text(number))
        assert server.calls[0].prompt == "slow"
        assert server.calls.dropped == 5
        slow.join(10)
        assert first_words(server.calls) == ["slow", "5"]


def test_a_call_that_somebody_holds_stays_readable():
    with FakeServer(keep_calls=1) as server, connected(server) as ask:
        ask("first")
        held = server.calls.last
        ask("second")
        assert (held.prompt, held.response.id != "") == ("first", True)
        assert first_words(server.calls) == ["second"]


def test_what_is_dropped_cannot_be_vouched_for():
    with FakeServer(keep_calls=2) as server, connected(server) as ask:
        for word in ("a", "b", "b"):
            ask(word)
        calls = server.calls
        calls.assert_called(prompt="b")
        for wrong in (
            lambda: calls.assert_called(2, prompt="b"),
            lambda: calls.assert_not_called(prompt="c"),
            lambda: calls.assert_called(prompt="a"),
            lambda: calls.where(model="grok-4").assert_called(2),
        ):
            with pytest.raises(AssertionError, match=r"1 older call no longer in the log"):
                wrong()
        with pytest.raises(LookupError, match=r"prompt='a' \(1 older call no longer in the log\)"):
            _ = calls.where(prompt="a").last
        calls.clear()
        assert (calls.dropped, calls.total) == (0, 0)
        calls.assert_not_called(prompt="c")


@pytest.mark.slow
def test_memory_stays_where_the_limit_is():
    with FakeServer(keep_log_bytes=2 * KIB * KIB) as server, connected(server) as ask:
        server.on().reply("y" * 50 * KIB)
        for number in range(30):
            ask(text(number, 50 * KIB))
        tracemalloc.start()
        try:
            for number in range(60):
                ask(text(number, 50 * KIB))
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # Python's part of it; protobuf's own is counted by _size().
        assert held < 4 * KIB * KIB
        assert sum(map(_size, server.calls)) <= KIB * KIB


def test_many_at_once_are_counted_right():
    with FakeServer(keep_calls=50, keep_log_bytes=300 * KIB) as server:

        def work(number):
            with connected(server) as ask:
                for _ in range(30):
                    ask(text(number, 5 * KIB))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        calls = server.calls
        assert (calls.total, calls.total - calls.dropped) == (240, len(calls))
        assert dict(calls._sizes) == {call: _size(call) for call in calls}
        assert calls._size == sum(calls._sizes.values()) <= 150 * KIB
