"""The options of `serve`: command line, environment variables, and the rule file."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from importlib.util import find_spec

import pytest

from tests.cli.conftest import stop
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.testing._rule_files.rule_file import SERVE_OPTIONS
from xai_vision.testing._transport.address import is_loopback


def ask(ready, key, model="grok-4") -> str:
    with Client(key, api_host=ready["grpc"]) as client:
        return client.chat.create(model, messages=[user("Hi")]).sample().content


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("no-such-host.invalid", False),
        ("", False),
    ],
)
def test_loopback_hosts(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_need_a_key(xai_in_process, host):
    result = xai_in_process("serve", "--host", host)
    assert result.code == 2
    text = " ".join(result.err.split())
    assert f"--host {host} lets other machines call the server" in text
    assert "XAI_VISION_SERVE_KEY" in text


def test_a_host_with_a_key_warns(serve):
    process, ready = serve("--host", "0.0.0.0", "--key", "our-own-key", "--json")
    assert ready["grpc"].startswith("localhost:")
    assert ask(ready, "our-own-key")
    code, _, err = stop(process)
    assert code == 0
    assert "warning: other machines can reach this server on 0.0.0.0" in err
    assert "not encrypted" in err
    assert "our-own-key" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--key", "a b"], "--key must consist of printable"),
        (["--admin-token", "é"], "--admin-token must consist of printable"),
        (["--key", "the-same", "--admin-token", "the-same"], "--key and --admin-token must differ"),
        (["--port", "5001", "--http-port", "5001"], "--port and --http-port must differ"),
        (["--certificate", "a.pem"], "--certificate needs --tls"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--models", "grok-9", "--log", "missing/calls.jsonl"], "missing/calls.jsonl: No such"),
    ],
)
def test_wrong_options(xai_in_process, arguments, message):
    result = xai_in_process("serve", *arguments)
    assert result.code != 0
    assert message in " ".join(result.err.split())


def test_models_health_reflection_and_log(serve, folder):
    pytest.importorskip("grpc_health")
    pytest.importorskip("grpc_reflection")
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    arguments = ("--models", "grok-9,grok-10", "--models", "grok-11", "--health", "--reflection")
    process, ready = serve(*arguments, "--log", "calls.jsonl", "--json")
    for model in ("grok-9", "grok-10", "grok-11"):
        assert ask(ready, ready["api_key"], model)
    lines = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    assert [line["model"] for line in lines] == ["grok-9", "grok-10", "grok-11"]
    assert ready["api_key"] not in (folder / "calls.jsonl").read_text()
    with grpc.insecure_channel(ready["grpc"]) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        reply = health.Check(health_pb2.HealthCheckRequest(), timeout=60)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (listed,) = reflection.ServerReflectionInfo(iter([request]), timeout=60)
        names = [service.name for service in listed.list_services_response.service]
        assert "xai_api.Chat" in names
    assert stop(process)[0] == 0


def test_the_log_on_stdout(serve):
    process, ready = serve("--log", "-", "--json")
    assert ask(ready, ready["api_key"])
    assert json.loads(process.stdout.readline())["prompt"] == "Hi"
    code, out, _ = stop(process)
    assert (code, json.loads(out)["calls"]) == (0, 1)


def test_the_admin_token_is_printed_or_given(serve):
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")

    def status(url: str, token: str) -> int:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    process, ready = serve("--http-port", "0", "--json")
    assert len(ready["admin_token"]) > 30
    assert status(f"{ready['admin']}/calls", ready["admin_token"]) == 200
    assert status(f"{ready['admin']}/calls", ready["api_key"]) == 401
    assert stop(process)[0] == 0
    process, ready = serve("--json", XAI_VISION_SERVE_ADMIN_TOKEN="given-token")
    assert ready["admin_token"] is None
    assert status(f"{ready['admin']}/calls", "given-token") == 200
    assert status(ready["admin"].replace("__admin", "healthz"), "") == 200
    assert stop(process)[0] == 0
    process, ready = serve("--json")
    assert (ready["http"], ready["admin"], ready["admin_token"]) == (None, None, None)
    process, ready = serve("--http-port", "0")
    lines = [process.stdout.readline() for _ in range(5)]
    names = ["gRPC", "REST", "key", "admin", "admin token"]
    assert [line[2:15].strip() for line in lines] == names
    assert lines[3].split()[1].endswith("/__admin")


FILE = """
settings: {seed: 7, models: [grok-9]}
serve:
  host: 127.0.0.1
  port: 0
  key: key-of-the-file
  log: calls.jsonl
  health: false
