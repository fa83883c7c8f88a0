"""Recording a service and replaying it, over the wire."""

from __future__ import annotations

import json

import grpc
import pytest

from tests.testing.cassettes.conftest import calling, calling_with_errors
from tests.testing.cassettes.images import encode, scene
from tests.testing.grpc_calls import image_part, open_caller, read_stream
from xai_vision.proto import chat_pb2
from xai_vision.testing import Cassette, FakeServer, Fault, Reply, match
from xai_vision.testing._cassettes.cassette_file import CassetteContent


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


def test_new_episodes_records_what_is_missing(service, record, path):
    for text in ("one", "two"):
        with calling(record("new_episodes")) as caller:
            caller.sample("one")
            caller.sample(text)
    assert len(service.calls) == 3
    assert prompts(path) == ["one", "one", "two"]


def test_once_records_only_if_there_is_no_file(service, record, path):
    with calling(record("once")) as caller:
        caller.sample("one")
    server = record("once")
    with calling_with_errors(server, "has no answer") as caller:
        caller.sample("one")
        caller.expect_error("two")
    assert len(service.calls) == 1
    assert prompts(path) == ["one"]


def test_all_replaces_the_calls_of_the_same_requests(service, record, path):
    service.on().replies("1", "2", "3")
    with calling(record("rewrite")) as caller:
        caller.sample("one")
        caller.sample("two")
    with calling(record("all")) as caller:
        assert caller.text("one") == "3"
        caller.sample("three")
    assert prompts(path) == ["one", "two", "three"]
    texts = [
        item.responses[0]["message"]["outputs"][0]["message"]["content"] for item in load(path)
    ]
    assert texts == ["3", "2", "3"]


def test_rewrite_forgets_the_others(record, path):
    for text in ("one", "two"):
        with calling(record("rewrite")) as caller:
            caller.sample(text)
    assert prompts(path) == ["two"]


def test_a_second_recording_differs_only_in_times_and_texts(service, record, path):
    files = []
    for _ in range(2):
        with calling(record("rewrite")) as caller:
            first = caller.sample("Hi", store_messages=True)
            caller.sample("Go on", previous_response_id=first.id)
        values = json.loads(path.read_text())
        for item in values["interactions"]:
            del item["seconds"], item["responses"][0]["seconds"]
            del item["responses"][0]["message"]["created"]
        files.append(values)
    assert files[0] == files[1]


def test_an_id_of_the_cassette_is_not_sent_to_the_service(service, record, path):
    with calling(record("rewrite")) as caller:
        caller.sample("Hi", store_messages=True)
    server = record("new_episodes")
    words = "the id response_[0-9a-f]{12} of a replayed response, which the service does not know"
    with calling_with_errors(server, words) as caller:
        replayed = caller.sample("Hi", store_messages=True)
        status, details = caller.expect_error("Go on", previous_response_id=replayed.id)
    assert status == "FAILED_PRECONDITION"
    assert 'record="rewrite"' in details
    assert len(service.calls) == 1


def test_without_a_mode_nothing_reaches_the_upstream(service, record, path):
    with calling(record("rewrite")) as caller:
        caller.sample("one")
    with calling_with_errors(record("none"), "has no answer to this call") as caller:
        caller.sample("one")
        caller.expect_error("two")
    assert len(service.calls) == 1


def test_a_replay_accepts_keys_of_the_service(replay, path):
    key = "xai-the-key-of-the-program-0123456789"
    with (
        FakeServer(api_key=key) as service,
        FakeServer(upstream=service.target, cassette=path, record="once") as server,
        open_caller(server, key=key) as caller,
    ):
        assert caller.text("Hi").startswith("You asked")
    assert key not in path.read_text()
    with replay() as server:
        # This process knows that the server with the first key has ended.
        with open_caller(server, key=f"{key}-of-another-day") as caller:
            assert caller.text("Hi").startswith("You asked")
        with open_caller(server, key="") as caller:
            assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"


def test_tenants_replay_the_cassette_of_the_server(record, replay):
    with calling(record()) as caller:
        caller.sample("Hi")
    with replay() as server, server.tenant() as tenant, open_caller(tenant) as caller:
        assert caller.text("Hi").startswith("You asked")


def test_a_tenant_cannot_record_into_the_file_of_the_server(record, path):
    with record() as server:
        with pytest.raises(ValueError, match="a tenant cannot write the same file"):
            server.tenant()
        tenant = server.tenant(cassette=path.with_name("b.json"))
        with tenant, open_caller(tenant) as caller:
            caller.sample("Hi")
    assert prompts(path.with_name("b.json")) == ["Hi"]


def load(path):
    return CassetteContent.load(path).interactions


def prompts(path):
    return [item.prompt for item in load(path)]


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"record": "once"}, ValueError, "record='once' needs a file: pass cassette="),
        ({"cassette": "a.json", "record": "always"}, ValueError, "record must be one of 'none'"),
        ({"cassette": "a.json", "record": "all"}, ValueError, "record='all' needs a service"),
        ({"cassette": 1}, TypeError, "cassette must be a path or a Cassette, not 1"),
        ({"cassette": "a.json", "unmatched": "error"}, ValueError, "cassette exclude each other"),
    ],
)
def test_mistakes(settings, error, words):
    with pytest.raises(error, match=words):
        FakeServer(**settings)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"path": 1}, TypeError, "Cassette: path must be a path"),
        ({"images": "none"}, ValueError, "Cassette: images must be one of 'colors'"),
        ({"scrub": "Jane"}, TypeError, "Cassette: scrub must be a function"),
        ({"scrub": {"": "x"}}, ValueError, "Cassette: scrub must not contain an empty text"),
        ({"scrub": {"x": 1}}, TypeError, "Cassette: scrub"),
        ({"max_distance": 101}, ValueError, "Cassette: max_distance must be a finite number"),
        ({"pace": -1}, ValueError, "Cassette: pace must be a finite number"),
    ],
)
def test_mistakes_in_options(options, error, words):
    with pytest.raises(error, match=words):
        Cassette(**{"path": "a.json", **options})


def test_a_file_that_is_not_a_cassette_is_an_error_of_the_server(path):
    path.write_text("{}")
    with pytest.raises(ValueError, match="cannot be used: it is not a cassette"):
        FakeServer(cassette=path)
