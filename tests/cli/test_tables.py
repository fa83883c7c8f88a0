from __future__ import annotations

import json
import os
from importlib.util import find_spec

import pytest
from PIL import Image

from tests import sample_images


def test_inspect(xai_in_process, server, folder):
    exif = Image.Exif()
    exif[0x8825] = {
        1: "N",
        2: (59.0, 54.0, 50.0),
    }  # Older versions of Pillow can save this form, too.
    exif[0x010F] = "Camera maker"
    exif[0x0112] = 6
    Image.new("RGB", (320, 240)).save("private.jpg", exif=exif, comment=b"mine")
    result = xai_in_process("inspect", "private.jpg", "photo.webp", "notes.txt", "nowhere.png")
    assert result.code == 3
    assert "location (GPS), camera, comment" in result.out
    assert "stored on its side" in result.out
    assert "converted from WEBP" in result.out
    assert "$0.0038" in result.out
    assert "with grok-4-0709" in result.out
    assert "refused: unrecognized image data" in result.out
    assert "No such file" in result.out
    assert [call.method for call in server.calls] == ["GetLanguageModel"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_inspect_rejects_pipes_and_devices(xai_in_process, folder):
    os.mkfifo("pipe.png")
    result = xai_in_process("inspect", "pipe.png", "/dev/zero", ".")
    assert result.code == 3
    assert result.out.count("is a pipe or a device, not a regular file") == 2
    assert "is a directory; name one image in it" in result.out


def test_inspect_json(xai_in_process):
    result = xai_in_process("inspect", "photo.jpg", "photo.webp", "--json")
    first, second = json.loads(result.out)
    assert (first["format"], first["size"], first["status"]) == (
        "JPEG",
        [640, 480],
        "OK, sent unchanged",
    )
    assert first["sent"]["bytes"] == first["bytes"]
    assert second["sent"]["format"] == "PNG"
    assert second["price_usd"]["low"] == pytest.approx(256 * 3e-6)
    assert result.err == ""


def test_inspect_options(xai_in_process):
    result = xai_in_process(
        "inspect", "photo-private.jpg", "--strip-metadata", "--max-side", "100", "--json"
    )
    (report,) = json.loads(result.out)
    assert max(report["sent"]["size"]) == 100
    assert report["metadata"]


def test_inspect_orientation_and_mode(xai_in_process, folder):
    (folder / "sideways.jpg").write_bytes(sample_images.rotated_jpeg(6))
    Image.new("CMYK", (20, 10), "red").save(folder / "print.jpg")
    command = ("inspect", "sideways.jpg", "print.jpg", "--json")

    def sent(*options):
        reports = json.loads(xai_in_process(*command, *options).out)
        return [(report["status"], report["sent"]["lossless"]) for report in reports]

    unchanged = ("OK, sent unchanged", True)
    assert sent() == [unchanged, unchanged]
    (status, lossless), other = sent("--upright")
    assert "applied EXIF orientation 6" in status
    assert lossless is (find_spec("jpeglib") is not None)  # the extra "lossless"
    assert other == unchanged
    (status, lossless), other = sent("--ignore-orientation")
    assert "EXIF orientation 6 ignored" in status
    assert lossless
    assert other == unchanged
    other, (status, lossless) = sent("--rgb")
    assert "colors converted from CMYK to RGB" in status
    assert not lossless
    assert other == unchanged


@pytest.mark.parametrize("option", ["--upright", "--ignore-orientation", "--rgb"])
def test_a_url_cannot_be_turned(xai_in_process, server, option):
    result = xai_in_process("ask", "What?", "https://example.com/a.jpg", option)
    assert result.code == 3
    assert f"{option} is not supported for a URL" in result.err
    assert not server.calls


def test_the_server_gets_the_upright_image(xai_in_process, server, folder):
    (folder / "sideways.jpg").write_bytes(sample_images.rotated_jpeg(6))
    result = xai_in_process("ask", "What?", "sideways.jpg", "--upright")
    assert result.code == 0, result.err
    received = server.calls.last.images[0]
    assert (received.width, received.height) == (48, 32)


def test_offline_makes_no_calls(xai_in_process, server):
    result = xai_in_process("inspect", "photo.jpg", "--offline")
    assert result.code == 0
    assert "unknown" in result.out
    assert not server.calls


def test_without_a_key(xai_without_key):
    result = xai_without_key("inspect", "photo.jpg")
    assert result.code == 0
    assert "640x480" in result.out
    assert "XAI_API_KEY is not set" in result.err


def test_estimate(xai_in_process):
    result = xai_in_process("estimate", "What is this?", "photo.jpg", "chart.png")
    assert result.code == 0
    assert "2,048 of them for 2 images" in result.out
    assert "$0.0062" in result.out
    output = json.loads(
        xai_in_process("estimate", "What?", "photo.jpg", "--detail", "low", "--json").out
    )
    assert output["image_tokens"] == {"low": 256, "likely": 256, "high": 512}
    assert output["price_usd"]["likely"] == pytest.approx((output["tokens"]["likely"]) * 3e-6)


def test_models(xai_in_process):
    result = xai_in_process("models")
    assert "grok-4-0709" in result.out
    assert "grok-3" in result.out
    output = json.loads(xai_in_process("models", "--images", "--json").out)
    assert all(model["images"] for model in output)
    assert output[0]["usd_per_million_tokens"]["text"] == 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(xai_in_process, shell):
    result = xai_in_process("completion", shell)
    assert result.code == 0
    assert "_XAI_VISION_COMPLETE" in result.out


def test_the_command_imports_lazily(xai_without_key):
    import subprocess
    import sys

    program = (
        "import sys; from xai_vision._cli.app import run; run(['ask', '--help']);"
        "print([m for m in ('grpc', 'rich', 'PIL', 'yaml', 'asyncio') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_chat_with_prompts_from_a_file(xai, server):
    """Without a terminal chat shows no prompt, and the exit code reports failures."""
    result = xai("chat", "photo.jpg", stdin=b"What is it?\n/add chart.png\nAnd this?\n/cost\n")
    assert result.code == 0
    assert "you>" not in result.out
    assert "2 images" in result.out
    assert [len(call.images) for call in server.calls] == [1, 2]
    result = xai("chat", stdin=b"/add notes.txt\nHello\n/bogus\n/quit\n")
    assert result.code == 3
    assert "no command /bogus" in result.err
