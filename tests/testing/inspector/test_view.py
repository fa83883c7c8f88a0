"""What the inspector shows of a call."""

from __future__ import annotations

import copy
import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sample_images import data_url, rotated_jpeg, sample
from tests.testing.grpc_calls import chat_message, image_part, open_caller, read_stream
from tests.testing.inspector.inspector_calls import get, view_of
from tests.testing.waiting import LIMIT, until
from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.testing import FakeServer, Fault, Reply, match
from xai_vision.testing._inspector.view import attempts, view

STOCK = chat_pb2.Tool(function=chat_pb2.Function(name="stock", parameters='{"type": "object"}'))


def test_messages_in_order_with_their_images(server, caller):
    first, second = sample("photo.jpg"), rotated_jpeg(6)
    caller.sample(
        messages=[
            chat_message("Be brief", role=chat_pb2.ROLE_SYSTEM),
            chat_message("before", image_part(first), "between", image_part(second, "low")),
            chat_message("Sure", role=chat_pb2.ROLE_ASSISTANT),
            chat_message(image_part(first), "after"),
        ]
    )
    shown = view_of(server)
    assert [message["role"] for message in shown["messages"]] == [
        *("system", "user", "assistant", "user")
    ]
    parts = [
        [part["index"] if part["kind"] == "image" else part["text"] for part in message["parts"]]
        for message in shown["messages"]
    ]
    assert parts == [["Be brief"], ["before", 0, "between", 1], ["Sure"], [2, "after"]]
    images = shown["images"]
    assert [image["orientation"] for image in images] == [1, 6, 1]
    assert [image["detail"] for image in images] == ["auto", "low", "auto"]
    recorded = server.calls.last.images
    for name in ("format", "width", "height", "size", "tokens", "sha256"):
        assert [image[name] for image in images] == [getattr(image, name) for image in recorded]


def test_images_that_were_not_read_have_no_properties(server, caller):
    broken = image_part(b"\xff\xd8\xff not an image")
    assert caller.expect_error("Look", image_part(sample("photo.jpg")), broken)[0] == (
        "INVALID_ARGUMENT"
    )
    shown = view_of(server)
    assert shown["status"] == "INVALID_ARGUMENT"
    assert "Invalid JPEG image" in shown["details"]
    assert [part.get("index", "") for part in shown["messages"][0]["parts"]] == ["", None, None]


def test_files_names_and_tool_results(server, caller):
    call = chat_pb2.ToolCall(id="c1", function=chat_pb2.FunctionCall(name="stock", arguments="{}"))
    caller.sample(
        messages=[
            chat_message("How many?"),
            chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=[call]),
            chat_pb2.Message(
                role=chat_pb2.ROLE_TOOL,
                tool_call_id="c1",
                content=[chat_pb2.Content(text="3 <b>")],
            ),
        ],
        tools=[STOCK],
    )
    shown = view_of(server)
    assert shown["messages"][1]["tool_calls"] == [
        {"id": "c1", "type": "invalid", "name": "stock", "arguments": "{}"}
    ]
    assert shown["messages"][2]["tool_call_id"] == "c1"
    assert shown["tool_results"] == [["stock", "3 <b>"]]
    assert shown["tools"][0]["function"]["name"] == "stock"


def test_settings_answer_usage_and_cost(server, caller):
    server.on().reply("Hello", reasoning="Hm", citations=["https://e.x/a"])
    caller.sample("Hi", temperature=0.5, max_tokens=7, user="u")
    shown = view_of(server)
    settings = {"model": "grok-4", "temperature": 0.5, "max_tokens": 7, "user": "u"}
    assert shown["settings"] == settings
    (output,) = shown["answer"]["outputs"]
    assert (output["text"], output["reasoning"], output["finish"]) == ("Hello", "Hm", "stop")
    assert shown["answer"]["citations"] == ["https://e.x/a"]
    usage = server.calls.last.response.usage
    assert shown["usage"]["prompt_tokens"] == usage.prompt_tokens
    assert shown["cost"] == pytest.approx(usage.cost_in_usd_ticks / 1e10)
    assert shown["raw"]["request"]["max_tokens"] == 7


