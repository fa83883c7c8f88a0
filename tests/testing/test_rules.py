"""Rules: who answers, with what, how often; and what is said when nobody does."""

from __future__ import annotations

import dataclasses
import json
import threading

import pytest

from examples.images import encode, photo
from tests.ids import readable
from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import connected, picture, request
from xai_vision.proto import chat_pb2, sample_pb2
from xai_vision.testing import (
    FakeServer,
    Fault,
    Reply,
    ServiceError,
    Settings,
    match,
)
from xai_vision.testing._rules.reply import ReplyFields
from xai_vision.testing._settings import SettingChanges

SCHEMA = {"type": "object", "properties": {"animal": {"enum": ["cat", "dog"]}}}
CAT = chat_pb2.ResponseFormat(format_type=3, schema=json.dumps(SCHEMA))
WEB = chat_pb2.Tool(web_search=chat_pb2.WebSearch())


def test_the_first_rule_that_fits_answers(server, ask):
    server.on(prompt=match.contains("CAPTION"), image=match.size(640, 480)).reply("a red square")
    server.on().reply("anything else")
    assert ask.text("a caption, please", picture(jpeg())) == "a red square"
    assert ask.text("a caption, please", picture(png())) == "anything else"
    assert ask.text("a caption, please") == "anything else"
    assert server.calls.last.rule is not None


def test_priority(server, ask):
    server.on().reply("low")
    server.on(priority=1).reply("high").times(1)
    assert [ask.text("Hi"), ask.text("Hi")] == ["high", "low"]


def test_answers_in_turn(server, ask):
    server.on(model="grok-4").replies(Reply.tool_call("get_weather", city="Oslo"), "12 C")
    first = ask("The weather?").outputs[0]
    assert json.loads(first.message.tool_calls[0].function.arguments) == {"city": "Oslo"}
    assert first.finish_reason == sample_pb2.REASON_TOOL_CALLS
    assert [ask.text("Hi"), ask.text("Hi")] == ["12 C", "12 C"]


def same(wanted, **call):
    return wanted, call


@pytest.mark.parametrize(
    ("conditions", "fits", "misfit"),
    [
        ({"prompt": "Hi"}, {"text": "Hi"}, {"text": "Hi!"}),
        ({"prompt": match.re("^ec.o")}, {"text": "ec\no"}, {"text": "an echo"}),
        ({"prompt": match.startswith("a") & ~match.contains("b")}, {"text": "ac"}, {"text": "ab"}),
        ({"prompt": match.startswith("a") | match.startswith("b")}, {"text": "b"}, {"text": "c"}),
        ({"prompt": match.predicate(str.isupper)}, {"text": "HI"}, {"text": "hi"}),
        ({"model": "grok-4-0709"}, {}, {"model": "grok-3"}),
        ({"model": match.contains("fast")}, {"model": "grok-4-fast"}, {}),
        ({"image": jpeg()}, {"picture": jpeg()}, {"picture": png()}),
        ({"image": match.format("jpg")}, {"picture": jpeg()}, {"picture": png()}),
        ({"image": match.detail("low")}, {"picture": jpeg(), "detail": "low"}, {"picture": jpeg()}),
        (
            {"image": match.near(jpeg())},
            {"picture": encode(photo().resize((320, 240)), "PNG")},
            {"picture": png()},
        ),
        ({"images": 1}, {"picture": jpeg()}, {}),
        ({"images": match.none}, {}, {"picture": jpeg()}),
        ({"tools": "web_search"}, {"tools": [WEB]}, {}),
        ({"tools": ()}, {}, {"tools": [WEB]}),
        ({"schema": match.any}, {"response_format": CAT}, {}),
        ({"schema": SCHEMA}, {"response_format": CAT}, {}),
        ({"stream": False}, {}, None),
        ({"stream": True}, None, {}),
        ({"method": "GetCompletion"}, {}, None),
        ({"metadata": {"x-run": match.any}}, None, {}),
        ({"when": lambda call: len(call.messages) == 1}, {}, None),
    ],
    ids=readable,
)
def test_conditions(server, ask, conditions, fits, misfit):
    server.on(**conditions).reply("fits").optional()

    def answer(call):
        call = dict(call)
        parts = [call.pop("text", "Hi")]
        if "picture" in call:
            parts.append(picture(call.pop("picture"), call.pop("detail", "auto")))
        return ask.text(*parts, **call)

    if fits is not None:
        assert answer(fits) == "fits"
    if misfit is not None:
        assert answer(misfit) != "fits"


def test_a_function_answers(server, ask):
    server.on(prompt=match.re("^echo")).side_effect(lambda call: Reply(call.prompt + "!"))
    server.on(prompt="text").side_effect(lambda call: "just text")
    assert ask.text("echo 1") == "echo 1!"
    assert ask.text("text") == "just text"


def test_conditions_may_ask_the_server_and_take_their_time(server, ask):
    slow = threading.Barrier(5)

    def when(call):
        if call.prompt == "slow":
            slow.wait(5)  # all of them are in here at the same moment
        return True

    server.on(prompt="other").reply("other").optional()
    asked = []

    def explain(call):
        if not asked:  # explaining asks this rule as well
            asked.append(call)
            asked.append(server.explain(call))
        return True

    server.on(prompt="explain", when=explain).reply("explained")
    server.on(prompt="slow", when=when).reply("once").times(1)
    server.on(prompt="slow").reply("twice")
    assert ask.text("explain", timeout=5) == "explained"
    assert "on(prompt='other'): prompt='other', but it is 'explain'" in asked[1]
    calls = [
        ask.chat.GetCompletion.future(request("slow"), metadata=ask.metadata, timeout=8)
        for _ in range(5)
    ]
    said = [call.result().outputs[0].message.content for call in calls]
    assert said.count("once") == 1


