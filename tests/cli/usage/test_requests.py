"""Options that shape a request, and the log of its attempts."""

from __future__ import annotations

import json

import click
import pytest

from xai_vision._cli.options import _SAMPLING
from xai_vision.chat._request.settings import _REASONING_EFFORTS
from xai_vision.proto import chat_pb2
from xai_vision.testing import Fault

SAMPLING = ("--temperature", "0.5", "--max-tokens", "50", "--seed", "-7", "--reasoning-effort")


def assert_sampled(request) -> None:
    assert request.temperature == 0.5
    assert request.max_tokens == 50
    assert request.seed == -7
    assert request.reasoning_effort == chat_pb2.EFFORT_LOW


def test_sampling_of_ask(xai_in_process, server):
    model = ("--model", "grok-4-fast", "--system", "Be brief")
    assert xai_in_process("ask", "Hi", *SAMPLING, "LOW", *model).code == 0
    assert_sampled(server.calls.last.request)
    assert server.calls.last.request.messages[0].content[0].text == "Be brief"
    assert xai_in_process("ask", "Hi").code == 0
    request = server.calls.last.request
    assert not any(
        request.HasField(name) for name in ("temperature", "max_tokens", "seed", "reasoning_effort")
    )


def test_sampling_of_chat_and_batches(xai, xai_in_process, server):
    model = ("--model", "grok-4-fast")
    assert xai("chat", *SAMPLING, "low", *model, stdin=b"Hi\n").code == 0
    assert_sampled(server.calls.last.request)
    batch = xai_in_process("batches", "create", "b").out.strip()
    added = xai_in_process("batches", "add", batch, "Hi", "photo.jpg", *SAMPLING, "low", *model)
    assert added.code == 0, added.err
    xai_in_process("batches", "wait", batch, "--interval", "0.01")
    call = next(one for one in server.calls if one.method == "AddBatchRequests")
    assert "max_tokens" in str(call.request)


def test_every_effort_of_the_library_is_known():
    command = click.Command("x")
    for decorate in _SAMPLING:
        decorate(command)
    efforts = next(one.type for one in command.params if one.name == "reasoning_effort")
    assert set(efforts.choices) == set(_REASONING_EFFORTS)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--temperature", "3", "3.0 is not in the range 0<=x<=2"),
        ("--temperature", "-1", "-1.0 is not in the range"),
        ("--max-tokens", "0", "0 is not in the range"),
        ("--max-tokens", "1.5", "'1.5' is not a valid integer"),
        ("--seed", "99999999999", "is not in the range"),
        ("--reasoning-effort", "max", "'max' is not one of 'none', 'low', 'medium', 'high'"),
        ("--schema", "none.json", "'none.json' does not exist"),
    ],
)
def test_refused(xai_in_process, server, option, value, words):
    result = xai_in_process("ask", "Hi", option, value)
    assert result.code == 2
    assert f"xai-vision: invalid value for '{option}'" in result.err
    assert words in result.err
    assert not server.calls


@pytest.mark.parametrize("option", ["--schema", "--json-schema"])
def test_schema(xai_in_process, server, folder, option):
    (folder / "s.json").write_text('{"type": "object", "properties": {"n": {"type": "integer"}}}')
    server.on().reply_json({"n": 3})
    result = xai_in_process("ask", "Hi", option, "s.json")
    assert result.code == 0, result.err
    assert json.loads(result.out) == {"n": 3}
    assert xai_in_process("ask", "Hi", XAI_VISION_ASK_SCHEMA="s.json").code == 0
    assert "integer" in server.calls.last.request.response_format.schema


@pytest.mark.parametrize(
    ("options", "env", "records"),
    [
        ([], {}, []),
        (["-v"], {}, ["info"]),
        (["--verbose"], {}, ["info"]),
        (["-vv"], {}, ["debug", "info"]),
        (["-vvv"], {}, ["debug", "info"]),
        ([], {"XAI_VISION_LOG": "info"}, ["info"]),
        (["-v"], {"XAI_VISION_LOG": "debug"}, ["debug", "info"]),
        (["-v"], {"XAI_VISION_LOG": "warning"}, ["info"]),
    ],
    ids=str,
)
def test_log_records(xai_in_process, server, options, env, records):
    server.fault(Fault.unavailable(), next=1)
    result = xai_in_process("ask", "Hi", "-q", *options, **env)
    assert result.code == 0
    levels = [line.partition(":")[0] for line in result.err.splitlines()]
    assert sorted(set(levels)) == records
    assert levels.count("info") == len([one for one in records if one == "info"])
    assert ("retry in" in result.err) is bool(records)
    assert server.api_key not in result.err


def test_a_wrong_level(xai_in_process):
    result = xai_in_process("ask", "Hi", XAI_VISION_LOG="loud")
    assert result.code == 2
    assert "XAI_VISION_LOG must be one of debug, info, warning, not 'loud'" in result.err


def test_the_fake_server_names_its_rule_file(xai_without_key):
    result = xai_without_key("ask", "Hi", "https://example.com/a.png", "--fake")
    assert result.code == 3
    assert "use `xai-vision serve --rules FILE` with the image under `images`" in result.err
    assert "server.urls" not in result.err
