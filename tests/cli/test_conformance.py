"""`xai-vision conformance`: the script runs against the fake server, and finds what differs."""

from __future__ import annotations

import io
import json
import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xai_vision._cli.conformance.checks import CHECKS
from xai_vision._cli.conformance.comparison import without_private
from xai_vision._cli.conformance.images import make_image, padded
from xai_vision.testing import FakeServer, Fault

NAMES = [check.name for check in CHECKS]
# Small checks, which are enough where the number of checks does not matter.
FEW = ("--only", "jpeg", "--only", "unknown-model", "--only", "stream")


@pytest.fixture
def conformance(xai_in_process):
    def run(*arguments, **env):
        return xai_in_process("conformance", *arguments, **env)

    return run


def live(server, *arguments):
    return ("--live", "--yes", "--host", server.target, *arguments)


def differing(result):
    checks = json.loads(result.out)["checks"]
    return {check["check"]: check["differences"] for check in checks if check["differences"]}


def test_each_check_has_its_expected_status_at_the_fake_server(conformance):
    result = conformance("--json")
    report = json.loads(result.out)
    outcomes = {check["check"]: check["fake"]["status"] for check in report["checks"]}
    assert outcomes == {check.name: check.expected for check in CHECKS}
    assert result.code == 0
    assert len(outcomes) >= 40
    assert report["host"] is None
    assert "live" not in report["checks"][0]


def test_the_script_covers_what_is_uncertain():
    assert len(set(NAMES)) == len(NAMES)
    assert all(check.question.endswith("?") for check in CHECKS)


def test_a_fake_server_in_front_of_an_upstream_does_not_differ(conformance, server):
    with FakeServer(upstream=server.target, upstream_key=server.api_key) as front:
        result = conformance(*live(front), XAI_API_KEY=front.api_key)
        answered = front.calls.where(method="GetCompletion", status="OK")
        assert len(answered) > 20
        assert all(call.passed_on for call in answered)
    assert result.code == 0, result.out
    assert f"{len(CHECKS)} of {len(CHECKS)} checks have no differences." in result.out
    assert "They cost from $" in result.err


def test_differences_are_named(conformance, tmp_path):
    with FakeServer(
        api_key="xai-0123456789-real-key",
        unused="allow",
        image_formats=("JPEG", "PNG", "WEBP"),
        tile_tokens=300,
        stored_images="refuse",
        max_stop=8,
    ) as real:
        file = tmp_path / "report.json"
        only = [
            part
            for name in ("jpeg", "webp", "chaining", "five-stops", "one-token")
            for part in ("--only", name)
        ]
        result = conformance(
            *live(real, "--json", "--output", str(file), *only), XAI_API_KEY=real.api_key
        )
    assert result.code == 1
    differences = differing(result)
    assert differences["jpeg"] == ["usage.prompt_image_tokens"]
    assert {"status", "details"} <= set(differences["webp"])
    assert "first" in differences["chaining"]
    assert "status" in differences["five-stops"]
    assert "one-token" not in differences
    assert json.loads(file.read_text()) == json.loads(result.out)
    assert real.api_key not in file.read_text()


def test_the_table_has_a_row_for_each_difference(conformance):
    with FakeServer(unused="allow", tile_tokens=300) as real:
        result = conformance(*live(real, "--only", "jpeg"), XAI_API_KEY=real.api_key)
    row = next(line for line in result.out.splitlines() if "jpeg" in line)
    assert re.split(r"\s{2,}", row.strip())[-2:] == ["1280", "1500"]
    assert "0 of 1 checks have no differences." in result.out


def test_a_rate_limit_is_waited_for(conformance, server):
    server.fault(Fault.rate_limited(0), next=2, method="GetCompletion")
    result = conformance(*live(server, *FEW))
    assert result.code == 0, result.out


def test_a_file_that_cannot_be_written_is_an_error_before_calls(conformance, server, tmp_path):
    result = conformance(*live(server, "--output", str(tmp_path / "none" / "report.json"), *FEW))
    assert result.code == 2
    assert "--output: there is no folder" in result.err
    assert not server.calls


def test_nothing_is_paid_for_without_consent(conformance, server, monkeypatch):
    arguments = ("--live", "--host", server.target, *FEW)
    result = conformance(*arguments)
    assert result.code == 2
    assert "pass --yes to make them" in result.err
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda text, **_: "calls" not in text)
    assert conformance(*arguments).code == 1
    assert [call.method for call in server.calls] == ["GetLanguageModel"] * 2
    monkeypatch.setattr(click, "confirm", lambda text, **_: True)
    assert conformance(*arguments).code == 0


@pytest.mark.parametrize(
    ("arguments", "env", "code", "words"),
    [
        ([], {"XAI_API_KEY": "xai-wrong-key"}, 4, "Incorrect API key"),
        ([], {"XAI_API_KEY": ""}, 4, "set the environment variable XAI_API_KEY"),
        (["--model", "grok-no-such"], {}, 7, "grok-no-such"),
        (["--fake"], {}, 2, "exclude each other"),
        (["--only", "jpg"], {}, 2, "there is no check 'jpg'"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_script_that_cannot_run_says_why(conformance, server, arguments, env, code, words):
    result = conformance(*live(server, *arguments), **env)
    assert result.code == code
    assert words in result.err.replace("\n", " ")
    assert not server.calls.where(method="GetCompletion")


def test_a_service_that_does_not_run(conformance):
    result = conformance("--live", "--yes", "--host", "localhost:1", *FEW)
    assert result.code == 6
    assert "UNAVAILABLE" in result.err


def test_the_checks_are_listed(conformance, server):
    result = conformance("--list")
    assert [line.split()[0] for line in result.out.splitlines()] == NAMES
    assert not server.calls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Incorrect API key provided: xa***ey.", "Incorrect API key provided: ***."),
        ("key xai-abcdef0123 of ann@example.com", "key *** of ***"),
        ("response 12345678-1234-4234-8234-123456789abc", "response ***"),
        ("Your team team-0123456789 has no credits", "Your *** has no credits"),
        ("Your team exceeded its limit", "Your team exceeded its limit"),
        ("The xai-sdk is fine", "The xai-sdk is fine"),
    ],
)
def test_what_belongs_to_an_account_is_left_out(text, expected):
    assert without_private({"details": [text]}) == {"details": [expected]}


@given(st.integers(0, 200_000))
def test_a_padded_image_has_its_size_and_its_pixels(extra):
    jpeg = make_image(8, 8)
    # Less than a comment's head cannot be added.
    size = len(jpeg) + (extra if extra > 3 else 4)
    data = padded(jpeg, size)
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as image, Image.open(io.BytesIO(jpeg)) as original:
        assert image.tobytes() == original.tobytes()
