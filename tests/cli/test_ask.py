from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, server_environment
from xai_vision.testing import Fault, Reply


def test_only_the_response_is_written_to_stdout(xai, server):
    server.on().reply("A red square.")
    result = xai("ask", "What is this?", "photo.jpg", "chart.png", "--detail", "high")
    assert (result.code, result.out) == (0, "A red square.\n")
    call = server.calls.last
    assert call.prompt == "What is this?"
    assert [image.format for image in call.images] == ["JPEG", "PNG"]
    assert {image.detail for image in call.images} == {"high"}
    assert call.request.store_messages is False
    assert f"id {call.response.id}" in result.err
    assert f"images {call.response.usage.prompt_image_tokens:,}" in result.err
    assert "$" in result.err
    assert "\x1b" not in result.err


def test_standard_input_arrives_byte_for_byte(xai, server):
    data = sample_images.sample("photo.jpg")
    result = xai("ask", "What?", "-", "--quiet", stdin=data)
    assert (result.code, result.err) == (0, "")
    assert server.calls.last.images[0].sha256 == hashlib.sha256(data).hexdigest()


def test_options_become_the_request(xai_in_process, server, folder):
    (folder / "shape.json").write_text(
        '{"type": "object", "properties": {"n": {"type": "integer"}}}'
    )
    server.on().reply_json({"n": 3})
    result = xai_in_process(
        *("ask", "Count", "photo.webp", "https://example.com/a.jpg", "--model", "grok-4-fast"),
        *("--system", "Be brief", "--max-side", "100", "--web-search", "--store", "--json"),
        *("--json-schema", "shape.json"),
    )
    # An image at a URL cannot be resized, so nothing was sent.
    assert result.code == 3
    assert not server.calls
    server.urls["https://example.com/a.jpg"] = sample_images.jpeg()
    result = xai_in_process(
        *("ask", "Count", "photo.webp", "https://example.com/a.jpg", "--model", "grok-4-fast"),
        *("--system", "Be brief", "--web-search", "--store", "--json"),
        *("--json-schema", "shape.json"),
    )
    assert result.code == 0, result.err
    request = server.calls.last.request
    assert request.model == "grok-4-fast"
    assert request.messages[0].content[0].text == "Be brief"
    assert request.tools[0].web_search.enable_image_understanding
    assert request.store_messages
    assert "integer" in request.response_format.schema
    output = json.loads(result.out)
    assert output["parsed"] == {"n": 3}
    assert output["id"] == output["response"]["id"] == server.calls.last.response.id
    assert output["usage"]["prompt_image_tokens"] > 0
    assert output["images"][0]["changes"][0] == "converted from WEBP"
    assert "converted from WEBP" in result.err


def test_continued_conversations(xai_in_process, server):
    assert xai_in_process("ask", "And?", "--last").code == 2
    assert xai_in_process("ask", "What?", "photo.jpg", "--store").code == 0
    first = server.calls.last.response.id
    assert xai_in_process("ask", "And?", "--last").code == 0
    assert server.calls.last.request.previous_response_id == first
    assert xai_in_process("ask", "And?", "--continue", first).code == 0
    assert server.calls.last.request.previous_response_id == first


def test_output_is_streamed(xai, server, tmp_path):
    server.on().reply(Reply("one two three", chunks=["one ", "two ", "three"]))
    server.fault(Fault.hang(after_chunks=1), next=1)
    process = subprocess.Popen(
        [*COMMAND, "ask", "What?", "photo.jpg"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=server_environment(server, tmp_path),
    )
    assert process.stdout
    assert process.stdout.read1(100) == b"one "
    process.kill()
    process.communicate()
    assert xai("ask", "What?", "photo.jpg").out == "one two three\n"


def test_closed_pipe(server, folder, tmp_path):
    server.on().reply(Reply("word " * 2000, chunks=100, tps=4000))
    result = subprocess.run(
        f"{' '.join(COMMAND)} ask What photo.jpg | head -c 3; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        env=server_environment(server, tmp_path),
        check=False,
    )
    assert result.stdout == "wor141\n"
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "fault", "code", "message"),
    [
        (["notes.txt"], None, 3, "notes.txt: "),
        (["missing.jpg"], None, 3, "missing.jpg"),
        (["."], None, 3, "is a directory"),
        (["photo.jpg", "--detail", "huge"], None, 2, "detail"),
        (["photo.jpg"], Fault.status("PERMISSION_DENIED", "blocked"), 4, "blocked"),
        (["photo.jpg"], Fault.safety_refusal(), 7, "violates usage guidelines"),
        (["photo.jpg"], Fault.status("INVALID_ARGUMENT", "no such thing"), 7, "no such thing"),
        (["photo.jpg"], Fault.status("INVALID_ARGUMENT", "Invalid JPEG image"), 3, "Invalid JPEG"),
        (["photo.jpg"], Fault.internal("broken"), 6, "broken"),
        (["photo.jpg"], Fault.status("DATA_LOSS", "not fetched"), 3, "not fetched"),
        (["photo.jpg", "--timeout", "0.5"], Fault.hang(), 6, "--timeout"),
        (["photo.jpg", "--timeout", "1"], Fault.rate_limited(30), 5, "Too many"),
    ],
    ids=lambda value: value.kind + value.code if isinstance(value, Fault) else None,
)
def test_failures(xai_in_process, server, arguments, fault, code, message):
    if fault:
        server.fault(fault)
    result = xai_in_process("ask", "What?", *arguments)
    assert result.code == code, result.err
    assert message in result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert server.api_key not in result.err
    if not fault:
        assert not server.calls


def test_a_file_name_is_not_sent_as_a_prompt(xai_in_process, server):
    result = xai_in_process("ask", "photo.jpg", "What?")
    assert result.code == 2
    assert "the prompt comes first" in result.err
    assert not server.calls


def test_no_key(xai_without_key):
    result = xai_without_key("ask", "What?", "photo.jpg")
    assert result.code == 4
    assert "XAI_API_KEY" in result.err
    assert "--fake" in result.err


def test_wrong_key_is_not_shown(xai_in_process):
    result = xai_in_process("ask", "What?", "photo.jpg", XAI_API_KEY="xai-secret-0123456789")
    assert result.code == 4
    assert "secret" not in result.err


def test_key_in_an_error_of_the_service_is_not_shown(xai_in_process, server):
    server.fault(Fault.internal(f"cannot find {server.api_key} anywhere"))
    result = xai_in_process("ask", "What?", "photo.jpg")
    assert result.code == 6
    assert "cannot find *** anywhere" in result.err


def test_empty_standard_input(xai, server):
    result = xai("ask", "What?", "-")
    assert result.code == 3
    assert "standard input" in result.err
    assert not server.calls


def test_fake_is_labeled(xai_without_key):
    result = xai_without_key("ask", "What?", "photo.jpg", "--fake")
    assert result.code == 0
    assert "640x480" in result.out
    assert "not from Grok" in result.err


def test_partial_response_of_a_broken_stream(xai_in_process, server):
    server.on().reply(Reply("one two three", chunks=3))
    server.fault(Fault.after_chunks(2, status="INTERNAL", details="gone"))
    result = xai_in_process("ask", "What?", "photo.jpg")
    assert result.code == 6
    assert result.out.startswith("one")
    assert "gone" in result.err


def test_closed_output(server, folder, tmp_path):
    """The command succeeds without a standard output, as after `xai-vision ... >&-`."""
    result = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "ask", "Hi"],
        env=server_environment(server, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "tokens" in result.stderr
