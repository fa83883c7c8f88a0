"""``xai-vision batches``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest


@pytest.fixture
def batches(xai_in_process):
    return lambda *arguments: xai_in_process("batches", *arguments)


@pytest.fixture
def batch_id(batches):
    return json.loads(batches("create", "photos", "--json").out)["batch_id"]


def test_from_images_to_results(batches, batch_id, server):
    server.on(images=1).reply("A landscape.")
    added = batches("add", batch_id, "Describe it", "photo.jpg", "chart.png")
    assert (added.code, added.out) == (0, "")
    assert "2 requests added" in added.err
    assert re.fullmatch(rf"{batch_id}  photos  0 of 2 done\n", batches("get", batch_id).out)
    done = batches("wait", batch_id, "--interval", "0.001")
    assert done.out == f"{batch_id}  photos  2 of 2 done\n"
    lines = [json.loads(line) for line in batches("results", batch_id).out.splitlines()]
    assert {line["id"]: line["answer"] for line in lines} == {
        "photo.jpg": "A landscape.",
        "chart.png": "A landscape.",
    }
    assert all(line["cost_usd"] > 0 for line in lines)
    calls = server.calls.where(method="GetCompletion", prompt="Describe it")
    assert [call.header("batch-request-id") for call in calls] == ["photo.jpg", "chart.png"]


def test_requests_from_a_file(batches, batch_id, server):
    lines = [
        {"id": "a", "prompt": "one", "images": ["photo.jpg", "chart.png"]},
        {"prompt": "two", "images": "photo.jpg"},
        {"prompt": "three"},
    ]
    Path("in.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    arguments = ("--requests", "in.jsonl", "--model", "grok-4.5", "--system", "Be brief.")
    result = batches("add", batch_id, *arguments)
    assert (result.code, "3 requests added" in result.err) == (0, True)
    items = server.calls.last.request.batch_requests
    assert [item.batch_request_id for item in items] == ["a", "photo.jpg", ""]
    assert {item.completion_request.model for item in items} == {"grok-4.5"}
    messages = items[0].completion_request.messages
    assert messages[0].content[0].text == "Be brief."
    assert len(messages[1].content) == 3


def test_failed_requests_set_the_exit_code(batches, batch_id, server):
    server.batches(fail=["photo.jpg"])
    batch_id = batches("create", "x").out.strip()
    batches("add", batch_id, "Describe it", "photo.jpg", "chart.png")
    assert "2 of 2 done, 1 failed" in batches("wait", batch_id, "--interval", "0.001").out
    result = batches("results", batch_id)
    assert result.code == 1
    lines = {line["id"]: line for line in map(json.loads, result.out.splitlines())}
    assert lines["photo.jpg"]["error"] == "The request could not be processed."
    assert "answer" in lines["chart.png"]


def test_lists_and_cancels(batches, batch_id):
    batches("add", batch_id, "Describe it", "photo.jpg")
    other = json.loads(batches("create", "other", "--json").out)["batch_id"]
    listed = json.loads(batches("list", "--json").out)
    assert [batch["batch_id"] for batch in listed] == [other, batch_id]
    assert listed[1]["state"]["num_pending"] == 1
    assert batches("list", "--limit", "1").out == f"{other}  other  0 of 0 done\n"
    assert "1 of 1 done, 1 cancelled" in batches("cancel", batch_id).out
    result = batches("wait", batch_id)
    assert result.code != 0
    assert "its owner cancelled it" in result.err


def test_a_batch_from_an_uploaded_file(batches, xai_in_process, server):
    body = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    server.files["f"] = json.dumps(line).encode()
    result = batches("create", "x", "--input-file-id", "f")
    assert "0 of 1 done" in batches("get", result.out.strip()).out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1 is not valid JSON"),
        ("[]", "line 1 is not a JSON object"),
        ('{"promt": "x"}', "has the key 'promt'. Known are id, prompt, images"),
        ("{}", "prompt must be text that is not empty"),
        ('{"prompt": " "}', "prompt must be text that is not empty"),
        ('{"prompt": "x", "images": [1]}', "images must be a name or a list of names"),
        ('{"prompt": "x", "images": {}}', "images must be a name or a list"),
        ('{"prompt": "x", "id": 1}', "id must be text"),
        ("", "the file has no requests"),
    ],
)
def test_mistakes_in_a_file_of_requests(batches, server, line, words):
    Path("in.jsonl").write_text(line)
    result = batches("add", "batch_x", "--requests", "in.jsonl")
    assert result.code == 2
    assert words in result.err
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "b"), 2, "pass either PROMPT and IMAGES, or --requests"),
        (("add", "b", "x"), 2, "no images to process"),
        (("add", "b", "photo.jpg", "chart.png"), 2, "PROMPT is the file 'photo.jpg'"),
        (("add", "b", "x", "-"), 2, "--from - reads names"),
        (("add", "b", "x", "notes.txt"), 3, "notes.txt"),
        (("wait", "b", "--interval", "0"), 2, "--interval"),
    ],
)
def test_mistakes_are_found_before_anything_is_sent(batches, server, arguments, code, words):
    result = batches(*arguments)
    assert result.code == code
    assert words in result.err
    assert len(server.calls) == 0


def test_the_progress_on_a_terminal(batches, batch_id, server, terminal):
    batches("add", batch_id, "Describe it", "photo.jpg", "chart.png")
    shown = terminal("batches", "wait", batch_id, "--interval", "0.3").read()
    assert "━" in shown
    assert "0/2" in shown
    assert f"{batch_id}  photos  2 of 2 done" in shown


def test_an_unknown_batch(batches):
    for name in ("get", "cancel", "wait", "results"):
        result = batches(name, "batch_x")
        assert result.code != 0
        assert "Batch not found: batch_x" in result.err


def test_the_help_tells_the_two_commands_apart(xai_in_process):
    assert "`xai-vision batch` asks about images at once" in xai_in_process("batches", "--help").out