def test_the_answer_as_it_streamed(server, caller):
    server.on().reply("one two three", chunks=["one ", "two ", "three"], reasoning="Hm")
    texts, error = read_stream(caller)
    assert error is None
    shown = view_of(server)
    assert [chunk[1] for chunk in shown["chunks"] if chunk[1]] == ["one ", "two ", "three"]
    assert [chunk[2] for chunk in shown["chunks"] if chunk[2]] == ["Hm"]
    assert len(shown["chunks"]) == len(texts)
    times = [chunk[0] for chunk in shown["chunks"]]
    assert times == sorted(times)
    assert times[0] > 0
    assert times[-1] <= shown["timeline"][-1][0]


def test_the_timeline(server, caller):
    server.on(name="mine").reply("one two", chunks=["one ", "two"])
    server.fault(Fault.latency(0.001))
    read_stream(caller)
    events = view_of(server)["timeline"]
    kinds = [kind for _, kind, _ in events]
    assert kinds == ["arrived", "thread", "read", "fault", "rule", "first", "last", "end"]
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)
    texts = dict(event[1:] for event in events)
    assert texts["rule"] == "rule on(name='mine')"
    assert "latency" in texts["fault"]
    assert texts["first"].startswith("first chunk of ")
    assert texts["end"] == "end OK"


def test_a_call_that_waited_for_a_thread():
    entered, release = threading.Event(), threading.Event()

    def block(call):
        entered.set()
        assert release.wait(LIMIT)
        return "late"

    with FakeServer(inspect=True, max_threads=1) as server, open_caller(server) as caller:
        server.on(prompt="first").side_effect(block)
        server.on(prompt="second").reply("x")
        pool = ThreadPoolExecutor(2)
        first = pool.submit(caller.sample, "first")
        assert entered.wait(LIMIT)
        second = pool.submit(caller.sample, "second")
        until(lambda: server._state.grpc_server._pool._queue)
        released = time.monotonic()
        release.set()
        first.result(LIMIT)
        second.result(LIMIT)
        trace = server.calls.last.trace
        timeline = view(server.calls.last)["timeline"]
        pool.shutdown()
    assert trace.arrived < released < trace.events[0][0]
    assert [kind for _, kind, _ in timeline][:3] == ["arrived", "thread", "read"]
    assert timeline[1][0] == pytest.approx((trace.events[0][0] - trace.arrived) * 1000, abs=0.01)


def test_the_timeline_of_a_rest_call(server):
    server.on().reply("one two", chunks=["one ", "two"])
    post(server, "responses", {"model": "grok-4", "input": "Hi", "stream": True})
    shown = view_of(server)
    assert shown["method"] == "POST /v1/responses"
    assert shown["http_status"] == 200
    assert [kind for _, kind, _ in shown["timeline"]] == [
        *("arrived", "thread", "read", "rule", "first", "last", "end")
    ]
    assert [chunk[1] for chunk in shown["chunks"] if chunk[1]] == ["one ", "two"]
    assert shown["raw"]["body"]["input"] == "Hi"


def test_a_fault_in_a_stream(server, caller):
    server.on().reply("one two three four")
    server.fault(Fault.unavailable("Gone", after_chunks=2))
    texts, error = read_stream(caller)
    assert error is not None
    shown = view_of(server)
    assert len(shown["chunks"]) == len(texts) == 2
    assert shown["timeline"][-1][1:] == ["end", "end UNAVAILABLE Gone"]


def test_a_long_stream_is_counted_after_a_limit(server, caller, monkeypatch):
    monkeypatch.setattr("xai_vision.testing._calls.trace._MAX_CHUNKS", 3)
    server.on().reply("a b c d e f", chunks=6)
    texts, _ = read_stream(caller)
    shown = view_of(server)
    assert len(shown["chunks"]) == 3
    assert dict(event[1:] for event in shown["timeline"])["first"] == (
        f"first chunk of {len(texts)}"
    )


