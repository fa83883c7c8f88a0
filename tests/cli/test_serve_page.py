"""The commands on docs/serve.md work, and its tables are complete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tests.blocks import blocks
from tests.cli.conftest import stop
from xai_vision._cli.commands.serve import command

PAGE = Path(__file__).parents[2] / "docs" / "serve.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_option_is_in_the_table():
    rows = re.findall(r"^\| (`--.+?) \| `(XAI_VISION_SERVE_\w+)`", TEXT, re.MULTILINE)
    documented = {name for options, _ in rows for name in re.findall(r"--[\w-]+", options)}
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert documented == {name for one in options for name in one.opts}
    for names, variable in rows:
        assert variable.lower().endswith(re.findall(r"--([\w-]+)", names)[0].replace("-", "_"))


def test_every_endpoint_is_in_the_table():
    endpoints = pytest.importorskip("xai_vision.testing._admin.endpoints")
    documented = set(re.findall(r"^\| `((?:GET|POST|DELETE) /__admin/.+?)`", TEXT, re.MULTILINE))
    assert documented == {f"{one.method} /__admin{one.path}" for one in endpoints.ENDPOINTS}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_curl_command_works(serve):
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    secrets = ("--key", "our-key", "--admin-token", "our-token")
    process, ready = serve("--http-port", "0", *secrets, "--json")
    address = ready["http"].removesuffix("/v1")
    commands = [block.code for block in blocks(PAGE, "sh") if block.code.startswith("curl")]
    results = []
    for block in commands:
        for line in re.split(r"\n(?=curl)", block):
            script = line.replace("http://127.0.0.1:8080", address).replace("curl -s", "curl -sSf")
            done = subprocess.run(
                ["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, (line, done.stdout, done.stderr)
            results.append(json.loads(done.stdout))
    assert len(results) == 9
    assert [len(results[1][kind]) for kind in ("rules", "faults")] == [2, 1]
    assert [results[n]["count"] for n in (2, 3)] == [1, 1]
    assert "was to answer 1 call" in results[4]["problems"][0]
    assert results[6]["name"] == "worker-1"
    assert results[8] == {"deleted": "worker-1", "ok": True, "problems": []}
    assert stop(process)[0] == 0
