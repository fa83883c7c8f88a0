"""The programs with the option --eyes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.blocks import blocks
from tests.testing.eyes.test_reading import encoded, label
from xai_vision import Client
from xai_vision.chat import image, user

ROOT = Path(__file__).parents[3]


def test_serve():
    command = [sys.executable, "-m", "xai_vision", "serve", "--eyes", "--key", "our-key", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline())
            with Client("our-key", api_host=ready["grpc"]) as client:
                prompt = user("Read this.", image(encoded(label("Order 4711"))))
                response = client.chat.create("grok-4", messages=[prompt]).sample()
            assert response.content.endswith("\nText of image 1:\nOrder 4711")
        finally:
            process.terminate()
        process.wait(60)


def test_demo():
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py", "--eyes"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "the text that rapidocr reads" in result.stdout
    assert "Parcels per day" in result.stdout
    assert "RECEIPT No. 1000 item 00 0.00 EUR" in result.stdout


def test_the_page(capsys):
    page = ROOT / "docs" / "testing.md"
    (block,) = (block for block in blocks(page) if "eyes=True" in block.code)
    exec(compile(block.code, "testing.md", "exec", dont_inherit=True), {"__name__": "docs"})
    shown = f"```text\n{capsys.readouterr().out}```"
    assert without_sizes(shown) in without_sizes(page.read_text())


def without_sizes(text):
    """Return a text without sizes of files, which depend on the version of Pillow."""
    return re.sub(r"[\d,]+ bytes", "some bytes", text)
