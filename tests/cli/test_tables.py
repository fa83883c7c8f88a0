from __future__ import annotations

import json
import os

import pytest
from PIL import Image

from xai_vision import __version__


def test_inspect(here, server, folder):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (59.0, 54.0, 50.0)}  # this way older Pillows save it too
    exif[0x010F] = "Camera maker"
    exif[0x0112] = 6
    Image.new("RGB", (320, 240)).save("private.jpg", exif=exif, comment=b"mine")
    done = here("inspect", "private.jpg", "photo.webp", "notes.txt", "nowhere.png")
    assert done.code == 3
    assert "location (GPS), camera, comment" in done.out
    assert "stored on its side" in done.out
    assert "converted from WEBP" in done.out
    assert "$0.0038" in done.out
    assert "with grok-4-0709" in done.out
    assert "refused: unrecognized image data" in done.out
    assert "No such file" in done.out
    assert [call.method for call in server.calls] == ["GetLanguageModel"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_inspect_begins_nothing_without_an_end(here, folder):
    os.mkfifo("pipe.png")
    done = here("inspect", "pipe.png", "/dev/zero", ".")
    assert done.code == 3
    assert done.out.count("is a pipe or a device, not a regular file") == 2
    assert "is a directory; name one image in it" in done.out


def test_inspect_for_programs(here):
    done = here("inspect", "photo.jpg", "photo.webp", "--json")
    first, second = json.loads(done.out)
    assert (first["format"], first["size"], first["status"]) == (
        "JPEG",
        [640, 480],
        "OK, sent unchanged",
    )
    assert first["sent"]["bytes"] == first["bytes"]
    assert second["sent"]["format"] == "PNG"
    assert second["price_usd"]["low"] == pytest.approx(256 * 3e-6)
    assert done.err == ""


def test_inspect_what_options_do(here):
    done = here("inspect", "photo-private.jpg", "--strip-metadata", "--max-side", "100", "--json")
    (told,) = json.loads(done.out)
    assert max(told["sent"]["size"]) == 100
    assert told["metadata"]


def test_nobody_is_asked_offline(here, server):
    done = here("inspect", "photo.jpg", "--offline")
    assert done.code == 0
    assert "unknown" in done.out
    assert not server.calls


def test_without_a_key(alone):
    done = alone("inspect", "photo.jpg")
    assert done.code == 0
    assert "640x480" in done.out
    assert "XAI_API_KEY is not set" in done.err


def test_estimate(here):
    done = here("estimate", "What is this?", "photo.jpg", "chart.png")
    assert done.code == 0
    assert "2,048 of them for 2 images" in done.out
    assert "$0.0062" in done.out
    told = json.loads(here("estimate", "What?", "photo.jpg", "--detail", "low", "--json").out)
    assert told["image_tokens"] == {"low": 256, "likely": 256, "high": 512}
    assert told["price_usd"]["likely"] == pytest.approx((told["tokens"]["likely"]) * 3e-6)


def test_models(here):
    done = here("models")
    assert "grok-4-0709" in done.out
    assert "grok-3" in done.out
    told = json.loads(here("models", "--images", "--json").out)
    assert all(model["images"] for model in told)
    assert told[0]["usd_per_million_tokens"]["text"] == 3


@pytest.mark.parametrize(
    "command",
    ["ask", "chat", "batch", "inspect", "estimate", "models", "serve", "rules", "completion"],
)
def test_help(here, command):
    done = here(command, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: xai-vision {command}")
    if command != "rules":
        assert "130" in done.out


def test_options_from_the_environment(here, server):
    assert here("ask", "What?", "photo.jpg", XAI_VISION_ASK_DETAIL="low").code == 0
    assert server.calls.last.images[0].detail == "low"


def test_version(alone):
    assert alone("--version").out == f"xai-vision, version {__version__}\n"


def test_unknown_command(here):
    done = here("askk")
    assert done.code == 2
    assert "askk" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(here, shell):
    done = here("completion", shell)
    assert done.code == 0
    assert "_XAI_VISION_COMPLETE" in done.out


def test_starts_without_what_it_does_not_need(alone):
    import subprocess
    import sys

    program = (
        "import sys; from xai_vision._cli.app import run; run(['ask', '--help']);"
        "print([m for m in ('grpc', 'rich', 'PIL', 'yaml', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_questions_from_a_file(xai, server):
    """A conversation without a terminal: no prompts, and the code tells of failures."""
    done = xai("chat", "photo.jpg", stdin=b"What is it?\n/add chart.png\nAnd this?\n/cost\n")
    assert done.code == 0
    assert "you>" not in done.out
    assert "2 images" in done.out
    assert [len(call.images) for call in server.calls] == [1, 2]
    done = xai("chat", stdin=b"/add notes.txt\nHello\n/bogus\n/quit\n")
    assert done.code == 3
    assert "no command /bogus" in done.err
