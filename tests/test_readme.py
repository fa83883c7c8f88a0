"""The README's code runs, and CI runs its commands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

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
    code_blocks = blocks(README)
    assert len(code_blocks) >= 3
    namespace: dict[str, Any] = {}
    for block in code_blocks:
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
    with server.tenant() as tenant:
        monkeypatch.setenv("XAI_API_KEY", tenant.api_key)
        namespace["test_greeting"](tenant)


def test_links_resolve():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert len(links) >= 8
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("block", blocks(README, "sh"), ids=lambda block: f"line{block.line}")
def test_ci_runs_the_commands(block):
    script = (ROOT / ".ci" / "run").read_text()
    for command in block.code.split("\n"):
        if command:
            assert command in script
            assert os.access(ROOT / command.split()[0], os.X_OK)
