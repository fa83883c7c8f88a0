"""Recording a service and replaying it, over the wire."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.testing.cassettes.conftest import calling, calling_with_errors, load
from tests.testing.cassettes.images import encode, scene
from tests.testing.grpc_calls import image_part, read_stream
from tests.testing.upstream.test_local_errors import delta, scripted, stream
from xai_vision.proto import chat_pb2
from xai_vision.testing import Cassette, FakeServer, Fault, Reply, match
from xai_vision.testing._cassettes.replayed_call import ReplayedCall


def test_a_recorded_call_is_replayed_without_the_service(service, record, replay):
    service.on(prompt=match.contains("total")).reply("42 EUR")
    with calling(record()) as caller:
        recorded = caller.sample("What is the total?")
    service.stop()
    with calling(replay()) as caller:
        replayed = caller.sample("What is the total?")
    assert replayed.outputs[0].message.content == "42 EUR"
    assert replayed.id.startswith("response_")
    replayed.id = recorded.id
    assert replayed == recorded


def test_a_stream_is_replayed_chunk_by_chunk(service, record, replay):
    service.on().reply("one two three four", chunks=4)
    with calling(record()) as caller:
        recorded, _ = read_stream(caller)
    with calling(replay()) as caller:
        replayed, error = read_stream(caller)
    assert error is None
    assert replayed == recorded
    assert len(recorded) >= 4


def test_an_error_is_replayed_with_its_trailers(service, record, replay):
    trailing = {"retry-after": "3", "details-bin": b"\x08\xff"}
    service.fault(Fault.status("RESOURCE_EXHAUSTED", "Slow down", trailing=trailing))
    for open_server in (record, replay):
        with calling(open_server()) as caller, pytest.raises(grpc.RpcError) as raised:
            caller.sample("Hi")
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert raised.value.details() == "Slow down"
        assert trailing.items() <= dict(raised.value.trailing_metadata()).items()


def test_another_encoding_of_the_image_is_answered(service, record, replay, path):
    service.on(images=1).reply("a red block")
    with calling(record()) as caller:
        caller.sample("What is it?", image_part(encode(scene())))
    text = path.read_text()
    assert len(json.dumps(json.loads(text)["images"], indent=1)) < 2048
    with calling(replay()) as caller:
        image = image_part(encode(scene(), quality=55, progressive=True))
        assert caller.text("What is it?", image) == "a red block"


def test_a_miss_is_an_error_that_says_what_differs(record, replay, path):
    with calling(record()) as caller:
        caller.sample("Hi")
    with calling_with_errors(replay(), "has no answer to this call of GetCompletion") as caller:
        status, details = caller.expect_error("Hello")
    assert status == "FAILED_PRECONDITION"
    assert str(path) in details
    assert "messages[0].content[0].text: recorded 'Hi', requested 'Hello'" in details
    assert 'record="new_episodes"' in details


def test_a_missing_cassette_is_an_error_of_the_first_call(replay, path):
    server = replay()
    with calling_with_errors(server, "does not exist") as caller:
        status, details = caller.expect_error("Hi")
    assert status == "FAILED_PRECONDITION"
    words = f"GetCompletion cannot be replayed: the cassette {path} does not exist. Record it: Fake"
    assert words in details


def test_a_chain_of_responses_is_replayed(record, replay):
    def talk(server):
        with calling(server) as caller:
            first = caller.sample("My name is Ada", store_messages=True)
            second = caller.sample("Who am I?", previous_response_id=first.id, store_messages=True)
            stored = caller.chat.GetStoredCompletion(
                chat_pb2.GetStoredCompletionRequest(response_id=second.id),
                metadata=caller.metadata,
            )
            return first, second, stored

    talk(record())
    first, second, stored = talk(replay())
    assert stored == second
    assert first.id != second.id
    assert second.settings.previous_response_id == first.id


def test_the_same_request_twice_is_replayed_in_order(service, record, replay):
    service.on().replies("one", "two")
    with calling(record()) as caller:
        assert [caller.text("Next") for _ in range(2)] == ["one", "two"]
    with calling(replay()) as caller:
        assert [caller.text("Next") for _ in range(3)] == ["one", "two", "two"]


def test_rules_come_before_the_cassette(record, replay):
    with calling(record()) as caller:
        caller.sample("Hi")
    server = replay()
    server.on().reply("from the rule")
    with calling(server) as caller:
        assert caller.text("Hi") == "from the rule"


def test_a_stream_that_the_client_left_is_replayed_so_far(service, record, replay):
    service.on().reply(Reply("one two three four", chunks=4))
    service.fault(Fault.hang(after_chunks=2))

    def start(server):
        with calling(server) as caller:
            stream = caller.stream("Count")
            texts = [next(stream).outputs[0].delta.content for _ in range(2)]
            stream.cancel()
            assert server.calls[-1].wait(30)
            return texts

    recorded = start(record())
    assert start(replay()) == recorded


def test_an_id_is_known_before_the_stream_has_ended(service, record, path):
    service.on(stream=True).reply(Reply("one two three four", chunks=4))
    with calling(record()) as caller:
        stream = caller.stream("Count", store_messages=True)
        first = next(stream)
        caller.sample("Go on", previous_response_id=first.id)
        list(stream)
    streamed, chained = load(path)
    name = streamed.responses[0]["message"]["id"]
    assert chained.request["previous_response_id"] == name
    assert first.id not in path.read_text()


def test_a_recording_has_the_time_of_each_chunk(service, record, path):
    service.on().reply(Reply("one two three four", chunks=4))
    with calling(record()) as caller:
        read_stream(caller)
    (call,) = load(path)
    times = [item["seconds"] for item in call.responses]
    assert len(times) >= 4
    assert times == sorted(times)
    assert call.seconds >= times[-1]


def replayed(**options):
    hour = 3600.0
    times = [0.0, hour, hour]
    return ReplayedCall([b"1", b"2"], None, (), times=times, **{"cancelled": False, **options})


def test_a_pace_of_0_does_not_wait():
    assert list(replayed(pace=0).messages()) == [b"1", b"2"]


def test_a_pace_waits_until_the_call_is_cancelled():
    call = replayed(pace=1)
    messages = call.messages()
    assert next(messages) == b"1"
    waiting = threading.Thread(target=lambda: list(messages), daemon=True)
    waiting.start()
    assert waiting.is_alive()
    call.cancel()
    waiting.join(60)
    assert not waiting.is_alive()


def test_concurrent_calls_of_the_same_request_get_all_answers(service, record, replay):
    answers = [str(number) for number in range(16)]
    service.on().replies(*answers)
    with calling(record()) as caller, ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(caller.text, ["Next"] * 16), key=int) == answers
    with calling(replay()) as caller, ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(caller.text, ["Next"] * 16), key=int) == answers


def test_a_file_that_cannot_be_written_costs_no_answer(service, record, tmp_path):
    service.on().reply("paid for")
    blocked = tmp_path / "file"
    blocked.write_text("")
    server = record(cassette=blocked / "a.json")
    with calling_with_errors(server, "cannot be recorded in") as caller:
        assert caller.text("Hi") == "paid for"


def test_a_scrub_function_that_fails_is_an_error_before_anything_is_sent(service, record, path):
    def scrub(text):
        raise LookupError("no such name")

    server = record(cassette=Cassette(path, scrub=scrub))
    words = "GetCompletion cannot be recorded or replayed: LookupError: no such name"
    with calling_with_errors(server, words) as caller:
        assert words in caller.expect_error("Hi")[1]
    assert len(service.calls) == 0


def test_a_service_that_is_not_reached_is_not_recorded(record, service, path):
    server = record()
    service.stop()
    with calling(server) as caller:
        assert caller.expect_error("Hi")[0] == "UNAVAILABLE"
    assert not path.exists()


def test_a_stream_that_the_service_does_not_finish_is_recorded(replay, path):
    with scripted(stream(delta("one "), delta("two "), end="")) as local:
        recording = FakeServer(upstream=f"openai:{local.url}", cassette=path, record="rewrite")
        with calling(recording) as caller:
            texts, error = read_stream(caller)
            assert (texts, error.code().name) == (["one ", "two "], "UNAVAILABLE")
    with calling(replay()) as caller:
        texts, replayed = read_stream(caller)
    assert texts == ["one ", "two "]
    assert (replayed.code(), replayed.details()) == (error.code(), error.details())


def test_private_data_is_removed_if_it_is_in_several_chunks(service, record, replay, path):
    key = "xai-" + "0123456789" * 8
    chunks = ["I am A", "da Lov", "elace,\n", "and ", key[:20], key[20:], ". Ada", "!"]
    service.on().reply("".join(chunks), chunks=chunks)
    cassette = Cassette(path, scrub={"Ada Lovelace": "NAME", "Ada": "Ada A."})
    texts = []
    for open_server in (record, replay):
        with calling(open_server(cassette=cassette)) as caller:
            texts.append(read_stream(caller)[0])
    assert "".join(texts[0]) == "".join(chunks)
    assert "".join(texts[1]) == "I am NAME,\nand ***. Ada A.!"
    assert len(texts[1]) == len(texts[0])
    (item,) = load(path)
    assert key[:20] not in json.dumps(item.to_json())
