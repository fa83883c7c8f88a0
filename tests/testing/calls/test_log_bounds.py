"""The log's size limits: it drops the oldest calls, reports them, and keeps the newest."""

from __future__ import annotations

import json
import threading
import tracemalloc
import urllib.request

import pytest

from tests.sample_images import jpeg_of
from tests.testing.grpc_calls import image_part, open_caller
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer
from xai_vision.testing._calls.log import _size

KIB = 1024


def text(number, size=20 * KIB):
    return f"{number} ".ljust(size, "x")


def first_words(calls):
    return [call.prompt.split()[0] for call in calls]


def test_long_requests():
    # The log stores the text of a request twice: as the prompt, and in the request.
    with FakeServer(keep_log_bytes=400 * KIB) as server, open_caller(server) as caller:
        server.on().reply("ok")
        for number in range(12):
            caller.sample(text(number))
        calls = server.calls
        assert first_words(calls) == ["8", "9", "10", "11"]
        assert (calls.total, calls.dropped) == (12, 8)
        assert "(8 older calls no longer in the log)" in repr(calls)
        assert sum(map(_size, calls)) <= 200 * KIB
        assert calls.last.request.messages[0].content[0].text == text(11)


@pytest.mark.parametrize("stream", [False, True])
def test_long_responses(stream):
    with FakeServer(keep_log_bytes=400 * KIB) as server, open_caller(server) as caller:
        server.on().reply("y" * 60 * KIB)
        for number in range(8):
            list(caller.stream(f"{number}")) if stream else caller.sample(f"{number}")
        assert server.calls.last.wait(LIMIT)
        assert first_words(server.calls) == ["5", "6", "7"]
        assert len(server.calls.last.response.outputs[0].message.content) == 60 * KIB


def test_long_json_over_rest():
    pytest.importorskip("uvicorn")
    with FakeServer(keep_log_bytes=600 * KIB) as server:
        server.on().reply("ok")
        for number in range(8):
            body = {"model": "grok-4", "messages": [{"role": "user", "content": text(number)}]}
            urllib.request.urlopen(
                urllib.request.Request(
                    f"{server.http_url}/chat/completions",
                    json.dumps(body).encode(),
                    {
                        "authorization": f"Bearer {server.api_key}",
                        "content-type": "application/json",
                    },
                ),
                timeout=LIMIT,
            ).close()
        # The log stores the text three times: in the prompt, the request and the JSON.
        assert first_words(server.calls) == ["4", "5", "6", "7"]


@pytest.mark.parametrize("limit", [0, 1, 10 * KIB])
def test_the_newest_call_stays_with_any_limit(limit):
    with FakeServer(keep_log_bytes=limit) as server, open_caller(server) as caller:
        for number in range(3):
            caller.sample(text(number), image_part(jpeg_of(70 * KIB)))
            call = server.calls.last
            assert call.prompt == text(number)
            assert call.response.outputs[0].message.content
            assert call.images[0].size == 70 * KIB
        assert first_words(server.calls) == ["2"]
        with pytest.raises(LookupError, match="does not have the bytes"):
            _ = call.images[0].data


def test_images_are_dropped_before_calls():
    with FakeServer(keep_log_bytes=200 * KIB) as server, open_caller(server) as caller:
        for number in range(4):
            caller.sample(f"{number}", image_part(jpeg_of(90 * KIB, seed=number)))
        assert len(server.calls) == 4
        sizes = []
        for call in server.calls:
            try:
                sizes.append(len(call.images[0].data))
            except LookupError:
                sizes.append(0)
        assert sizes == [0, 0, 90 * KIB, 90 * KIB]
        # Text and images share the limit.
        caller.sample(text(4, 40 * KIB))
        assert len(server.calls) == 5
        with pytest.raises(LookupError):
            _ = server.calls[2].images[0].data
        assert server.calls[3].images[0].data == jpeg_of(90 * KIB, seed=3)


def test_an_active_call_is_not_dropped():
    with FakeServer(keep_log_bytes=100 * KIB) as server, open_caller(server) as caller:
        gate = threading.Event()
        server.on(prompt="slow").side_effect(lambda call: gate.wait(LIMIT) and "ok")
        slow = threading.Thread(target=caller.sample, args=("slow",))
        slow.start()
        assert server.calls.wait_for(1, LIMIT)
        for number in range(6):
            caller.sample(text(number))
        assert server.calls[0].prompt == "slow"
        assert server.calls.dropped == 5
        gate.set()
        slow.join(LIMIT)
        assert first_words(server.calls) == ["slow", "5"]


def test_a_dropped_call_stays_readable():
    with FakeServer(keep_calls=1) as server, open_caller(server) as caller:
        caller.sample("first")
        dropped = server.calls.last
        caller.sample("second")
        assert (dropped.prompt, dropped.response.id != "") == ("first", True)
        assert first_words(server.calls) == ["second"]


def test_assertions_fail_if_dropped_calls_could_matter():
    with FakeServer(keep_calls=2) as server, open_caller(server) as caller:
        for word in ("a", "b", "b"):
            caller.sample(word)
        calls = server.calls
        calls.assert_called(prompt="b")
        for check in (
            lambda: calls.assert_called(2, prompt="b"),
            lambda: calls.assert_not_called(prompt="c"),
            lambda: calls.assert_called(prompt="a"),
            lambda: calls.where(model="grok-4").assert_called(2),
        ):
            with pytest.raises(AssertionError, match=r"1 older call no longer in the log"):
                check()
        with pytest.raises(LookupError, match=r"prompt='a' \(1 older call no longer in the log\)"):
            _ = calls.where(prompt="a").last
        calls.clear()
        assert (calls.dropped, calls.total) == (0, 0)
        calls.assert_not_called(prompt="c")


@pytest.mark.slow
def test_memory_stays_below_the_limit():
    with FakeServer(keep_log_bytes=2 * KIB * KIB) as server, open_caller(server) as caller:
        server.on().reply("y" * 50 * KIB)
        for number in range(30):
            caller.sample(text(number, 50 * KIB))
        tracemalloc.start()
        try:
            for number in range(60):
                caller.sample(text(number, 50 * KIB))
            size, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # tracemalloc counts Python's memory, and _size() that of protobuf.
        assert size < 4 * KIB * KIB
        assert sum(map(_size, server.calls)) <= KIB * KIB


def test_counts_are_exact_for_concurrent_calls():
    with FakeServer(keep_calls=50, keep_log_bytes=300 * KIB) as server:

        def work(number):
            with open_caller(server) as caller:
                for _ in range(30):
                    caller.sample(text(number, 5 * KIB))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        calls = server.calls
        assert (calls.total, calls.total - calls.dropped) == (240, len(calls))
        assert dict(calls._sizes) == {call: _size(call) for call in calls}
        assert calls._size == sum(calls._sizes.values()) <= 150 * KIB
