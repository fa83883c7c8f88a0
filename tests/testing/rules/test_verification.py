"""verify() reports rules and faults that were not used as expected."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.proto import empty_pb2
from xai_vision.proto.models_pb2_grpc import ModelsStub
from xai_vision.testing import FakeServer, Fault, Reply, match


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running
        running.clear()


def verify_error(server) -> str:
    with pytest.raises(AssertionError) as caught:
        server.verify()
    assert server.problems() == str(caught.value).split("\n")
    return str(caught.value)


def test_a_rule_that_was_never_used(server, caller):
    server.on(prompt=match.contains("capton"), images=1).reply("x")
    caller.sample("Hi")
    caller.sample("a caption", image_part(jpeg()))
    error = verify_error(server)
    assert error.startswith(
        "on(prompt=match.contains('capton'), images=1) was never used (add .opt"
    )
    assert "or set unused='allow'" in error
    assert "Nearest call: <Call GetCompletion, grok-4, 'a caption', <JPEG 640x480" in error
    assert error.endswith("prompt=match.contains('capton'), but it is 'a caption'.")


def test_no_call_at_all(server):
    server.on(prompt="x").reply("y")
    assert verify_error(server).endswith("There were no other calls.")


def test_optional_rules_and_faults_may_stay_unused(server, caller):
    server.on(prompt="x").reply("y").optional()
    server.on(prompt="x").reply("y").times(2).optional()
    server.fault(Fault.internal(), prompt="x").optional()
    server.fault(Fault.internal(), prompt="x").stop()
    server.fault(Fault.internal(), prompt="x", rate=0.5)
    server.on().reply("used").times(1)
    caller.sample("Hi")
    server.verify()


def test_unused_rules_and_faults_can_be_allowed():
    with FakeServer(unused="allow") as server:
        server.on().reply("x")
        server.fault(Fault.hang())
        server.verify()
        server.on().reply("x").times(1)
        assert "was to answer 1 call, but answered 0" in verify_error(server)
        server.clear()


def test_another_rule_answered_the_call(server, caller):
    server.on().reply("all")
    server.on(prompt="Hi").reply("never used")
    caller.sample("Hi")
    assert verify_error(server).endswith(
        "'Hi', OK>: it matches, but on() answered it (priority= decides)."
    )


def test_the_rule_was_added_after_the_call(server, caller):
    caller.sample("Hi")
    server.on(prompt="Hi").reply("late")
    assert verify_error(server).endswith("it matches, but arrived before the rule was added.")


def test_a_rule_without_a_reply(server, caller):
    rule = server.on(prompt="Hi")
    caller.sample("Hi")
    assert verify_error(server) == (
        "on(prompt='Hi') has no reply, so it was never used. Add .reply(...)."
    )
    rule.times(1)
    assert verify_error(server).endswith("the rule has no reply.")


def test_a_fault_ended_the_call(server, caller):
    server.on(prompt="Hi").reply("x")
    server.fault(Fault.unavailable("down"))
    caller.expect_error("Hi")
    assert "it got Fault('status', code='UNAVAILABLE', details='down')" in verify_error(server)


def test_the_call_was_rejected(server, caller):
    server.on(prompt="Hi").reply("x")
    caller.expect_error("Hi", model="grok-3", max_tokens=-1)
    error = verify_error(server)
    assert "it ended with INVALID_ARGUMENT: " in error


def test_the_nearest_call_is_of_a_method_with_rules(server, caller):
    server.on(prompt="x").reply("y")
    caller.sample("Hi")
    ModelsStub(caller.channel).ListLanguageModels(empty_pb2.Empty(), metadata=caller.metadata)
    assert "'Hi'" in verify_error(server)
    server.calls.clear()
    ModelsStub(caller.channel).ListLanguageModels(empty_pb2.Empty(), metadata=caller.metadata)
    assert verify_error(server).endswith("rules do not apply to ListLanguageModels.")


def test_a_fault_that_was_never_injected(server, caller):
    server.fault(Fault.unavailable(), prompt="other", next=1)
    caller.sample("Hi")
    error = verify_error(server)
    assert error.startswith("fault(Fault('status', code='UNAVAILABLE'")
    assert "prompt='other') was never injected (add .optional()" in error
    assert error.endswith("'Hi', OK>: prompt='other', but it is 'Hi'.")


def test_a_fault_was_not_injected_because_of_another_or_of_after(server, caller):
    server.fault(Fault.internal("first"))
    server.fault(Fault.internal("second"))
    caller.expect_error("Hi")
    assert "it matches, but got Fault('status', code='INTERNAL', details='first')" in verify_error(
        server
    )
    server.clear()
    server.fault(Fault.internal(), after=3)
    caller.sample("Hi")
    assert "or was skipped by after=" in verify_error(server)


def test_more_calls_than_expected(server, caller):
    server.on(prompt=match.contains("caption")).reply("x").times(1)
    for _ in range(3):
        caller.sample("a caption")
    error = verify_error(server)
    assert ".times(1) was to answer 1 call, but 2 more calls arrived that no other rule" in error
    assert "<Call GetCompletion, grok-4, 'a caption', OK>, which got the default reply." in error


def test_a_call_that_must_not_arrive(server, caller):
    server.on(prompt="never").reply("x").times(0)
    caller.sample("Hi")
    server.verify()
    caller.sample("never")
    assert "was to answer 0 calls, but 1 more call arrived" in verify_error(server)


def test_verify_reports_a_condition_that_raises(server, caller):
    caller.sample("Hi")
    server.on(when=lambda call: 1 / 0).reply("x")
    assert (
        "when=<lambda>, but evaluating it raised ZeroDivisionError: division by zero"
        in verify_error(server)
    )


def test_a_condition_that_raises_fails_the_call(server, caller):
    server.on(when=lambda call: 1 / 0).reply("x").optional()
    status, details = caller.expect_error("Hi")
    problem = "the test's rule on(when=<lambda>) raised ZeroDivisionError: division by zero"
    assert status == "FAILED_PRECONDITION"
    assert details == f"From the fake server: `{problem}`"
    assert problem in verify_error(server)
    server.clear()
    server.fault(Fault.hang(), when=lambda call: 1 / 0).optional()
    status, details = caller.expect_error("Hi")
    assert status == "FAILED_PRECONDITION"
    assert "fault(Fault('hang'), when=<lambda>) raised ZeroDivisionError" in details
    assert "raised ZeroDivisionError: division by zero" in verify_error(server)


def test_long_values_are_shortened_in_messages(server, caller):
    for prompt in ("y" * 10_000, match.contains("y" * 10_000), match.startswith("y" * 10_000)):
        server.on(prompt=prompt).reply("x")
    server.on(schema={"a": "y" * 10_000}).reply("x")
    caller.sample("x" * 10_000)
    assert len(verify_error(server)) < 5_000


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes before 3.11")
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_error_in_the_block_gets_a_note_of_the_problems(kind):
    """Most often an assertion fails because the program received the default reply."""

    def body(server):
        server.on(prompt="wrong").reply("a red square")
        with open_caller(server) as caller:
            assert caller.text("right") == "a red square"

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


def test_of_two_equally_near_rules_the_one_with_more_conditions_is_named():
    with FakeServer(unmatched="error", unused="allow") as server, open_caller(server) as caller:
        server.on(prompt="a").reply("x")
        server.on(prompt="b", model="grok-4", images=0).reply("x")
        assert "Nearest: on(prompt='b', model='grok-4', images=0)" in caller.expect_error("c")[1]
        server.clear()


def test_a_failed_log_assertion_names_the_nearest_call_and_the_rules(server, caller):
    server.on(prompt="second").reply("x")
    server.fault(Fault.internal("no"), prompt="third")
    caller.sample("first", image_part(jpeg()))
    caller.sample("second")
    caller.expect_error("third")
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
    assert lines[4] == "    answered by on(prompt='second'): 'x'"
    assert "it got Fault('status', code='INTERNAL', details='no')" in lines[6]
    with pytest.raises(LookupError) as caught:
        _ = server.calls.where(prompt="frist").where(images=1).last
    assert "was not called with prompt='frist' and with images=1" in str(caught.value)
    with pytest.raises(LookupError) as caught:
        _ = server.calls.where(prompt="frist").last
    assert "Nearest call: <Call GetCompletion, grok-4, 'first'" in str(caught.value)


def test_unmatched_calls_can_be_selected(server, caller):
    server.on(prompt="a").replies(Reply("x"))
    caller.sample("a")
    caller.sample("b")
    assert [call.prompt for call in server.calls if call.unmatched] == ["b"]
    assert server.calls.where(when=lambda call: call.unmatched).last.prompt == "b"
