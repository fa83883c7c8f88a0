"""Rules that the inspector offers to copy: they repeat the answer of their call."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import xai_vision.testing as names
from tests.sample_images import sample
from tests.testing.grpc_calls import chat_message, image_part, open_caller
from tests.testing.inspector.inspector_calls import view_of
from xai_vision.proto import chat_pb2, empty_pb2
from xai_vision.proto.models_pb2_grpc import ModelsStub
from xai_vision.testing import FakeServer, Fault, FunctionCall, Reply, ServerToolCall
from xai_vision.testing._cassettes.cassette_file import CassetteContent
from xai_vision.testing._cassettes.inspection import find_problems
from xai_vision.testing._rule_files.rule_file import check

pytest.importorskip("yaml", reason="PyYAML is in the extra cli")

STOCK = chat_pb2.Tool(function=chat_pb2.Function(name="stock", parameters='{"type": "object"}'))
SEARCH = chat_pb2.Tool(web_search=chat_pb2.WebSearch())


def python_server(text, tmp_path):
    server = FakeServer()
    exec(text, {"server": server, **{name: getattr(names, name) for name in names.__all__}})
    return server


def yaml_server(text, tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    rule_file, errors = check(file)
    assert not errors
    server = FakeServer()
    rule_file.apply(server)
    return server


def cassette_server(text, tmp_path):
    file = tmp_path / "cassette.json"
    file.write_text(text, encoding="utf-8")
    assert find_problems(CassetteContent.load(file)) == []
    return FakeServer(cassette=file)


RULE_MAKERS = {"Rule in Python": python_server, "Rule in YAML": yaml_server}
MAKERS = {**RULE_MAKERS, "Cassette": cassette_server}


def rules_of(call_view):
    return {label: call_view["copies"][label] for label in RULE_MAKERS}


REQUESTS = {
    "text": ({}, ["Hi"]),
    "quotes": ({}, ['It\'s "quoted" \\ and\n\ttabbed, {{ prompt }} 😀 \x85\u2028']),
    "a word of rule files": ({}, ["any"]),
    "system": (
        {"messages": [chat_message("Be brief", role=chat_pb2.ROLE_SYSTEM), chat_message("Hi")]},
        [],
    ),
    "images": ({}, ["Look", image_part(sample("photo.jpg")), image_part(sample("photo.jpg"))]),
    "tools": ({"tools": [STOCK, SEARCH]}, ["How many?"]),
    "no prompt": ({"messages": [chat_message(image_part(sample("photo.jpg")))]}, []),
}
REPLIES = {
    "text": Reply("Hello"),
    "hard text": Reply("{{ prompt }} '''\"\"\" \\n \n\r\n\x00 😀 \u2028 {{{{"),
    "empty": Reply(""),
    "long": Reply("word " * 400, reasoning="thought " * 30, citations=("https://e.x/a",)),
    "length": Reply("cut", finish="length"),
}


def answer_of(server, fields, parts):
    with server, open_caller(server) as caller:
        response = caller.sample(*parts, **fields)
        output = response.outputs[-1]
        calls = [
            (call.function.name, call.function.arguments)
            for out in response.outputs
            for call in out.message.tool_calls
        ]
        return (
            [out.message.content for out in response.outputs],
            output.message.reasoning_content,
            output.finish_reason,
            list(response.citations),
            calls,
        )


def check_copies(reply, fields, parts, tmp_path):
    source = FakeServer(inspect=True)
    source.on().reply(reply)
    texts = {}
    with source, open_caller(source) as caller:
        caller.sample(*parts, **fields)
        texts = view_of(source)["copies"]
    expected = FakeServer()
    expected.on().reply(reply)
    answer = answer_of(expected, fields, parts)
    assert list(texts) == list(MAKERS)
    for label, text in texts.items():
        server = MAKERS[label](text, tmp_path)
        assert answer_of(server, fields, parts) == answer
        assert server.calls.last.passed_on or server.rules[0].uses == 1


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_copy_matches_its_request(kind, tmp_path):
    check_copies(Reply("Hello"), *REQUESTS[kind], tmp_path)


@pytest.mark.parametrize("kind", REPLIES)
def test_a_copy_repeats_its_answer(kind, tmp_path):
    check_copies(REPLIES[kind], {}, ["Hi"], tmp_path)


@pytest.mark.parametrize(
    "reply",
    [
        Reply.tool_call("stock", {"item": "tea {{ x }}", "least": 1e-05, "deep": [None, True]}),
        Reply.tool_call("stock", '{"not": json'),
        Reply("Found", steps=[ServerToolCall("web_search", {"query": "tea"})]),
        Reply(tool_calls=[FunctionCall("stock", id="a"), FunctionCall("stock", {"n": 2}, id="b")]),
    ],
)
def test_tool_calls_are_repeated(reply, tmp_path):
    check_copies(reply, *REQUESTS["tools"], tmp_path)


def test_the_text_of_the_copies(server, caller):
    server.on().reply("Hello", reasoning="Hm")
    caller.sample("Hi", image_part(sample("photo.jpg")))
    assert rules_of(view_of(server)) == {
        "Rule in Python": (
            "server.on(prompt='Hi', model='grok-4', images=1).reply('Hello', reasoning='Hm')\n"
        ),
        "Rule in YAML": (
            "rules:\n"
            "  - when:\n"
            '      prompt: "Hi"\n'
            '      model: "grok-4"\n'
            "      images: 1\n"
            "    reply:\n"
            '      text: "Hello"\n'
            '      reasoning: "Hm"\n'
        ),
    }


def test_a_copy_of_a_later_turn_matches_only_that(server, caller, tmp_path):
    server.on().reply("Hello")
    messages = [
        chat_message("Hi"),
        chat_message("Hello", role=chat_pb2.ROLE_ASSISTANT),
        chat_message("Hi"),
    ]
    caller.sample(messages=messages)
    for label, text in rules_of(view_of(server)).items():
        copy = MAKERS[label](text, tmp_path)
        with copy, open_caller(copy) as other:
            other.sample(messages=messages)
            assert copy.calls.last.rule is copy.rules[0]
            other.sample("Hi")
            assert copy.calls.last.rule is None


def test_a_failed_call_becomes_a_fault(server, caller, tmp_path):
    server.fault(Fault.status("RESOURCE_EXHAUSTED", "Too 'many' \"requests\""), next=1)
    assert caller.expect_error("Hi")[0] == "RESOURCE_EXHAUSTED"
    for label, text in view_of(server)["copies"].items():
        copy = MAKERS[label](text, tmp_path)
        with copy, open_caller(copy) as other:
            assert other.expect_error("Hi") == ("RESOURCE_EXHAUSTED", "Too 'many' \"requests\"")


def test_a_call_that_no_rule_can_answer_has_no_copies(server, caller):
    ModelsStub(caller.channel).ListLanguageModels(empty_pb2.Empty(), metadata=caller.metadata)
    assert view_of(server)["copies"] == {}


def test_a_cassette_of_a_stream_is_a_stream(server, caller, tmp_path):
    server.on().reply("one two three", reasoning="Hm hm")
    expected = server_texts(caller)
    copy = cassette_server(view_of(server)["copies"]["Cassette"], tmp_path)
    with copy, open_caller(copy) as other:
        assert server_texts(other) == expected


def server_texts(caller):
    deltas = [chunk.outputs[0].delta for chunk in caller.stream("Hi")]
    return "".join(d.content for d in deltas), "".join(d.reasoning_content for d in deltas)


def test_a_cassette_has_the_images_of_a_large_request(server, caller, tmp_path):
    """The log replaces their data by hashes."""
    image = Image.effect_noise((400, 400), 90)
    output = io.BytesIO()
    image.save(output, "PNG")
    server.on().reply("Noise")
    caller.sample("Look", image_part(output.getvalue()))
    assert "sha256" in server.calls.last.request.messages[0].content[1].image_url.image_url
    text = view_of(server)["copies"]["Cassette"]
    assert len(text) < 10_000
    copy = cassette_server(text, tmp_path)
    with copy, open_caller(copy) as other:
        assert other.text("Look", image_part(output.getvalue())) == "Noise"


def test_a_copy_that_would_be_cut_is_left_out(server, caller):
    server.on().reply("word " * 30_000)
    caller.sample("Hi")
    assert view_of(server)["copies"] == {}


def test_keys_are_not_copied(server, caller):
    server.on().reply(f"It is {server.api_key}")
    caller.sample(f"My key is {server.api_key}")
    for text in view_of(server)["copies"].values():
        assert server.api_key not in text
        assert "It is ***" in text
        assert "My key is ***" in text


def test_the_request_is_not_changed(server, caller):
    caller.sample("Hi")
    before = server.calls.last.request.SerializeToString()
    view_of(server)
    assert server.calls.last.request.SerializeToString() == before
