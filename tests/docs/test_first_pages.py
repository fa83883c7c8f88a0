"""The home page and the quick start: what a newcomer types, and what comes out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blocks import blocks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INSTALL = re.compile(r"^pip install .*", re.MULTILINE)


def run(program: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XAI_")}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_home_page_prints_what_it_shows(tmp_path):
    """Run the program about the photo beside it, offline and without a key."""
    page = DOCS / "index.md"
    (program,) = blocks(page)
    shutil.copy(DOCS / "img" / "photo.jpg", tmp_path)
    result = run(program.code, tmp_path)
    assert result.returncode == 0, result.stderr
    (shown,) = re.findall(r'^```text title="Output"\n(.*?)^```', page.read_text(), re.M | re.S)
    assert result.stdout == shown


def test_quick_start_runs_against_the_server_that_it_starts(tmp_path):
    """Start the server with the command of the page, then run its programs as they are printed."""
    pytest.importorskip("click")
    page = DOCS / "quickstart.md"
    install, serve, export = blocks(page, "sh")
    assert install.code == "pip install '.[all]'\n"
    command = serve.code.replace("xai-vision", f"{sys.executable} -m xai_vision", 1).split()
    settings = dict(pair.split("=") for pair in export.code.split()[1:])
    assert f"--key {settings['XAI_API_KEY']}" in serve.code
    assert settings["XAI_API_HOST"] == "localhost:" + command[command.index("--port") + 1]
    # The port of the page may be in use on this machine.
    command[command.index("--port") + 1] = "0"
    shutil.copy(DOCS / "img" / "photo.jpg", tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if found := re.search(r"gRPC +(\S+)", line):
                    break
            else:
                pytest.fail("the server printed no address")
            program = "\n".join(block.code for block in blocks(page))
            result = run(program, tmp_path, **{**settings, "XAI_API_HOST": found[1]})
        finally:
            server.terminate()
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("640x480") >= 3


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda p: p.name
)
def test_no_page_begins_with_an_install_line_that_fails(page):
    """Until the package is on the index, the first command installs from a clone."""
    commands = INSTALL.findall("\n".join(block.code for block in blocks(page, "sh")))
    if commands:
        assert re.match(r"pip install '?\.(\[|$)", commands[0]), commands[0]


def test_the_quick_start_lists_all_extras():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    section = project.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    extras = dict(re.findall(r"^([a-z-]+) = (.*)$", section, re.MULTILINE))
    assert len(extras) > 15
    table = (DOCS / "quickstart.md").read_text("utf-8").partition("## Extras")[2]
    rows = {row.split("|")[1]: row for row in table.splitlines() if row.startswith("| `")}
    assert set(extras) <= set(re.findall("`([a-z-]+)`", table))
    included = set(re.findall("[a-z-]+", extras["all"].partition('"xai-vision[')[2]))
    left_out = set(extras) - included - {"all"}
    assert set(re.findall("`([a-z-]+)`", rows[" `all` "].split("|")[2])) == left_out


def test_the_home_page_leads_to_every_page():
    linked = set(re.findall(r"\]\(([a-z]+\.md)", (DOCS / "index.md").read_text("utf-8")))
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} == linked
