from __future__ import annotations

import base64
import json
import signal
import socket
import urllib.request

import pytest

from tests.cli.conftest import stop
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import UnavailableError
from xai_vision.testing import FakeServer

RULES = """
settings: {stored_images: refuse}
images:
  https://example.com/chart.png: chart.png
rules:
  - name: captions
    when: {prompt: {contains: caption}, image: {format: JPEG}}
    reply: A landscape.
    times: 1
  - when: {prompt: flaky}
    replies:
      - fault: unavailable
      - {text: Here it is, chunks: 3}
faults:
  - fault: {latency: 0.01}
    next: 1
"""


def test_serve_uses_its_options_and_rules(serve, folder):
    (folder / "rules.yaml").write_text(RULES)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process, ready = serve(
        *("--grpc-port", str(port), "--json"),
        XAI_VISION_SERVE_RULES="rules.yaml",
        XAI_VISION_SERVE_KEY="our-own-key",
    )
    assert ready["ready"]
    assert ready["grpc"] == f"localhost:{port}"
    assert ready["api_key"] is None
    with Client("our-own-key", api_host=ready["grpc"]) as client:
        chat = client.chat.create("grok-4")
        caption = chat.fork().append(user("A caption please", image(folder / "photo.jpg")))
        assert caption.sample().content == "A landscape."
        assert chat.fork().append(user("flaky")).sample().content == "Here it is"
        by_url = chat.fork().append(user("What?", image("https://example.com/chart.png")))
        assert "PNG" in by_url.sample().content
    code, out, _ = stop(process)
    assert code == 0
    assert json.loads(out)["calls"] == 4  # One of them failed.


def test_unmet_rules_are_reported(serve, folder):
    (folder / "rules.yaml").write_text(RULES)
    process, ready = serve("--rules", "rules.yaml")
    assert "no model" in ready["line"]
    assert "localhost:" in process.stdout.readline()
    assert "xai-fake-" in process.stdout.readline()
    code, _, err = stop(process, signal.SIGINT)
    assert code == 1
    assert "was to answer 1 call" in err


def test_unmet_rules_of_a_tenant_are_reported(serve, folder):
    pytest.importorskip("starlette")
    process, ready = serve("--http-port", "0", "--admin-token", "the-token", "--json")
    for name in ("ann", "bo"):
        rules = [{"when": {"prompt": "Hi"}, "reply": "Hello", "times": 1}]
        body = json.dumps({"name": name, "rules": rules}).encode()
        headers = {"authorization": "Bearer the-token", "content-type": "application/json"}
        request = urllib.request.Request(f"{ready['admin']}/tenants", body, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            key = json.load(reply)["api_key"]
    with Client(key, api_host=ready["grpc"]) as client:
        client.chat.create("grok-4", messages=[user("Hi")]).sample()
    code, _, err = stop(process)
    assert code == 1
    assert "tenant 'ann': on(prompt='Hi').times(1) was to answer 1 call, but answered 0" in err
    assert "tenant 'bo'" not in err


def test_a_port_in_use(serve, folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for option in ("--grpc-port", "--http-port"):
            process, _ = serve(option, str(port))
            _, err = process.communicate(timeout=60)
            assert process.returncode == 1
            assert f"cannot open port {port} of 127.0.0.1: it is already in use" in err
            assert "Traceback" not in err


def test_rest(serve, folder):
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    (folder / "rules.yaml").write_text(RULES)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process, ready = serve("--http-port", str(port), "--rules", "rules.yaml", "--json")
    assert ready["http"] == f"http://127.0.0.1:{port}/v1"
    data = base64.b64encode((folder / "photo.jpg").read_bytes()).decode()
    body = {
        "model": "grok-4",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "A caption please"},
                    {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}},
                ],
            }
        ],
    }
    request = urllib.request.Request(
        f"{ready['http']}/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {ready['api_key']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert json.load(reply)["choices"][0]["message"]["content"] == "A landscape."
    assert stop(process)[0] == 0


def test_tls(serve, folder):
    pytest.importorskip("trustme")
    process, ready = serve("--tls", "--certificate", "root.pem", "--json")
    with Client(
        ready["api_key"],
        api_host=ready["grpc"],
        root_certificates=(folder / "root.pem").read_bytes(),
    ) as client:
        assert client.models.list_language_models()
    assert stop(process)[0] == 0


def test_serve_passes_on_what_no_rule_answers(serve, server, tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{when: {prompt: local}, reply: from the rule}]")
    server.on(prompt="remote").reply("from the upstream")
    process, ready = serve(
        *("--upstream", server.target, "--rules", str(rules), "--json"),
        XAI_API_KEY=server.api_key,
    )
    assert ready["upstream"] == server.target
    with Client(ready["api_key"], api_host=ready["grpc"]) as client:
        answers = [
            client.chat.create("grok-4", messages=[user(prompt)]).sample().content
            for prompt in ("local", "remote")
        ]
    assert answers == ["from the rule", "from the upstream"]
    assert stop(process)[0] == 0


@pytest.mark.parametrize(
    ("upstream", "words"),
    [("https://api.x.ai", "must be a host, not a URL"), ("two words", "is not a host")],
)
def test_serve_refuses_a_wrong_upstream(xai_in_process, upstream, words):
    result = xai_in_process("serve", "--upstream", upstream)
    assert result.code == 2
    assert words in result.err.replace("\n", " ")


def test_an_upstream_is_called_with_tls(serve, tmp_path):
    pytest.importorskip("trustme")
    root = tmp_path / "root.pem"
    with FakeServer(tls=True) as upstream:
        upstream.on().reply("over TLS")
        root.write_bytes(upstream.root_certificate)
        for trusted in (True, False):
            _, ready = serve(
                *("--upstream", f"grpcs://{upstream.target}", "--json"),
                XAI_API_KEY=upstream.api_key,
                **({"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(root)} if trusted else {}),
            )
            with Client(ready["api_key"], api_host=ready["grpc"], retries=0) as client:
                chat = client.chat.create("grok-4", messages=[user("Hi")])
                if trusted:
                    assert chat.sample().content == "over TLS"
                else:
                    with pytest.raises(UnavailableError, match="cannot be reached"):
                        chat.sample()
    assert len(upstream.calls) == 1
