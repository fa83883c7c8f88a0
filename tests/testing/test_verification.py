"""What a test is told of rules and faults that were not used as it said."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import connected, picture
from xai_vision.proto import empty_pb2
from xai_vision.proto.models_grpc import ModelsStub
from xai_vision.testing import FakeServer, Fault, Reply, match


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running
        running.clear()


def verdict(server) -> str:
    with pytest.raises(AssertionError) as caught:
        server.verify()
    assert server.problems() == str(caught.value).split("\n")
    return str(caught.value)


def test_a_rule_that_was_never_used(server, ask):
    server.on(prompt=match.contains("capton"), images=1).reply("x")
    ask("Hi")
    ask("a caption", picture(jpeg()))
    said = verdict(server)
    assert said.startswith("on(prompt=match.contains('capton'), images=1) was never used (add .opt")
    assert "or set unused='allow'" in said
    assert "Nearest call: <Call GetCompletion, grok-4, 'a caption', <JPEG 640x480" in said
    assert said.endswith("prompt=match.contains('capton'), but it is 'a caption'.")


def test_no_call_at_all(server):
    server.on(prompt="x").reply("y")
    assert verdict(server).endswith("There were no other calls.")


def test_what_is_said_to_be_optional_may_be(server, ask):
    server.on(prompt="x").reply("y").optional()
    server.on(prompt="x").reply("y").times(2).optional()
    server.fault(Fault.internal(), prompt="x").optional()
    server.fault(Fault.internal(), prompt="x").stop()
    server.fault(Fault.internal(), prompt="x", rate=0.5)
    server.on().reply("used").times(1)
    ask("Hi")
    server.verify()


def test_unused_ones_can_be_allowed():
    with FakeServer(unused="allow") as server:
        server.on().reply("x")
        server.fault(Fault.hang())
        server.verify()
        server.on().reply("x").times(1)
        assert "was to answer 1 call, but answered 0" in verdict(server)
        server.clear()


def test_another_rule_was_first(server, ask):
    server.on().reply("all")
    server.on(prompt="Hi").reply("never comes to it")
    ask("Hi")
    assert verdict(server).endswith("'Hi', OK>: it matches, but on() answered it.")


def test_the_rule_came_after_the_call(server, ask):
    ask("Hi")
    server.on(prompt="Hi").reply("late")
    assert verdict(server).endswith("it matches, but arrived before the rule was added.")


def test_a_rule_without_a_reply(server, ask):
    rule = server.on(prompt="Hi")
    ask("Hi")
    assert verdict(server) == (
        "on(prompt='Hi') has no reply, so it was never used. Add .reply(...)."
    )
    rule.times(1)
    assert verdict(server).endswith("the rule has no reply.")


def test_a_fault_was_first(server, ask):
    server.on(prompt="Hi").reply("x")
    server.fault(Fault.unavailable("down"))
    ask.refusal("Hi")
    assert "it got Fault('status', code='UNAVAILABLE', details='down')" in verdict(server)


def test_the_call_was_refused_before(server, ask):
    server.on(prompt="Hi").reply("x")
    ask.refusal("Hi", model="grok-3", max_tokens=-1)
    said = verdict(server)
    assert "it ended with INVALID_ARGUMENT: " in said


def test_calls_of_methods_that_rules_are_not_about_are_not_nearest(server, ask):
    server.on(prompt="x").reply("y")
    ask("Hi")
    ModelsStub(ask.channel).ListLanguageModels(empty_pb2.Empty(), metadata=ask.metadata)
    assert "'Hi'" in verdict(server)
    server.calls.clear()
    ModelsStub(ask.channel).ListLanguageModels(empty_pb2.Empty(), metadata=ask.metadata)
    assert verdict(server).endswith("rules do not apply to ListLanguageModels.")


def test_a_fault_that_never_happened(server, ask):
    server.fault(Fault.unavailable(), prompt="other", next=1)
    ask("Hi")
    said = verdict(server)
    assert said.startswith("fault(Fault('status', code='UNAVAILABLE'")
    assert "prompt='other') was never injected (add .optional()" in said
    assert said.endswith("'Hi', OK>: prompt='other', but it is 'Hi'.")


def test_a_fault_behind_another_or_too_early(server, ask):
    server.fault(Fault.internal("first"))
    server.fault(Fault.internal("second"))
    ask.refusal("Hi")
    assert "it matches, but got Fault('status', code='INTERNAL', details='first')" in verdict(
        server
    )
    server.clear()
    server.fault(Fault.internal(), after=3)
    ask("Hi")
    assert "or was skipped by after=" in verdict(server)


def test_one_call_too_many(server, ask):
    server.on(prompt=match.contains("caption")).reply("x").times(1)
    for _ in range(3):
        ask("a caption")
    said = verdict(server)
    assert ".times(1) was to answer 1 call, but 2 more calls arrived that no other rule" in said
    assert "<Call GetCompletion, grok-4, 'a caption', OK>, which got the default reply." in said


def test_a_call_that_must_not_come(server, ask):
    server.on(prompt="never").reply("x").times(0)
    ask("Hi")
    server.verify()
    ask("never")
    assert "was to answer 0 calls, but 1 more call arrived" in verdict(server)


def test_one_too_many_is_refused_where_nothing_may_be_unmatched():
    with FakeServer(unmatched="error") as server, connected(server) as ask:
        server.on(prompt="Hi").reply("x").times(1)
        ask("Hi")
        status, words = ask.refusal("Hi")
        assert (status, "times(1) is used up" in words) == (
            "FAILED_PRECONDITION",
            True,
        )
        server.verify()


def test_a_condition_that_raises_is_told(server, ask):
    ask("Hi")
    server.on(when=lambda call: 1 / 0).reply("x")
    assert "when=<lambda>, but evaluating it raised ZeroDivisionError: division by zero" in verdict(
        server
    )


def test_a_condition_that_raises_when_a_call_comes_is_a_mistake_of_its_rule(server, ask):
    server.on(when=lambda call: 1 / 0).reply("x").optional()
    status, words = ask.refusal("Hi")
    assert (status, words) == ("INTERNAL", "on(when=<lambda>) is wrong: division by zero")
    assert "on(when=<lambda>): ZeroDivisionError: division by zero" in verdict(server)
    server.clear()
    server.fault(Fault.hang(), when=lambda call: 1 / 0).optional()
    status, words = ask.refusal("Hi", timeout=5)
    assert status == "INTERNAL"
    assert "fault(Fault('hang'), when=<lambda>) raised ZeroDivisionError" in words
    assert "raised ZeroDivisionError: division by zero" in verdict(server)


def test_long_values_are_shortened_in_messages(server, ask):
    for prompt in ("y" * 10_000, match.contains("y" * 10_000), match.startswith("y" * 10_000)):
        server.on(prompt=prompt).reply("x")
    server.on(schema={"a": "y" * 10_000}).reply("x")
    ask("x" * 10_000)
    assert len(verdict(server)) < 5_000


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes before 3.11")
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_failure_in_the_block_is_given_what_else_was_wrong(kind):
    """Most often an assertion on the program's result, which got the default answer."""

    def body(server):
        server.on(prompt="wrong").reply("a red square")
        with connected(server) as ask:
            assert ask.text("right") == "a red square"

    def run():
        with FakeServer() as server:
            body(server)

    async def run_async():
        async with FakeServer() as server:
            await asyncio.to_thread(body, server)

    with pytest.raises(AssertionError) as caught:
        run() if kind == "sync" else asyncio.run(run_async())
    (note,) = caught.value.__notes__
    assert note.startswith("fake server: on(prompt='wrong') was never used")
    assert note.endswith("prompt='wrong', but it is 'right'.")


