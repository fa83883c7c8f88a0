"""The stream of events: all calls, then each change."""

from __future__ import annotations

import gc
import threading

from tests.testing.grpc_calls import open_caller, read_stream
from tests.testing.inspector.inspector_calls import open_events
from tests.testing.waiting import until
from xai_vision.testing import FakeServer, Fault
from xai_vision.testing._inspector.feed import Feed


def calls_of(events, condition):
    """Read events until ``condition(calls)``; return the summaries by id, the newest state."""
    calls = {}
    for name, value in events:
        if name == "calls":
            calls |= {call["id"]: call for call in value}
        if condition(calls):
            return calls
    raise AssertionError("the events ended")


def test_calls_before_and_after_the_page_was_opened(server, caller):
    caller.sample("before")
    with open_events(server) as events:
        assert next(events) == ("begin", {})
        calls_of(events, lambda calls: len(calls) == 1)
        caller.sample("after")
        (call,) = calls_of(events, lambda calls: bool(calls)).values()
    assert (call["prompt"], call["status"], call["method"]) == ("after", "OK", "GetCompletion")
    assert call["duration"] > 0


def test_a_call_in_progress_changes(server, caller):
    server.on().reply("one two three", ttft=0.3)
    with open_events(server) as events:
        thread = threading.Thread(target=read_stream, args=[caller])
        thread.start()
        states = []
        for name, value in events:
            if name == "calls":
                states += [call["status"] for call in value]
            if states and states[-1]:
                break
        thread.join()
    assert states[0] == ""
    assert states[-1] == "OK"


def test_a_fault_is_seen(server, caller):
    server.fault(Fault.unavailable())
    with open_events(server) as events:
        caller.expect_error("Hi")
        ended = lambda calls: any(call["status"] for call in calls.values())  # noqa: E731
        (call,) = calls_of(events, ended).values()
    assert (call["status"], call["faults"]) == ("UNAVAILABLE", 1)


def test_tenants_are_shown_when_they_are_added(server):
    with open_events(server) as events, server.tenant() as tenant, open_caller(tenant) as caller:
        tenant.name = "later"
        caller.sample("Hi")
        (call,) = calls_of(events, lambda calls: bool(calls)).values()
    assert call["tenant"] == "later"


def test_a_cleared_log(server, caller):
    caller.sample("one")
    with open_events(server) as events:
        (call,) = calls_of(events, lambda calls: bool(calls)).values()
        server.calls.clear()
        caller.sample("two")
        assert next(events) == ("cleared", {"log": call["log"]})
        (second,) = calls_of(events, lambda calls: bool(calls)).values()
    assert second["prompt"] == "two"


def test_several_pages(server, caller):
    with open_events(server) as one, open_events(server) as other:
        caller.sample("Hi")
        for events in (one, other):
            assert len(calls_of(events, lambda calls: bool(calls))) == 1


def test_the_server_stops_while_a_page_is_open():
    server = FakeServer(inspect=True).start()
    with open_events(server) as events:
        assert next(events)[0] == "begin"
        server.stop(grace=60)
        assert list(events) == []


def test_a_page_that_goes_away_ends_its_events(server, caller):
    def feeds():
        gc.collect()
        return sum(isinstance(item, Feed) for item in gc.get_objects())

    with open_events(server) as events:
        next(events)
        assert feeds() == 1
    # The server notices it when it writes.
    caller.sample("Hi")
    until(lambda: feeds() == 0)


def test_ended_calls_are_not_watched_for_ever(server, caller):
    feed = Feed(lambda: [server._engine])
    for number in range(20):
        caller.sample(f"Hi {number}")
    for call in server.calls[:15]:
        call.ended -= 3600
    for call in server.calls[15:]:
        call.ended += 3600
    assert len(feed.poll()[1]) == 20
    (log,) = feed._logs.values()
    assert len(log._watched) == 5
    assert feed.poll() == ([], [])


def test_tenants_that_are_not_shown_any_more_are_forgotten(server):
    shown = [server.tenant()._engine for _ in range(3)]
    feed = Feed(lambda: shown)
    feed.poll()
    first = feed._logs[shown[0]].number
    del shown[1:]
    shown.append(server.tenant()._engine)
    feed.poll()
    assert list(feed._logs) == shown
    numbers = [log.number for log in feed._logs.values()]
    assert numbers == [first, 3]


def test_the_inspector_keeps_a_limited_number_of_tenants(server):
    for _ in range(150):
        server.tenant().close()
    assert len(server._state.inspected) == 100


def test_a_call_that_a_fault_ends_later_changes(server, caller):
    feed = Feed(lambda: [server._engine])
    caller.sample("Hi")
    assert len(feed.poll()[1]) == 1
    server.calls.last.status = "CANCELLED"
    ((change,),) = [feed.poll()[1]]
    assert change.summary()["status"] == "CANCELLED"


def test_dropped_calls_are_not_announced():
    with FakeServer(inspect=True, keep_calls=3) as server, open_caller(server) as caller:
        feed = Feed(lambda: [server._engine])
        for number in range(8):
            caller.sample(f"Hi {number}")
        prompts = [change.call.prompt for change in feed.poll()[1]]
    assert prompts == ["Hi 5", "Hi 6", "Hi 7"]
