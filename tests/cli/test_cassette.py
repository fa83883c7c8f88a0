"""xai-vision cassette show, check and to-rules."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.conftest import stop
from tests.testing.cassettes.images import encode, scene
from xai_vision import Client, errors
from xai_vision.chat import image, system, tool, tool_result, user
from xai_vision.testing import FakeServer, Fault, FunctionCall
from xai_vision.testing._rule_files.rule_file import check

CALL = FunctionCall("get_weather", {})
WEATHER = tool("get_weather", "The weather.", {"type": "object", "properties": {}})


@pytest.fixture
def talk():
    """Make the calls that the cassette has."""

    def talk(server, quality=90):
        seen = []
        with Client(api_key=server.api_key, api_host=server.target, retries=0) as client:

            def chat(*messages, **options):
                return client.chat.create("grok-4", messages=list(messages), **options)

            picture = image(encode(scene(), quality=quality))
            seen.append(chat(user("What is it?", picture)).sample().content)
            seen.append(chat(system("Be brief."), user("Hi {{ there }}")).sample().content)
            seen.append("".join(chunk.content for _, chunk in chat(user("Count")).stream()))
            seen += [chat(user("Again")).sample().content for _ in range(2)]
            weather = chat(user("The weather?"), tools=[WEATHER])
            response = weather.sample()
            seen.append(response.tool_calls[0].function.arguments)
            weather.append(response).append(tool_result("12 C"))
            seen.append(weather.sample().content)
            seen.append(chat(user("Later")).defer().content)
            try:
                chat(user("Fail")).sample()
            except errors.APIError as error:
                seen.append(error.details())
        return seen

    return talk


@pytest.fixture
def cassette(folder, talk):
    """Record a cassette; return its path and what the client saw."""
    path = folder / "a.json"
    with FakeServer(unused="allow") as service:
        service.on(images=1).reply("a {{ red }} block")
        service.on(prompt="Hi {{ there }}").reply("Hello")
        service.on(prompt="Count").reply("one two three", chunks=3)
        service.on(prompt="Again").replies("first", "second")
        service.on(prompt="The weather?", turn=1).reply(
            tool_calls=[FunctionCall("get_weather", {})]
        )
        service.on(turn=2).reply("It is cold.")
        service.on(prompt="Later").reply("Here I am.")
        service.on(prompt="Fail").fault(Fault.status("PERMISSION_DENIED", "Not for you"))
        with FakeServer(
            upstream=service.target,
            upstream_key=service.api_key,
            cassette=path,
            record="rewrite",
        ) as server:
            seen = talk(server)
    return path, seen


def test_show_lists_the_calls(cassette, xai_in_process):
    path, _ = cassette
    result = xai_in_process("cassette", "show", str(path), "--json")
    rows = json.loads(result.out)
    assert result.code == 0
    assert rows[0]["prompt"] == "What is it?"
    assert rows[0]["images"][0].startswith("JPEG 96x96 ")
    assert [row["status"] for row in rows][-1] == "PERMISSION_DENIED"
    table = xai_in_process("cassette", "show", str(path)).out
    assert "What is it?" in table
    assert "GetCompletionChunk" in table


def test_show_shows_one_call(cassette, xai_in_process):
    path, _ = cassette
    result = xai_in_process("cassette", "show", str(path), "-n", "1")
    assert json.loads(result.out)["method"] == "xai_api.Chat/GetCompletion"
    result = xai_in_process("cassette", "show", str(path), "-n", "99")
    assert (result.code, result.out) == (2, "")
    assert "there is no call 99: the file has" in result.err


def test_controls_are_escaped(cassette, xai_in_process, folder):
    """Neither the JSON of a call nor rules send controls to a terminal, and neither loses them."""
    hostile = "a\u202eb\u009b31mc\x1b[0m é"

    def change(call, _):
        call["request"]["user"] = hostile
        call["responses"][0]["message"]["outputs"][0]["message"]["content"] = hostile

    path, _ = cassette
    _edit(path, change)
    call = xai_in_process("cassette", "show", str(path), "-n", "1").out
    assert json.loads(call)["request"]["user"] == hostile
    rules = xai_in_process("cassette", "to-rules", str(path)).out
    assert yaml.safe_load(rules)["rules"][0]["reply"]["text"] == hostile
    for text in (call, rules):
        assert not set("\u202e\u009b\x1b") & set(text)


def test_check_accepts_a_recording(cassette, xai_in_process):
    path, _ = cassette
    for argument in (path, path.parent):
        result = xai_in_process("cassette", "check", str(argument))
        assert (result.code, result.out, result.err) == (
            0,
            "1 file checked, none with problems\n",
            "",
        )


def _edit(path, change):
    content = json.loads(path.read_text())
    change(content["interactions"][0], content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda call, _: call.update(method="xai_api.Chat/Guess"), "has no such method"),
        (lambda _, content: content.update(images={}), "is missing"),
        (
            lambda call, _: call["responses"][0]["message"].update(outputs=1),
            "its response is not valid",
        ),
        (lambda call, _: call["request"].update(user="xai-" + "k" * 40), "it contains a key"),
        (
            lambda call, _: call["request"].update(user="aB3" * 100),
            "it contains 300 characters of base64",
        ),
        (
            lambda _, content: next(iter(content["images"].values())).update(
                thumbnail=["x" * 3000]
            ),
            "the most is 2,048",
        ),
        (lambda call, _: call.pop("request"), "interaction 1: 'request' is missing"),
    ],
)
def test_check_reports_problems(cassette, xai_in_process, change, words):
    path, _ = cassette
    _edit(path, change)
    result = xai_in_process("cassette", "check", str(path))
    assert result.code == 1
    assert result.out == "1 file checked, 1 with problems\n"
    assert words in result.err
    assert str(path) in result.err


def test_check_without_a_file(xai_in_process, folder):
    result = xai_in_process("cassette", "check", str(folder))
    assert result.code == 2
    assert "there are no .json files to check" in result.err


def test_rules_answer_like_the_cassette(cassette, xai_in_process, talk, folder):
    path, seen = cassette
    result = xai_in_process("cassette", "to-rules", str(path))
    assert (result.code, result.err) == (0, "")
    rules = folder / "rules.yaml"
    rules.write_text(result.out, encoding="utf-8")
    rule_file, problems = check(rules)
    assert problems == []
    with FakeServer() as server:
        rule_file.apply(server)
        assert talk(server, quality=60) == seen


def test_rules_leave_out_other_calls(folder, xai_in_process):
    path = folder / "a.json"
    with (
        FakeServer() as service,
        FakeServer(
            upstream=service.target, upstream_key=service.api_key, cassette=path, record="once"
        ) as server,
        Client(api_key=server.api_key, api_host=server.target) as client,
    ):
        client.models.list_language_models()
        client.chat.create("grok-next", messages=[user("Hi")])
    result = xai_in_process("cassette", "to-rules", str(path))
    assert result.err == "left out: call 1 (ListLanguageModels): rules only answer completions\n"
    assert result.out == "rules: []\n"


@pytest.mark.parametrize("command", ["show", "to-rules"])
def test_a_file_that_is_not_a_cassette(folder, xai_in_process, command):
    (folder / "b.json").write_text("{}")
    result = xai_in_process("cassette", command, "b.json")
    assert result.code == 2
    assert "b.json cannot be used: it is not a cassette" in result.err


def test_serve_records_and_replays(serve, server, folder):
    server.on(prompt="Hi").reply("from the service")

    def ask(*arguments, **env):
        process, ready = serve("--cassette", "a.json", "--json", *arguments, **env)
        assert ready["cassette"] == "a.json"
        with Client(ready["api_key"], api_host=ready["grpc"]) as client:
            answer = client.chat.create("grok-4", messages=[user("Hi")]).sample().content
        assert stop(process)[0] == 0
        return answer

    recording = ("--upstream", server.target, "--record", "once")
    assert ask(*recording, XAI_API_KEY=server.api_key) == "from the service"
    assert ask() == "from the service"
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--record", "once"), "needs a file"),
        (("--cassette", "b.json", "--record", "all"), "needs a service to record"),
        (("--cassette", "b.json", "--record", "sometimes"), "'sometimes' is not one of"),
        (("--cassette", "b.json"), "b.json cannot be used: it is not a cassette"),
    ],
)
def test_serve_refuses_wrong_options(xai_in_process, folder, arguments, words):
    (folder / "b.json").write_text("{}")
    result = xai_in_process("serve", *arguments)
    assert result.code == 2
    assert words in " ".join(result.err.split())


def test_a_rule_file_can_name_a_cassette(folder, xai_in_process):
    rules = folder / "rules.yaml"
    rules.write_text("settings: {cassette: sub/a.json, record: once, upstream: api.x.ai}")
    rule_file, problems = check(rules)
    assert problems == []
    assert rule_file.settings["cassette"] == folder / "sub" / "a.json"
    rules.write_text("settings: {cassette: a.json, record: sometimes}")
    ((line, text),) = check(rules)[1]
    assert line == 1
    assert "record must be one of 'none', 'once'" in text