rules:
  - reply: "Hello, {{ model }}"
"""


def test_the_rule_file_sets_options(serve, folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "rules.yaml").write_text(FILE)
    process, ready = serve("--rules", "sub/rules.yaml", "--json")
    assert ready["api_key"] is None
    assert ask(ready, "key-of-the-file", "grok-9") == "Hello, grok-9"
    assert len((folder / "sub" / "calls.jsonl").read_text().splitlines()) == 1
    assert stop(process)[0] == 0
    # The environment comes before the file, and the command line before the environment.
    process, ready = serve("--rules", "sub/rules.yaml", "--json", XAI_VISION_SERVE_KEY="key-of-env")
    assert ask(ready, "key-of-env") == "Hello, grok-4"
    process, ready = serve(
        *("--rules", "sub/rules.yaml", "--json", "--key", "key-of-line", "--models", "grok-10"),
        XAI_VISION_SERVE_KEY="key-of-env",
    )
    assert ask(ready, "key-of-line", "grok-10") == "Hello, grok-10"
    assert ask(ready, "key-of-line", "grok-9") == "Hello, grok-9"


def test_the_rule_file_can_set_every_option(xai_in_process, folder):
    values = {
        "host": "127.0.0.1",
        "port": 1,
        "http_port": 2,
        "key": "abc",
        "health": True,
        "reflection": True,
        "tls": True,
        "certificate": "a.pem",
        "log": "-",
        "admin_token": "def",
        "inspect": True,
    }
    assert set(values) == set(SERVE_OPTIONS)
    lines = "".join(f"  {name}: {json.dumps(value)}\n" for name, value in values.items())
    (folder / "rules.yaml").write_text(f"serve:\n{lines}")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hsot: a", "serve.hsot: is not a known key; did you mean host?"),
        ("port: a", "serve.port: 'a' is not a valid integer"),
        ("port: 70000", "serve.port: 70000 is not in the range"),
        ("port: 1.5", "serve.port: must be an integer, not 1.5"),
        ("http_port: true", "serve.http_port: must be an integer, not True"),
        ("health: 1", "serve.health: must be true or false"),
        ("key: 123", "serve.key: must be a string; quote it"),
        ("models: [grok-9]", "serve.models: is not a known key"),
    ],
)
def test_wrong_options_in_the_rule_file(xai_in_process, folder, line, message):
    (folder / "rules.yaml").write_text(f"serve:\n  {line}\n")
    result = xai_in_process("rules", "check", "rules.yaml")
    assert result.code == 2
    assert f"rules.yaml:2: {message}" in result.err
    assert xai_in_process("serve", "--rules", "rules.yaml").code == 2


@pytest.mark.skipif(find_spec("rapidocr") is not None, reason="the extra is installed")
def test_eyes_without_their_extra(xai_in_process, folder):
    (folder / "rules.yaml").write_text("settings: {eyes: true}\n")
    for arguments in (("--eyes",), ("--rules", "rules.yaml")):
        result = xai_in_process("serve", *arguments)
        assert result.code == 1
        assert "pip install 'xai-vision[eyes]'" in result.err
    # A check of the file needs no packages.
    assert xai_in_process("rules", "check", "rules.yaml").code == 0
