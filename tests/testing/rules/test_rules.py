"""Rules: which one replies, with what, and how often; and the errors when none matches."""

from __future__ import annotations

import dataclasses
import json
import threading

import grpc
import pytest

from examples.images import encode, photo
from tests.ids import readable
from tests.rest.http_client import respond
from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import image_part, open_caller, request
from tests.testing.waiting import LIMIT
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


def test_the_first_matching_rule_replies(server, caller):
    server.on(prompt=match.contains("CAPTION"), image=match.size(640, 480)).reply("a red square")
    server.on().reply("anything else")
    assert caller.text("a caption, please", image_part(jpeg())) == "a red square"
    assert caller.text("a caption, please", image_part(png())) == "anything else"
    assert caller.text("a caption, please") == "anything else"
    assert server.calls.last.rule is not None


def test_priority(server, caller):
    server.on().reply("low")
    server.on(priority=1).reply("high").times(1)
    assert [caller.text("Hi"), caller.text("Hi")] == ["high", "low"]


def test_replies_come_in_order(server, caller):
    server.on(model="grok-4").replies(Reply.tool_call("get_weather", city="Oslo"), "12 C")
    weather = chat_pb2.Tool(function=chat_pb2.Function(name="get_weather"))
    first = caller.sample("The weather?", tools=[weather]).outputs[0]
    assert json.loads(first.message.tool_calls[0].function.arguments) == {"city": "Oslo"}
    assert first.finish_reason == sample_pb2.REASON_TOOL_CALLS
    assert [caller.text("Hi"), caller.text("Hi")] == ["12 C", "12 C"]