def test_every_rule_says_why_it_did_not_answer(server, caller):
    server.on(prompt="other", name="first").reply("x")
    used = server.on(prompt=match.contains("Hi"), name="once").reply("once").times(1)
    server.on(name="general").reply("general")
    server.on(name="last").reply("last").times(1).optional()
    caller.sample("Hi 1")
    caller.sample("Hi 2")
    assert used.exhausted
    rules = [[row[1:] for row in view_of(server, call)["rules"]] for call in server.calls]
    answered = [True, ""]
    first, second = ([False, f"prompt='other', but it is 'Hi {n}'"] for n in (1, 2))
    behind = "matches, but on(name={!r}{}) answered the call (priority= decides)"
    once = behind.format("once", ", prompt=match.contains('Hi')").replace(")) ", ")).times(1) ")
    general = behind.format("general", "")
    assert rules[0] == [first, answered, [False, once], [False, once]]
    assert rules[1] == [second, [False, "times(1) is used up"], answered, [False, general]]


def test_a_rule_that_was_not_consulted_is_not_used_up(server, caller):
    server.on(name="all").reply("x")
    behind = server.on(name="behind", prompt=match.any).reply("y").times(0)
    caller.sample("Hi")
    assert "answered the call" in server.explain(server.calls.last).splitlines()[1]
    assert behind.exhausted


def test_a_removed_rule_is_still_shown(server, caller):
    server.on(name="gone").reply("x")
    caller.sample("Hi")
    server.clear_rules()
    assert view_of(server)["rules"] == [["on(name='gone')", True, "the rule was removed later"]]


def test_no_rule(server, caller):
    server.on(prompt="other").reply("x")
    caller.sample("Hi")
    shown = view_of(server)
    assert shown["unmatched"] is True
    assert shown["rule"] == ""
    assert shown["rules"] == [["on(prompt='other')", False, "prompt='other', but it is 'Hi'"]]


def test_attempts_of_a_request(server, caller):
    server.on(prompt="Hi").replies(Fault.unavailable(), Fault.unavailable(), "Hello")
    for _ in range(2):
        caller.expect_error("Hi")
        caller.sample("another request in between")
    caller.sample("Hi")
    caller.sample("Hi")
    shown = view_of(server, server.calls[2])
    assert [attempt["status"] for attempt in shown["attempts"]] == [
        *("UNAVAILABLE", "UNAVAILABLE", "OK")
    ]
    assert [attempt["current"] for attempt in shown["attempts"]] == [False, True, False]
    assert shown["attempts"][0]["at"] < 0 < shown["attempts"][2]["at"]
    assert shown["attempts"][0]["id"] == f"{server.calls[0]._id:016x}"
    # The next request was not an attempt: the one before it did not fail.
    assert len(view_of(server, server.calls[-1])["attempts"]) == 1


def test_attempts_belong_to_one_client(server):
    server.on().replies(Fault.unavailable(), "Hello")
    with open_caller(server) as one, open_caller(server, server.create_key()) as other:
        one.expect_error("Hi")
        other.sample("Hi")
    calls = list(server.calls)
    assert attempts(calls[1], calls) == [calls[1]]


def test_a_call_in_progress(server, caller):
    server.on().reply("late", ttft=600)
    future = caller.chat.GetCompletion.future(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=caller.metadata,
    )
    assert server.calls.wait_for(timeout=60, prompt="Hi")
    shown = view_of(server)
    assert (shown["status"], shown["duration"]) == ("", None)
    assert "end" not in [kind for _, kind, _ in shown["timeline"]]
    future.cancel()
    assert server.calls.last.wait_cancelled(60)
    assert view_of(server)["status"] == "CANCELLED"


