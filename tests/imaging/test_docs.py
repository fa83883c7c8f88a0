"""The code in docs/images.md runs, and the images it shows exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.blocks import blocks
from xai_vision import imaging as images

PAGE = Path(__file__).parents[2] / "docs" / "images.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_code_runs(tmp_path, monkeypatch):
    pytest.importorskip("xai_vision.chat")
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "docs"}
    code_blocks = blocks(PAGE)
    assert code_blocks
    for block in code_blocks:
        source = "\n" * (block.line - 1) + block.code
        exec(compile(source, str(PAGE), "exec", dont_inherit=True), namespace)


def test_the_images_exist():
    for name in re.findall(r"\]\((img/[^)]+)\)", TEXT):
        assert (PAGE.parent / name).stat().st_size < 12_000


def test_every_error_is_listed():
    for name in images.__all__:
        if name.endswith("Error") and name != "ImageError":
            assert f"`{name}`" in TEXT
