"""Which calls are recorded in each mode, by whom, and wrong settings."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.testing.cassettes.conftest import calling, calling_with_errors, load
from tests.testing.cassettes.images import png_bytes
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.testing import Cassette, FakeServer

RED, BLUE = bytes((200, 0, 0)), bytes((0, 0, 200))


def test_concurrent_calls_have_the_same_ids_in_each_recording(record, path):
    files = []
    for _ in range(2):
        with calling(record()) as caller, ThreadPoolExecutor(8) as threads:
            list(threads.map(caller.sample, [f"Question {number}" for number in range(24)]))
        files.append({item.prompt: item.responses[0]["message"]["id"] for item in load(path)})
    assert files[0] == files[1]
    assert len(set(files[0].values())) == 24


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


@pytest.mark.parametrize("mode", ["new_episodes", "all"])
def test_a_later_recording_does_not_use_the_ids_of_other_requests(service, record, replay, mode):
    """Two requests that differ in their images only have the same seed."""

    def chain(caller, color):
        image = png_bytes(color * 32 * 32, (32, 32))
        first = caller.sample("What is it?", image_part(image), store_messages=True)
        second = caller.sample("And now?", previous_response_id=first.id)
        return second.outputs[0].message.content

    service.on(prompt="What is it?").reply("An image")
    service.on(prompt="And now?").replies("This is red", "This is blue")
    with calling(record("once")) as caller:
        assert chain(caller, RED) == "This is red"
    with calling(record(mode)) as caller:
        assert chain(caller, BLUE) == "This is blue"
    with calling(replay()) as caller:
        assert chain(caller, BLUE) == "This is blue"
        assert chain(caller, RED) == "This is red"


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
