from __future__ import annotations

import hashlib
import json
import subprocess
import time

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, asking
from xai_vision.testing import Fault, Reply


def test_answer_to_stdout_the_rest_to_stderr(xai, server):
    server.on().reply("A red square.")
    done = xai("ask", "What is this?", "photo.jpg", "chart.png", "--detail", "high")
    assert (done.code, done.out) == (0, "A red square.\n")
    call = server.calls.last
    assert call.prompt == "What is this?"
    assert [seen.format for seen in call.images] == ["JPEG", "PNG"]
    assert {seen.detail for seen in call.images} == {"high"}
    assert call.request.store_messages is False
    assert f"id {call.response.id}" in done.err
    assert f"images {call.response.usage.prompt_image_tokens:,}" in done.err
    assert "$" in done.err
    assert "\x1b" not in done.err


def test_standard_input_arrives_byte_for_byte(xai, server):
    data = sample_images.sample("photo.jpg")
    done = xai("ask", "What?", "-", "--quiet", stdin=data)
    assert (done.code, done.err) == (0, "")
    assert server.calls.last.images[0].sha256 == hashlib.sha256(data).hexdigest()


def test_options_become_the_request(here, server, folder):
    (folder / "shape.json").write_text(
        '{"type": "object", "properties": {"n": {"type": "integer"}}}'
    )
    server.on().reply_json({"n": 3})
    done = here(
        *("ask", "Count", "photo.webp", "https://example.com/a.jpg", "--model", "grok-4-fast"),
        *("--system", "Be brief", "--max-side", "100", "--web-search", "--store", "--json"),
        *("--json-schema", "shape.json"),
    )
    # A web address cannot be resized here, so nothing was sent at all.
    assert done.code == 3
    assert not server.calls
    server.urls["https://example.com/a.jpg"] = sample_images.jpeg()
    done = here(
        *("ask", "Count", "photo.webp", "https://example.com/a.jpg", "--model", "grok-4-fast"),
        *("--system", "Be brief", "--web-search", "--store", "--json"),
        *("--json-schema", "shape.json"),
    )
    assert done.code == 0, done.err
    request = server.calls.last.request
    assert request.model == "grok-4-fast"
    assert request.messages[0].content[0].text == "Be brief"
    assert request.tools[0].web_search.enable_image_understanding
    assert request.store_messages
    assert "integer" in request.response_format.schema
    told = json.loads(done.out)
    assert told["parsed"] == {"n": 3}
    assert told["id"] == told["response"]["id"] == server.calls.last.response.id
    assert told["usage"]["prompt_image_tokens"] > 0
    assert told["images"][0]["changes"][0] == "converted from WEBP"
    assert "converted from WEBP" in done.err


def test_going_on(here, server):
    assert here("ask", "And?", "--last").code == 2
    assert here("ask", "What?", "photo.jpg", "--store").code == 0
    first = server.calls.last.response.id
    assert here("ask", "And?", "--last").code == 0
    assert server.calls.last.request.previous_response_id == first
    assert here("ask", "And?", "--continue", first).code == 0
    assert server.calls.last.request.previous_response_id == first


def test_streams_as_it_comes(server, folder, tmp_path):
    server.on().reply(Reply("one two three", chunks=["one ", "two ", "three"], tps=4))
    running = subprocess.Popen(
        [*COMMAND, "ask", "What?", "photo.jpg"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=asking(server, tmp_path),
    )
    assert running.stdout
    first = running.stdout.read1(100)
    came = time.monotonic()
    rest = running.stdout.read()
    assert (first, rest) == (b"one ", b"two three\n")
    assert time.monotonic() - came > 0.2
    assert running.wait(10) == 0
    running.stdout.close()


def test_nobody_reads_the_answer(server, folder, tmp_path):
    server.on().reply(Reply("word " * 2000, chunks=100, tps=4000))
    done = subprocess.run(
        f"{' '.join(COMMAND)} ask What photo.jpg | head -c 3; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        env=asking(server, tmp_path),
        check=False,
    )
    assert done.stdout == "wor141\n"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "fault", "code", "says"),
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
def test_failures(here, server, arguments, fault, code, says):
    if fault:
        server.fault(fault)
    done = here("ask", "What?", *arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert server.api_key not in done.err
    if not fault:
        assert not server.calls


def test_a_file_is_never_sent_as_text(here, server):
    done = here("ask", "photo.jpg", "What?")
    assert done.code == 2
    assert "the prompt comes first" in done.err
    assert not server.calls


def test_no_key(alone):
    done = alone("ask", "What?", "photo.jpg")
    assert done.code == 4
    assert "XAI_API_KEY" in done.err
    assert "--fake" in done.err


def test_wrong_key_is_not_shown(here):
    done = here("ask", "What?", "photo.jpg", XAI_API_KEY="xai-secret-0123456789")
    assert done.code == 4
    assert "secret" not in done.err


def test_key_that_the_service_repeats_is_not_shown(here, server):
    server.fault(Fault.internal(f"cannot find {server.api_key} anywhere"))
    done = here("ask", "What?", "photo.jpg")
    assert done.code == 6
    assert "cannot find *** anywhere" in done.err


def test_nothing_on_standard_input(xai, server):
    done = xai("ask", "What?", "-")
    assert done.code == 3
    assert "standard input" in done.err
    assert not server.calls


def test_fake_says_so(alone):
    done = alone("ask", "What?", "photo.jpg", "--fake")
    assert done.code == 0
    assert "640x480" in done.out
    assert "not from Grok" in done.err


def test_part_of_a_broken_answer_is_kept(here, server):
    server.on().reply(Reply("one two three", chunks=3))
    server.fault(Fault.after_chunks(2, status="INTERNAL", details="gone"))
    done = here("ask", "What?", "photo.jpg")
    assert done.code == 6
    assert done.out.startswith("one")
    assert "gone" in done.err


def test_closed_output(server, folder, tmp_path):
    """As after `xai-vision ... >&-`: nowhere to write to is no reason to break."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "ask", "Hi"],
        env=asking(server, tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "tokens" in done.stderr