def test_images_of_earlier_turns(server, caller):
    first = caller.sample("Look", image_part(sample("photo.jpg")), store_messages=True)
    caller.sample("And?", previous_response_id=first.id)
    shown = view_of(server)
    assert shown["images"] == []
    (image,) = shown["earlier_images"]
    assert image["format"] == "JPEG"
    path = f"calls/{shown['id']}/earlier/0/thumb"
    assert get(server, path).status == 200


def test_other_methods(server, caller):
    post(server, "images/generations", {"model": "grok-2-image", "prompt": "A cat"})
    shown = view_of(server)
    assert shown["method"] == "POST /v1/images/generations"
    assert shown["prompt"] in ("", "A cat")
    assert shown["messages"] == []
    assert shown["raw"]["body"]["prompt"] == "A cat"


def test_long_texts_are_cut(server, caller):
    caller.sample("word " * 50_000)
    shown = view_of(server)
    assert len(shown["prompt"]) < 101_000
    assert shown["prompt"].endswith("… 150,000 more characters")
    assert len(json.dumps(shown)) < 1_000_000


def test_many_messages(server, caller, monkeypatch):
    monkeypatch.setattr("xai_vision.testing._inspector.texts._MAX_ITEMS", 3)
    caller.sample(messages=[chat_message(str(number)) for number in range(5)])
    shown = view_of(server)
    assert [message["parts"][0]["text"] for message in shown["messages"]] == ["0", "1", "2"]
    assert shown["message_count"] == 5


def test_data_in_texts_is_replaced_by_its_hash(server, caller):
    url = data_url(sample("photo.jpg"))
    caller.sample(f"In text: {url}")
    text = json.dumps(view_of(server))
    assert url[200:300] not in text
    assert "sha256," in text


def test_a_copy_of_a_call_can_be_shown(server, caller):
    server.on(name="mine").reply("Hello")
    read_stream(caller)
    call = copy.deepcopy(server.calls.last)
    shown = view(call)
    original = view_of(server)
    assert shown["chunks"] == original["chunks"]
    assert shown["rules"] == [["on(name='mine')", True, ""]]
    assert shown["id"] == original["id"]


def test_tenants_have_their_names(server):
    with server.tenant(unused="allow") as tenant, open_caller(tenant) as caller:
        tenant.name = "worker-1"
        caller.sample("Hi")
        call = tenant.calls.last
    # A closed tenant is still shown.
    assert view_of(server, call)["tenant"] == "worker-1"


def test_a_dropped_call_is_gone(server, caller):
    caller.sample("Hi")
    call = server.calls.last
    server.calls.clear()
    answer = get(server, f"calls/{call._id:016x}")
    assert answer.status == 404
    assert answer.text == "The log no longer has this call.\n"
    assert get(server, f"calls/{call._id:016x}/images/0/thumb").status == 404


def test_without_the_inspector_calls_have_no_trace():
    with FakeServer() as server, open_caller(server) as caller:
        read_stream(caller)
        assert server.calls.last.trace is None
        shown = view(server.calls.last)
    assert shown["chunks"] == []
    assert [kind for _, kind, _ in shown["timeline"]] == ["arrived", "end"]


def test_a_trace_counts_for_the_size_of_the_log():
    with FakeServer(inspect=True, keep_log_bytes=400_000) as server:
        server.on().reply(Reply("word " * 300, chunks=300))
        with open_caller(server) as caller:
            for _ in range(8):
                read_stream(caller)
        assert server.calls.dropped > 0


def post(server, path, body):
    request = urllib.request.Request(
        f"{server.http_url}/{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {server.api_key}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read()


def test_detail_of_a_url(server, caller):
    server.urls["https://e.x/a.jpg"] = sample("photo.jpg")
    caller.sample(
        chat_pb2.Content(image_url=image_pb2.ImageUrlContent(image_url="https://e.x/a.jpg"))
    )
    (image,) = view_of(server)["images"]
    assert image["source"] == "https://e.x/a.jpg"