def test_of_two_rules_that_lack_as_much_the_one_that_says_more_is_nearer():
    with FakeServer(unmatched="error", unused="allow") as server, connected(server) as ask:
        server.on(prompt="a").reply("x")
        server.on(prompt="b", model="grok-4", images=0).reply("x")
        assert "Nearest: on(prompt='b', model='grok-4', images=0)" in ask.refusal("c")[1]


def test_an_assertion_about_the_log_names_the_nearest_call_and_each_ones_rule(server, ask):
    server.on(prompt="second").reply("x")
    server.fault(Fault.internal("no"), prompt="third")
    ask("first", picture(jpeg()))
    ask("second")
    ask.refusal("third")
    with pytest.raises(AssertionError) as caught:
        server.calls.assert_called(prompt="frist", images=1)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(
        "expected a call with prompt='frist', images=1, but there were 0. "
        "Nearest call: <Call GetCompletion, grok-4, 'first', <JPEG"
    )
    assert lines[0].endswith("prompt='frist', but it is 'first'; all calls:")
    assert lines[2] == (
        "    no rule answered it. Nearest: on(prompt='second'): prompt='second', but it is 'first'."
    )
    assert lines[4] == "    answered by on(prompt='second')"
    assert "it got Fault('status', code='INTERNAL', details='no')" in lines[6]
    with pytest.raises(LookupError) as caught:
        _ = server.calls.where(prompt="frist").where(images=1).last
    assert "was not called with prompt='frist' and with images=1" in str(caught.value)
    with pytest.raises(LookupError) as caught:
        _ = server.calls.where(prompt="frist").last
    assert "Nearest call: <Call GetCompletion, grok-4, 'first'" in str(caught.value)


def test_unmatched_calls_can_be_asked_for(server, ask):
    server.on(prompt="a").replies(Reply("x"))
    ask("a")
    ask("b")
    assert [call.prompt for call in server.calls if call.unmatched] == ["b"]
    assert server.calls.where(when=lambda call: call.unmatched).last.prompt == "b"
