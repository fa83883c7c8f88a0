"""The documentation's code runs, its commands work, and its links resolve."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests import sample_images
from tests.blocks import blocks, fill_urls, pointed_at
from tests.conftest import SEED_URLS
from tests.imaging.pages.pdf_files import Page, pdf

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# The packages of these pages test them. test_processes.py tests processes.md.
ELSEWHERE = {"images.md", "processes.md", "testing.md"}
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.name not in ELSEWHERE)
WITH_CODE = [page for page in PAGES if blocks(page)]


def relative_name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


@pytest.fixture
def desk(tmp_path, monkeypatch, server):
    """Provide the key, files and URLs that the pages assume."""
    monkeypatch.setenv("XAI_API_KEY", server.api_key)
    monkeypatch.setenv("XAI_MANAGEMENT_KEY", server.management_key)
    # Jobs of bulk.md create their clients themselves.
    monkeypatch.setenv("XAI_API_HOST", server.target)
    # The pages wait with the clients' long intervals.
    server.batches(ready_after=0)
    server.videos(ready_after_polls=0)
    server.indexing(ready_after=0)
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "chart.png", "scan.jpg"):
        (tmp_path / name).write_bytes(sample_images.sample(name))
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "photos").mkdir()
    for name in ("photo.jpg", "scan.jpg"):
        (tmp_path / "photos" / name).write_bytes(sample_images.sample(name))
    fill_urls(server, SEED_URLS)
    level = logging.getLogger("xai_vision").level
    yield tmp_path
    logging.getLogger("xai_vision").setLevel(level)


@pytest.mark.parametrize("page", WITH_CODE, ids=relative_name)
def test_code_runs(page, desk, server, capsys):
    code_blocks = blocks(page)
    if any("pydantic" in block.code for block in code_blocks):
        pytest.importorskip("pydantic")
    if any("from xai_sdk" in block.code for block in code_blocks):
        pytest.importorskip("xai_sdk")
    if any("from openai" in block.code for block in code_blocks):
        pytest.importorskip("openai")
        pytest.importorskip("starlette")
    if any("tls=True" in block.code for block in code_blocks):
        pytest.importorskip("trustme")
    namespace: dict[str, Any] = {"__name__": "docs"}
    for block in code_blocks:
        if "FakeServer(" in block.code or block.code.startswith("from xai_sdk"):
            code = block.code
        else:
            code = pointed_at(block.code, server.target)
        # Compiled as a separate program, without this file's __future__ import.
        source = "\n" * (block.line - 1) + code
        exec(compile(source, relative_name(page), "exec", dont_inherit=True), namespace)
    for name, function in list(namespace.items()):
        if name.startswith("test_"):
            with server.tenant() as tenant:
                function(tenant)
    assert capsys.readouterr().out.strip()
    for value in namespace.values():
        if type(value).__name__ == "Client":
            value.close()


def test_pages_with_code_are_found():
    assert {"quickstart.md", "conversations.md", "tools.md", "structured.md", "async.md"} <= {
        relative_name(page) for page in WITH_CODE
    }


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in DOCS.rglob("*.md"):
        assert f"- {relative_name(page)}\n" in navigation


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=relative_name)
def test_links_resolve(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).is_file(), target


def test_examples_shown_exist():
    shown = re.findall(r'--8<-- "([^"]+)"', (DOCS / "examples.md").read_text())
    assert len(shown) >= 9
    for name in shown:
        assert (ROOT / name).is_file()


# --- the command line ---


@pytest.fixture
def cli():
    for needed in ("click", "rich", "yaml"):
        pytest.importorskip(needed)
    from xai_vision._cli import exit_codes as exits

    return exits


def test_exit_codes_are_those_of_the_command(cli):
    text = (DOCS / "cli.md").read_text()
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE))
    assert table == {str(int(code)): text for code, text in cli.MEANINGS.items()}


def test_rules_shown_are_valid(cli, desk):
    from xai_vision.testing._rule_files.rule_file import check

    shown = blocks(DOCS / "cli.md", "yaml")
    assert len(shown) >= 2
    for block in shown:
        (desk / "rules.yaml").write_text(block.code)
        rule_file, errors = check(desk / "rules.yaml")
        assert (errors, rule_file.hints) == ([], [])


def test_screens_can_be_drawn(cli, tmp_path):
    script = (
        "import runpy, sys\n"
        "from pathlib import Path\n"
        f"screens = runpy.run_path({str(DOCS / 'screens.py')!r})\n"
        f"screens['main'].__globals__['IMAGES'] = Path({str(tmp_path)!r})\n"
        "screens['main']()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    for name, words in (("help", "batches"), ("inspect", "refused"), ("batch", "554/1000")):
        assert words in (tmp_path / f"{name}.svg").read_text("utf-8"), name


def test_screens_show_the_current_command(cli):
    screen = (DOCS / "img" / "help.svg").read_text()
    from xai_vision._cli.app import COMMANDS

    for name in COMMANDS:
        assert f"&#160;{name}&#160;" in screen
    for name in ("help", "inspect", "batch"):
        assert "http" not in (DOCS / "img" / f"{name}.svg").read_text().replace(
            "http://www.w3.org/2000/svg", ""
        ).replace("https://www.textualize.io", "")


@pytest.mark.slow
def test_commands_work(cli, desk, server, tmp_path):
    """Run every line of the page's shell blocks in a shell."""
    script = tmp_path / "bin" / "xai-vision"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m xai_vision "$@"\n')
    script.chmod(0o755)
    for name in ("before.jpg", "product.jpg", "receipt.jpg", "photos/a.jpg", "photos/b.jpg"):
        (desk / name).write_bytes(sample_images.sample("photo.jpg"))
    (desk / "scan.png").write_bytes(sample_images.sample("chart.png"))
    (desk / "report.pdf").write_bytes(pdf([Page()] * 7))
    (desk / "receipt.json").write_text('{"type": "object", "properties": {}}')
    (desk / "rules.yaml").write_text("rules: [{reply: Hello}]")
    (desk / ".config/fish/completions").mkdir(parents=True)
    server.urls["https://example.com/after.jpg"] = sample_images.sample("photo.jpg")
    env = {
        **os.environ,
        "PATH": f"{script.parent}:{os.environ['PATH']}",
        "HOME": str(desk),
        "XDG_STATE_HOME": str(desk / "state"),
        "XAI_API_KEY": server.api_key,
        "XAI_VISION_HOST": server.target,
    }
    skipped = ("pip ", "export ", "xai-vision serve", "XAI_API_KEY=")
    ran = 0
    for block in blocks(DOCS / "cli.md", "sh"):
        # A variable is known in its block only.
        lines = [block.code] if "=$(" in block.code else block.code.splitlines()
        for line in lines:
            if not line or line.startswith(skipped) or "completion zsh" in line:
                continue
            result = subprocess.run(
                ["bash", "-e", "-c", line], env=env, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, f"{line}\n{result.stderr}"
            ran += 1
    assert ran >= 14


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mkdocs") is None, reason="the group docs is not installed")
def test_builds(tmp_path):
    """Build strictly: a broken link, anchor or reference fails."""
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "prepare_image" in (tmp_path / "api" / "imaging" / "index.html").read_text()
    assert "retry_after" in (tmp_path / "api" / "errors" / "index.html").read_text()


def test_contributing_names_existing_steps_and_files():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "test"), "--list"],
        capture_output=True,
        text=True,
        check=True,
    )
    steps = set(result.stdout.split())
    for named_steps in re.findall(r"scripts/test ([a-z][a-z ]*)", text):
        assert set(named_steps.split()) <= steps, named_steps
    for path in re.findall(r"\b((?:scripts|docs|tests)/[\w/.]+)", text):
        assert (ROOT / path.rstrip(".")).exists(), path
