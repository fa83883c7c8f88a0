"""The server's clock, and what follows it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import grpc
import pytest

from tests.rest.http_client import respond
from tests.testing.grpc_calls import chat_message, open_caller
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FakeServer, Reply

NEW_YEAR = datetime(2030, 1, 1, tzinfo=timezone.utc)


def statuses(caller, count, *parts):
    """Make calls; return the status of each."""
    results = []
    for _ in range(count):
        try:
            caller.sample(*(parts or ("Hi",)))
        except grpc.RpcError as error:
            results.append(error.code().name)
        else:
            results.append("OK")
    return results


@pytest.mark.parametrize("limit", [{"requests": 1}, {"tokens": 50}], ids=str)
def test_skipped_time_refills_the_rate_limit(server, caller, limit):
    server.clock.set(NEW_YEAR, frozen=True)
    server.rate_limit(**limit)
    prompt = "word " * 40
    assert statuses(caller, 2, prompt) == ["OK", "RESOURCE_EXHAUSTED"]
    server.clock.skip(hours=1)
    # An hour fills the limit once, not 3600 times.
    assert statuses(caller, 2, prompt) == ["OK", "RESOURCE_EXHAUSTED"]


def test_a_part_of_a_second_refills_a_part(server, caller):
    server.clock.set(NEW_YEAR, frozen=True)
    server.rate_limit(requests=10)
    assert statuses(caller, 11) == ["OK"] * 10 + ["RESOURCE_EXHAUSTED"]
    server.clock.skip(seconds=0.35)
    assert statuses(caller, 4) == ["OK"] * 3 + ["RESOURCE_EXHAUSTED"]


def test_a_frozen_clock_gives_the_same_retry_after(server, caller):
    server.clock.set(NEW_YEAR, frozen=True)
    server.rate_limit(requests=0.1)
    caller.sample("Hi")
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as caught:
            caller.sample("Hi")
        assert ("retry-after", "10.000") in list(caught.value.trailing_metadata())
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_clock_that_is_set_back_keeps_what_was_left(server, caller):
    server.clock.set(NEW_YEAR, frozen=True)
    server.rate_limit(requests=2)
    assert statuses(caller, 1) == ["OK"]
    server.clock.set(NEW_YEAR - timedelta(days=1), frozen=True)
    assert statuses(caller, 2) == ["OK", "RESOURCE_EXHAUSTED"]
    server.clock.skip(seconds=1)
    assert statuses(caller, 3) == ["OK", "OK", "RESOURCE_EXHAUSTED"]


def test_the_rate_limit_of_a_running_clock(server, caller):
    server.rate_limit(requests=0.001)
    assert statuses(caller, 2) == ["OK", "RESOURCE_EXHAUSTED"]
    server.clock.skip(days=1)
    assert statuses(caller, 1) == ["OK"]


def test_each_tenant_has_its_own_clock(server):
    one, two = server.tenant(), server.tenant()
    one.clock.set(NEW_YEAR, frozen=True)
    with open_caller(one) as first, open_caller(two) as second:
        assert first.sample("Hi").created.ToDatetime(timezone.utc) == NEW_YEAR
        assert second.sample("Hi").created.ToDatetime(timezone.utc) != NEW_YEAR


def test_a_set_clock_runs_on(server, caller):
    server.clock.set(NEW_YEAR)
    created = caller.sample("Hi").created.ToDatetime(timezone.utc)
    assert NEW_YEAR <= created < NEW_YEAR + timedelta(hours=1)
    server.clock.skip(days=365)
    assert caller.sample("Hi").created.ToDatetime(timezone.utc) >= NEW_YEAR + timedelta(days=365)


def test_a_frozen_clock_can_run_again(server):
    server.clock.set(NEW_YEAR, frozen=True)
    assert server.clock.now() == server.clock.now() == NEW_YEAR
    server.clock.skip(minutes=1)
    assert server.clock.now() == NEW_YEAR + timedelta(minutes=1)
    server.clock.set(NEW_YEAR)
    first = server.clock.time()
    while server.clock.time() == first:
        pass
    assert server.clock.time() > first


def test_expiry_follows_a_frozen_clock(server, caller):
    server.clock.set(NEW_YEAR, frozen=True)
    server.deferred(ready_after_polls=0)
    started = caller.chat.StartDeferredCompletion(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=caller.metadata,
    )
    lookup = deferred_pb2.GetDeferredRequest(request_id=started.request_id)

    def status():
        return caller.chat.GetDeferredCompletion(lookup, metadata=caller.metadata).status

    stored = caller.sample("Hi", store_messages=True)
    server.clock.set(NEW_YEAR + timedelta(hours=24), frozen=True)
    assert status() == deferred_pb2.DONE
    server.clock.skip(seconds=1)
    assert status() == deferred_pb2.EXPIRED
    server.clock.set(NEW_YEAR + timedelta(days=30), frozen=True)
    assert caller.sample("More", previous_response_id=stored.id)
    server.clock.skip(seconds=1)
    assert caller.expect_error("More", previous_response_id=stored.id)[0] == "NOT_FOUND"


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_fixed_ids_and_a_frozen_clock_repeat_a_response(transport):
    """Everything that a snapshot of a response contains is the same in each run."""
    responses = []
    for _ in range(2):
        with FakeServer(fixed_ids=True) as server, open_caller(server) as caller:
            server.clock.set(NEW_YEAR, frozen=True)
            server.on().reply(Reply.searched("cats", text="Found.").replace(reasoning="Hm"))
            if transport == "grpc":
                web = chat_pb2.Tool(web_search=chat_pb2.WebSearch())
                responses.append(caller.sample("Hi", tools=[web]))
            else:
                responses.append(respond(server, tools=[{"type": "web_search"}]).json)
    assert responses[0] == responses[1]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("2030-01-01",), TypeError, "clock.set: moment must be a datetime, such as datetime("),
        ((NEW_YEAR.date(),), TypeError, "clock.set: moment must be a datetime"),
        ((datetime(1969, 12, 31),), ValueError, "clock.set: moment must not be before 1970"),
    ],
)
def test_wrong_times(server, arguments, error, words):
    with pytest.raises(error) as caught:
        server.clock.set(*arguments)
    assert words in str(caught.value)


def test_wrong_options_of_set(server):
    with pytest.raises(TypeError, match="frozen must be True or False, not 'yes'"):
        server.clock.set(NEW_YEAR, frozen="yes")
    with pytest.raises(TypeError, match=r"clock.set\(\) does not accept 'freeze'; did you mean"):
        server.clock.set(NEW_YEAR, freeze=True)


def test_a_time_without_a_zone_is_utc_and_other_zones_are_converted(server):
    server.clock.set(datetime(2030, 1, 1), frozen=True)
    assert server.clock.now() == NEW_YEAR
    server.clock.set(datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), frozen=True)
    assert server.clock.now() == NEW_YEAR
