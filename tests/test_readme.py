"""The README's code runs, and CI runs its commands."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.blocks import blocks, execute, fill_urls, pointed_at
from tests.conftest import SEED_URLS
from tests.sample_images import sample

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def test_python_blocks(server, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("XAI_API_KEY", server.api_key)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.webp").write_bytes(sample("photo.webp"))
    fill_urls(server, SEED_URLS)
    found = blocks(README)
    assert len(found) >= 3
    namespace: dict[str, object] = {}
    for block in found:
        code = (
            pointed_at(block.code, server.target) if "FakeServer" not in block.code else block.code
        )
        execute(code, f"README.md:{block.line}", namespace)
    printed = capsys.readouterr().out
    assert "JPEG" in printed
    assert "1x1" in printed
    assert "photo.webp" in printed
    assert len(server.calls) == 4
    assert server.calls.last.images[0].format == "PNG"


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert len(links) >= 8
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("block", blocks(README, "sh"), ids=lambda block: f"line{block.line}")
def test_commands_are_those_of_ci(block):
    gate = (ROOT / ".ci" / "run").read_text()
    for command in block.code.split("\n"):
        if command:
            assert command in gate
            assert os.access(ROOT / command.split()[0], os.X_OK)