@pytest.mark.parametrize(
    ("conditions", "matching", "other"),
    [
        ({"prompt": "Hi"}, {"text": "Hi"}, {"text": "Hi!"}),
        ({"prompt": match.re("^ec.o")}, {"text": "ec\no"}, {"text": "an echo"}),
        ({"prompt": match.startswith("a") & ~match.contains("b")}, {"text": "ac"}, {"text": "ab"}),
        ({"prompt": match.startswith("a") | match.startswith("b")}, {"text": "b"}, {"text": "c"}),
        ({"prompt": match.predicate(str.isupper)}, {"text": "HI"}, {"text": "hi"}),
        ({"model": "grok-4-0709"}, {}, {"model": "grok-3"}),
        ({"model": match.contains("fast")}, {"model": "grok-4-fast"}, {}),
        ({"image": jpeg()}, {"image": jpeg()}, {"image": png()}),
        ({"image": match.format("jpg")}, {"image": jpeg()}, {"image": png()}),
        ({"image": match.detail("low")}, {"image": jpeg(), "detail": "low"}, {"image": jpeg()}),
        (
            {"image": match.near(jpeg())},
            {"image": encode(photo().resize((320, 240)), "PNG")},
            {"image": png()},
        ),
        ({"images": 1}, {"image": jpeg()}, {}),
        ({"images": match.none}, {}, {"image": jpeg()}),
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
def test_conditions(server, caller, conditions, matching, other):
    server.on(**conditions).reply("matches", unchecked=True).optional()

    def response_text(call):
        call = dict(call)
        parts = [call.pop("text", "Hi")]
        if "image" in call:
            parts.append(image_part(call.pop("image"), call.pop("detail", "auto")))
        return caller.text(*parts, **call)

    if matching is not None:
        assert response_text(matching) == "matches"
    if other is not None:
        assert response_text(other) != "matches"


def test_a_side_effect_replies(server, caller):
    server.on(prompt=match.re("^echo")).side_effect(lambda call: Reply(call.prompt + "!"))
    server.on(prompt="text").side_effect(lambda call: "just text")
    assert caller.text("echo 1") == "echo 1!"
    assert caller.text("text") == "just text"


def test_a_side_effect_waits_for_another_call(server, caller):
    arrived = threading.Event()

    def first(call):
        return "both arrived" if arrived.wait(LIMIT) else "alone"

    def second(call):
        arrived.set()
        return "second"

    server.on(prompt="first").side_effect(first)
    server.on(prompt="second").side_effect(second)
    waiting = caller.chat.GetCompletion.future(
        request("first"), metadata=caller.metadata, timeout=2 * LIMIT
    )
    assert caller.text("second") == "second"
    assert waiting.result().outputs[-1].message.content == "both arrived"


def test_conditions_can_call_the_server_and_block(server, caller):
    slow = threading.Barrier(5)

    def when(call):
        if call.prompt == "slow":
            slow.wait(LIMIT)  # All five calls are evaluated at the same time.
        return True

    server.on(prompt="other").reply("other").optional()
    explained = []

    def explain(call):
        if not explained:  # explain() evaluates this condition as well.
            explained.append(call)
            explained.append(server.explain(call))
        return True

    server.on(prompt="explain", when=explain).reply("explained")
    server.on(prompt="slow", when=when).reply("once").times(1)
    server.on(prompt="slow").reply("twice")
    assert caller.text("explain") == "explained"
    assert "on(prompt='other'): prompt='other', but it is 'explain'" in explained[1]
    calls = [
        caller.chat.GetCompletion.future(request("slow"), metadata=caller.metadata, timeout=LIMIT)
        for _ in range(5)
    ]
    texts = [call.result().outputs[0].message.content for call in calls]
    assert texts.count("once") == 1


def test_a_side_effect_raises_a_service_error(server, caller):
    def fail(call):
        raise ServiceError("ABORTED", "no luck")

    server.on().side_effect(fail)
    assert caller.expect_error("Hi") == ("ABORTED", "no luck")
    server.verify()


def test_verify_reports_an_error_of_a_side_effect(server, caller):
    server.on(prompt="bad").side_effect(lambda call: 1 / 0)
    status, details = caller.expect_error("bad")
    assert status == "FAILED_PRECONDITION"
    assert "the test's rule on(prompt='bad') raised ZeroDivisionError: division by zero" in details
    with pytest.raises(AssertionError, match=r"on\(prompt='bad'\) raised ZeroDivisionError"):
        server.verify()
    server.clear()


def test_json_must_match_the_requested_schema(server, caller):
    server.on(schema=match.any).reply_json({"animal": "cat"})
    assert json.loads(caller.text("Which?", response_format=CAT)) == {"animal": "cat"}
    server.clear()
    server.on().reply_json({"animal": "cow"})
    assert json.loads(caller.text("Which?")) == {"animal": "cow"}
    status, details = caller.expect_error("Which?", response_format=CAT)
    assert status == "FAILED_PRECONDITION"
    assert "at $.animal: 'cow' is not one of ['cat', 'dog']" in details
    with pytest.raises(AssertionError, match="does not match the requested schema"):
        server.verify()
    server.clear()


def test_times(server, caller):
    server.on(prompt=match.contains("caption")).reply("once").times(1)
    assert caller.text("caption") == "once"
    server.verify()
    assert caller.text("caption") != "once"
    with pytest.raises(AssertionError) as caught:
        server.verify()
    assert "was to answer 1 call, but 1 more call arrived" in str(caught.value)
    assert "<Call GetCompletion, grok-4, 'caption', OK>, which got the default" in str(caught.value)
    server.clear()
    server.on(prompt=match.contains("caption")).reply("once").times(1)
    server.on().reply("other")
    assert [caller.text("caption"), caller.text("caption")] == ["once", "other"]
    server.verify()


def test_an_unmet_expectation_names_the_nearest_call(server, caller):
    server.on(prompt=match.contains("caption"), images=1).reply("x").times(2)
    caller.sample("a caption")
    caller.sample("other things")
    with pytest.raises(AssertionError) as caught:
        server.verify()
    text = str(caught.value)
    assert "on(prompt=match.contains('caption'), images=1).times(2)" in text
    assert "was to answer 2 calls, but answered 0" in text
    assert "Nearest call: <Call GetCompletion, grok-4, 'a caption'" in text
    assert "images=1, but the call has 0" in text
    server.clear()


def test_the_context_manager_verifies():
    with pytest.raises(AssertionError, match="There were no other calls"), FakeServer() as server:
        server.on().reply("x").times(1)
    with (
        pytest.raises(KeyError),
        FakeServer() as server,
    ):  # The unmet expectation does not replace the error.
        {}[server.on().reply("x").times(1)]


def test_an_unmatched_call_can_be_an_error():
    settings = {"unmatched": "error", "unused": "allow"}
    with FakeServer(**settings) as server, open_caller(server) as caller:
        assert "There are no rules" in caller.expect_error("Hi")[1]
        server.on(prompt="a", model="grok-3").reply("x")
        server.on(prompt="b").reply("y")
        status, details = caller.expect_error("Hi")
        assert status == "FAILED_PRECONDITION"
        assert "Nearest: on(prompt='b'): prompt='b', but it is 'Hi'." in details
        explanation = server.explain(server.calls.last)
        assert "on(prompt='a', model='grok-3'): prompt='a', but it is 'Hi'; model" in explanation
        assert len(explanation.splitlines()) == 2
        server.clear()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda server: server.on(hue="red"), "hue"),
        (lambda server: server.on().reply(5), "a Reply, a Fault or a str"),
        (lambda server: server.on().replies(), "at least one"),
        (lambda server: server.on().reply(Fault.hang(), reasoning="x"), "does not accept fields"),
        (lambda server: server.on().reply("x", hue="red"), "hue"),
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
def test_invalid_arguments_raise_at_once(server, wrong, message):
    with pytest.raises((TypeError, ValueError, KeyError, RuntimeError), match=message):
        wrong(server)
    server.clear()


def test_fixed_ids():
    ids = []
    for _ in range(2):
        with FakeServer(fixed_ids=True, seed=3) as server, open_caller(server) as caller:
            ids.append([caller.sample("Hi").id, caller.sample("Hi").id])
    assert ids[0] == ids[1]
    assert ids[0][0] != ids[0][1]


def test_fixed_request_ids():
    """Unary calls, streams, errors and REST calls have ids that the seed determines."""
    pytest.importorskip("starlette")
    runs = []
    for fixed in (True, True, False):
        with FakeServer(fixed_ids=fixed) as server, open_caller(server) as caller:
            response, call = caller.chat.GetCompletion.with_call(
                request("Hi"), metadata=caller.metadata, timeout=LIMIT
            )
            stream = caller.stream("Hi")
            list(stream)
            failed = caller.stream("Hi", temperature=9.0)
            with pytest.raises(grpc.RpcError):
                list(failed)
            metadata = [dict(one.trailing_metadata()) for one in (call, stream, failed)]
            metadata.append(respond(server).headers)
            runs.append((response.id, *(entries["x-request-id"] for entries in metadata)))
    assert runs[0] == runs[1]
    assert len({*runs[0], *runs[2]}) == 10, "each id is another one"


def test_typed_dicts_match_their_classes():
    def fields(cls):
        return {field.name: field.type for field in dataclasses.fields(cls)}

    def keys(cls):
        return {name: hint.__forward_arg__ for name, hint in cls.__annotations__.items()}

    assert keys(SettingChanges) == fields(Settings)
    assert keys(ReplyFields) == {k: v for k, v in fields(Reply).items() if k != "text"}
