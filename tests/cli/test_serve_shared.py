"""One `serve` process for several clients at the same time: two pytest workers, and curl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.cli.conftest import environment, stop

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("xdist")

TOKEN = "token-of-the-admin"

# Each test is a client of its own: its replies and its log are its own too.
WORKER_TESTS = """
import json, os, urllib.request
import pytest
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.errors import APIError

ADMIN, TOKEN = os.environ["ADMIN_URL"], os.environ["ADMIN_TOKEN"]

def admin(verb, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        ADMIN + path, data, {"Authorization": "Bearer " + TOKEN}, method=verb)
    with urllib.request.urlopen(request, timeout=120) as reply:
        return json.load(reply)

@pytest.fixture
def tenant():
    created = admin("POST", "/tenants", {"settings": {"unused": "error"}})
    yield created
    assert admin("DELETE", "/tenants/" + created["name"])["problems"] == []

@pytest.mark.parametrize("number", range(12))
def test_own_replies(tenant, number, worker_id):
    texts = [f"{worker_id} {number} {index}" for index in range(3)]
    query = "?tenant=" + tenant["name"]
    admin("POST", "/rules" + query, [{"replies": texts, "times": 3}])
    with Client(tenant["api_key"], api_host=tenant["grpc"]) as client:
        def ask():
            return client.chat.create("grok-4", messages=[user(f"{number}")]).sample().content
        assert [ask() for _ in range(3)] == texts
        calls = admin("GET", "/calls" + query)
        assert [call["prompt"] for call in calls["calls"]] == [str(number)] * 3
        assert admin("GET", "/problems" + query)["ok"]
        admin("POST", "/reset" + query)
        assert admin("GET", "/calls" + query)["count"] == 0
        admin("POST", "/rules" + query, {"faults": [{"fault": "internal", "next": 1}]})
        with pytest.raises(APIError):
            client.chat.create("grok-4", messages=[user("x")]).sample(retries=0)
"""


def fetch(verb: str, url: str, token: str, body: Any = None) -> tuple[int, Any]:
    """Send a request with curl, or with urllib where there is no curl."""
    if shutil.which("curl"):
        command = ["curl", "-sS", "-X", verb, "-H", f"Authorization: Bearer {token}", url]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        command += ["-w", "\n%{http_code}", "--max-time", "120"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_two_pytest_workers_and_curl_share_a_server(serve, tmp_path):
    log = tmp_path / "calls.jsonl"
    process, ready = serve(
        *("--http-port", "0", "--key", "the-shared-key", "--log", str(log), "--json"),
        XAI_VISION_SERVE_ADMIN_TOKEN=TOKEN,
    )
    (tmp_path / "test_worker.py").write_text(WORKER_TESTS)
    workers = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=environment(ADMIN_URL=ready["admin"], ADMIN_TOKEN=TOKEN, PYTHONWARNINGS="default")
        | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    admin, rest = ready["admin"], f"{ready['http']}/responses"
    rounds = 0
    try:
        while workers.poll() is None or rounds < 3:
            rounds += 1
            rules = [{"when": {"prompt": f"round {rounds}"}, "reply": "{{ prompt }}!", "times": 2}]
            assert fetch("POST", f"{admin}/rules", TOKEN, rules)[0] == 201
            for _ in range(2):
                question = {"model": "grok-4", "input": f"round {rounds}"}
                status, reply = fetch("POST", rest, "the-shared-key", question)
                assert status == 200
                assert reply["output"][0]["content"][0]["text"] == f"round {rounds}!"
            status, calls = fetch("GET", f"{admin}/calls", TOKEN)
            assert [call["prompt"] for call in calls["calls"]] == [f"round {rounds}"] * 2
            assert fetch("GET", f"{admin}/problems", TOKEN) == (200, {"ok": True, "problems": []})
            assert fetch("POST", f"{admin}/reset", TOKEN)[0] == 200
            assert fetch("GET", f"{admin}/rules", TOKEN)[1]["rules"] == []
        output = workers.communicate()[0]
    finally:
        workers.kill()
    assert workers.returncode == 0, output
    assert "12 passed" in output
    status, tenants = fetch("GET", f"{admin}/tenants", TOKEN)
    assert [one["name"] for one in tenants["tenants"]] == ["default"]
    assert fetch("GET", f"{admin}/calls", "the-shared-key")[0] == 401
    assert stop(process)[0] == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2 * rounds + 12 * 4
    assert sum(line["tenant"] == "default" for line in lines) == 2 * rounds
    assert len({line["tenant"] for line in lines}) == 13
    for secret in (TOKEN, "the-shared-key", "xai-fake-"):
        assert secret not in log.read_text(encoding="utf-8")
