"""Run every program in examples/ against the fake server."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests import sample_images

EXAMPLES = Path(__file__).parents[2] / "examples"
# Programs with a separate test, the one that scripts/demo runs, and modules.
OTHERS = {"web_service", "demo", "images", "drawings", "connecting"}

EXPECTED = {
    "visual_qa": ["> Which colors stand out?", "JPEG, 640x480", "1280 tokens for the image"],
    "receipt": ["item 01", "12.50 EUR", "adds up"],
    "chart": ["label,value,certain", "Wed,78.0,True"],
    "locate": ["sun: (448, 72, 532, 154) in photo.jpg, saved as sun.png (84, 82)", "(512, 384)"],
    "document": ["scan.pdf, page 1 (PNG, ", "scan.pdf, page 2 ("],
    "compare": ["photo.jpg (JPEG, 640x480", "Image 3: PNG", "actual:"],
    "product_search": ["view_image", "39 EUR", "https://example.com/lamp.jpg", "VIEW_IMAGE 1x"],
    "uploads": ["> Which colors stand out?", "35,639 bytes", "bytes sent)", "deleted: True"],
    "batch_captions": ["0 of 2 are done", "2 of 2 are done", "photo.jpg: ", "chart.png: "],
    "photo_index": ["photo.jpg: ", "3 rows answered", "a second run found 3 of 3"],
    "generation": ["lighthouse.jpg: ", "0.02 USD", "3 s of video: http"],
    "manuals": ["pressure of 5 bar", "The lamp needs 12 volts"],
    "chained": ["from an earlier turn", "after deleting: Response not found"],
}


@pytest.fixture
def program(monkeypatch, capsys, tmp_path):
    """Run an example in this process, as ``python examples/NAME.py --fake`` would."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_every_example_has_a_test():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(EXPECTED) | OTHERS


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.stem)
def test_size(path):
    if path.stem not in OTHERS - {"web_service", "connecting"}:
        assert len(path.read_text().splitlines()) <= 80


@pytest.mark.parametrize("name", EXPECTED)
def test_program(program, name):
    if name in ("receipt", "chart", "locate"):
        pytest.importorskip("pydantic")
    if name == "document":
        pytest.importorskip("pypdfium2")
    output = program(name, "--fake")
    for text in EXPECTED[name]:
        assert text in output


def test_missing_key(program):
    with pytest.raises(SystemExit, match="XAI_API_KEY"):
        program("compare")


def test_own_images(program, tmp_path):
    (tmp_path / "own.png").write_bytes(sample_images.png(320, 200))
    assert "PNG, 320x200" in program("visual_qa", str(tmp_path / "own.png"), "--fake")


@pytest.fixture
def web():
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "web_service.py"), "--fake", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process.stdout.readline().strip()
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err


def test_web_service(web):
    def post(data: bytes) -> str:
        question = urllib.parse.urlencode({"question": "What is this?"})
        with urllib.request.urlopen(f"{web}/describe?{question}", data, timeout=60) as reply:
            return reply.read().decode()

    assert "JPEG, 640x480" in post(sample_images.jpeg())
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(b"not an image")
    assert caught.value.code == 415
    assert "upload" in caught.value.read().decode()
    caught.value.close()


@pytest.mark.slow
def test_parcel_desk(tmp_path):
    """Run the service and its tests."""
    pytest.importorskip("pydantic")
    folder = EXAMPLES / "parcel_desk"
    (tmp_path / "parcel.jpg").write_bytes(sample_images.jpeg())
    result = subprocess.run(
        [sys.executable, str(folder / "parcel_desk.py"), str(tmp_path / "parcel.jpg"), "--fake"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "parcel.jpg: fine (reply of a fake server, not of Grok)\n"
    check_suite("parcel_desk", 6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count", "packages"),
    [
        ("caption_api", 8, ("fastapi", "httpx")),
        ("stock_agent", 5, ("xai_sdk",)),
        ("label_reader", 7, ("openai", "starlette", "uvicorn")),
    ],
)
def test_programs_with_tests(name, count, packages):
    for package in packages:
        pytest.importorskip(package)
    check_suite(name, count)


def check_suite(name: str, count: int) -> None:
    """Run the tests in an example's directory, as its reader would."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        check=False,
    )
    assert f"{count} passed" in result.stdout, result.stdout