def test_a_function_refuses(server, ask):
    def refuse(call):
        raise ServiceError("ABORTED", "no luck")

    server.on().side_effect(refuse)
    assert ask.refusal("Hi") == ("ABORTED", "no luck")
    server.verify()


def test_a_function_that_fails_is_told_at_the_end(server, ask):
    server.on(prompt="bad").side_effect(lambda call: 1 / 0)
    status, words = ask.refusal("bad")
    assert status == "INTERNAL"
    assert "division by zero" in words
    with pytest.raises(AssertionError, match=r"on\(prompt='bad'\): ZeroDivisionError"):
        server.verify()
    server.clear()


def test_json_must_fit_the_schema_asked_for(server, ask):
    server.on(schema=match.any).reply_json({"animal": "cat"})
    assert json.loads(ask.text("Which?", response_format=CAT)) == {"animal": "cat"}
    server.clear()
    server.on().reply_json({"animal": "cow"})
    assert json.loads(ask.text("Which?")) == {"animal": "cow"}
    status, words = ask.refusal("Which?", response_format=CAT)
    assert status == "INTERNAL"
    assert "at $.animal: 'cow' is not one of ['cat', 'dog']" in words
    with pytest.raises(AssertionError, match="does not match the requested schema"):
        server.verify()
    server.clear()


def test_times(server, ask):
    server.on(prompt=match.contains("caption")).reply("once").times(1)
    assert ask.text("caption") == "once"
    server.verify()
    assert ask.text("caption") != "once"
    with pytest.raises(AssertionError) as caught:
        server.verify()
    assert "was to answer 1 call, but 1 more call arrived" in str(caught.value)
    assert "<Call GetCompletion, grok-4, 'caption', OK>, which got the default" in str(caught.value)
    server.clear()
    server.on(prompt=match.contains("caption")).reply("once").times(1)
    server.on().reply("of all others")
    assert [ask.text("caption"), ask.text("caption")] == ["once", "of all others"]
    server.verify()


def test_an_unmet_number_names_the_nearest_call(server, ask):
    server.on(prompt=match.contains("caption"), images=1).reply("x").times(2)
    ask("a caption")
    ask("other things")
    with pytest.raises(AssertionError) as caught:
        server.verify()
    text = str(caught.value)
    assert "on(prompt=match.contains('caption'), images=1).times(2)" in text
    assert "was to answer 2 calls, but answered 0" in text
    assert "Nearest call: <Call GetCompletion, grok-4, 'a caption'" in text
    assert "images=1, but the call has 0" in text
    server.clear()


def test_leaving_the_block_verifies():
    with pytest.raises(AssertionError, match="There were no other calls"), FakeServer() as server:
        server.on().reply("x").times(1)
    with pytest.raises(KeyError), FakeServer() as server:  # not covered by the unmet number
        {}[server.on().reply("x").times(1)]


def test_nothing_fits_and_that_is_an_error():
    settings = {"unmatched": "error", "unused": "allow"}
    with FakeServer(**settings) as server, connected(server) as ask:
        assert "There are no rules" in ask.refusal("Hi")[1]
        server.on(prompt="a", model="grok-3").reply("x")
        server.on(prompt="b").reply("y")
        status, words = ask.refusal("Hi")
        assert status == "FAILED_PRECONDITION"
        assert "Nearest: on(prompt='b'): prompt='b', but it is 'Hi'." in words
        told = server.explain(server.calls.last)
        assert "on(prompt='a', model='grok-3'): prompt='a', but it is 'Hi'; model" in told
        assert len(told.splitlines()) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda server: server.on(colour="red"), "colour"),
        (lambda server: server.on().reply(5), "a Reply, a Fault or a str"),
        (lambda server: server.on().replies(), "at least one"),
        (lambda server: server.on().reply(Fault.hang(), reasoning="x"), "does not accept fields"),
        (lambda server: server.on().reply("x", colour="red"), "colour"),
        (lambda server: server.on().reply("x").times(-1), "at least 0"),
        (lambda server: Reply("ab", chunks=["a"]), "must add up to the text"),
        (lambda server: Reply("ab", chunks=0), "at least 1"),
        (lambda server: Reply(5), "a string, not int"),
        (lambda server: server.fault(Fault.hang(), rate=2), "at least 0 and at most 1"),
        (lambda server: Fault.status("NO_SUCH"), "NO_SUCH"),
        (lambda server: server.rate_limit(requests=0), "greater than 0"),
        (lambda server: server.urls.update({"https://e.x": 5}), "not 5"),
        (lambda server: server.root_certificate, "no TLS"),
    ],
)
def test_a_mistake_is_told_where_it_is_made(server, wrong, words):
    with pytest.raises((TypeError, ValueError, KeyError, RuntimeError), match=words):
        wrong(server)
    server.clear()


def test_fixed_ids():
    ids = []
    for _ in range(2):
        with FakeServer(fixed_ids=True, seed=3) as server, connected(server) as ask:
            ids.append([ask("Hi").id, ask("Hi").id])
    assert ids[0] == ids[1]
    assert ids[0][0] != ids[0][1]


def test_names_for_editors_are_the_names_there_are():
    def fields(cls):
        return {field.name: field.type for field in dataclasses.fields(cls)}

    def named(cls):
        return {name: hint.__forward_arg__ for name, hint in cls.__annotations__.items()}

    assert named(SettingChanges) == fields(Settings)
    assert named(ReplyFields) == {k: v for k, v in fields(Reply).items() if k != "text"}
