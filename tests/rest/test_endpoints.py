"""The endpoints of the REST API, called without the openai package."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import ssl
import subprocess
import sys
import threading
import urllib.request

import pytest

from tests.rest.http_client import ask, complete, respond
from tests.sample_images import jpeg
from tests.testing.grpc_calls import data_url, open_caller
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault, Reply


def test_http_url(server):
    assert server.http_url.startswith("http://127.0.0.1:")
    assert server.http_url.endswith("/v1")
    assert server.http_url == server.http_url
    with pytest.raises(RuntimeError, match="not running"):
        FakeServer().http_url  # noqa: B018


def test_catalogue(server):
    listed = ask(server, "GET", "/models").json
    assert listed["object"] == "list"
    model = ask(server, "GET", "/models/grok-4").json
    assert model in listed["data"]
    assert model["owned_by"] == "xai"
    languages = ask(server, "GET", "/language-models").json["models"]
    vision = {model["id"] for model in languages if "image" in model["input_modalities"]}
    assert "grok-4-0709" in vision
    assert "grok-3" not in vision
    assert ask(server, "GET", "/language-models/grok-4").json in languages
    assert ask(server, "GET", "/models/nope").status == 404
    assert ask(server, "GET", "/api-key").json["redacted_api_key"].startswith("xa***")


def test_stored_responses(server):
    created = respond(server).json
    assert ask(server, "GET", f"/responses/{created['id']}").json == created
    deleted = ask(server, "DELETE", f"/responses/{created['id']}").json
    assert deleted == {"id": created["id"], "object": "response", "deleted": True}
    assert ask(server, "GET", f"/responses/{created['id']}").status == 404
    created = respond(server).json["id"]
    server.clock.skip(days=31)
    assert ask(server, "GET", f"/responses/{created}").status == 404


@pytest.mark.parametrize("stream", [False, True])
def test_metadata_is_returned(server, stream):
    metadata = {"customer": "né ☕"}
    reply = respond(server, metadata=metadata, stream=stream)
    responses = [e["response"] for e in reply.events if "response" in e] if stream else [reply.json]
    assert [response["metadata"] for response in responses] == [metadata] * len(responses)
    stored = ask(server, "GET", f"/responses/{responses[-1]['id']}").json
    assert stored == responses[-1]
    assert respond(server).json["metadata"] == {}
    refused = respond(server, metadata="customer")
    assert refused.status == 422
    assert "metadata must be an object, not 'customer'" in refused.json["error"]
    created = respond(server, store=False, metadata=metadata).json
    assert created["metadata"] == metadata
    assert ask(server, "GET", f"/responses/{created['id']}").status == 404


def test_unrequested_encrypted_reasoning_comes_first(server):
    server.on().reply(Reply("Hi", encrypted="sealed", reasoning=""))
    output = respond(server).json["output"]
    streamed = respond(server, stream=True).events[-2]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message"]
    assert [item["type"] for item in streamed] == ["reasoning", "message"]
    assert streamed[0]["encrypted_content"] == output[0]["encrypted_content"] == "sealed"


def test_images_in_stored_requests_can_be_refused():
    with FakeServer(stored_images="refuse") as server:
        image = [{"type": "input_image", "image_url": data_url(jpeg())}]
        assert respond(server, image).status == 400
        assert respond(server, image, store=False).status == 200


def test_deferred(server):
    server.deferred(ready_after_polls=2)
    ticket = complete(server, deferred=True).json["request_id"]
    path = f"/chat/deferred-completion/{ticket}"
    assert [ask(server, "GET", path).status for _ in range(4)] == [202, 202, 200, 404]
    both = complete(server, deferred=True, stream=True)
    assert both.status == 400
    assert both.json["error"] == "Argument not supported: deferred and stream together"
    server.deferred(failed=True, ready_after_polls=0)
    ticket = complete(server, deferred=True).json["request_id"]
    assert ask(server, "GET", f"/chat/deferred-completion/{ticket}").status == 500


def test_call_log(server):
    respond(
        server,
        [{"type": "input_image", "image_url": data_url(jpeg())}],
        metadata={"a": "b"},
        stream=True,
    )
    call = server.calls.last
    assert (call.service, call.method) == ("REST", "POST /v1/responses")
    assert (call.status, call.http_status, call.stream) == ("OK", 200, True)
    assert call.images[0].data == jpeg()
    assert call.body["metadata"] == {"a": "b"}
    assert call.body["input"][0]["image_url"] == "data:image/jpeg;base64,…"
    assert call.header("authorization") == "Bearer ***"
    assert call.chunks_sent > 1
    ask(server, "GET", "/responses/abc")
    server.calls.assert_called(1, method="GET /v1/responses/{id}", status="NOT_FOUND")
    server.calls.assert_not_called(method="GetCompletion")


def test_rules_and_tenants(server):
    other = server.tenant()
    server.on(method="POST /v1/chat/completions").reply("by REST")
    server.on(prompt="Hi", stream=True).reply("streamed")
    assert complete(server).json["choices"][0]["message"]["content"] == "by REST"
    assert respond(server, stream=True).events[-2]["response"]["output"][0]["content"][0]["text"]
    assert respond(other).status == 200
    assert len(other.calls) == 1
    other.close()
    assert respond(other).status == 400


def test_plugin(xai_server):
    xai_server.on(prompt="ping").reply("pong").times(1)
    assert respond(xai_server, "ping").status == 200


def test_events(server):
    events = complete(server, stream=True, stream_options={"include_usage": True}).events
    assert events[-1] == "[DONE]"
    assert events[-2]["choices"] == []
    reply = respond(server, stream=True)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.events[-1] == "[DONE]"


def test_unicode_and_lone_surrogates(server):
    assert "né ☕" in respond(server, "né ☕").json["output"][0]["content"][0]["text"]
    half = json.dumps({"model": "grok-4", "input": "\ud800"}).encode()
    reply = ask(server, "POST", "/responses", half, headers={"content-type": "application/json"})
    assert reply.status == 422
    assert "lone surrogate" in reply.json["error"]


@pytest.mark.slow
def test_image_of_20_mib(server):
    # Bytes after the end of a JPEG are not image data, but count for the size of the file.
    data = jpeg().ljust(20 * 1024 * 1024, b"\0")
    reply = respond(server, [{"type": "input_image", "image_url": data_url(data)}])
    assert reply.status == 200
    assert server.calls.last.images[0].size == len(data)


def test_tls():
    with FakeServer(http=True, tls=True) as server:
        assert server.http_url.startswith("https://")
        context = ssl.create_default_context(cadata=server.root_certificate.decode())
        request = urllib.request.Request(
            f"{server.http_url}/models", headers={"authorization": f"Bearer {server.api_key}"}
        )
        with urllib.request.urlopen(request, context=context, timeout=LIMIT) as reply:
            assert json.load(reply)["object"] == "list"


def test_stop_cancels_hanging_calls(caplog):
    caplog.set_level(logging.DEBUG)
    statuses = []
    with FakeServer(http=True) as server:
        server.fault(Fault.hang())
        threads = [
            threading.Thread(target=lambda: statuses.append(respond(server).status))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        assert server.calls.wait_for(3, LIMIT)
    for thread in threads:
        thread.join(LIMIT)
    assert statuses == [503] * 3
    assert [record for record in caplog.records if record.name != "asyncio"] == []


def test_stop_interrupts_streams():
    with FakeServer(http=True) as server:
        url = server.http_url
        server.on().reply(Reply("a b c d", chunks=4, ttft=0, tps=0.001))
        body = json.dumps({"model": "grok-4", "input": "Hi", "stream": True}).encode()
        headers = {
            "authorization": f"Bearer {server.api_key}",
            "content-type": "application/json",
        }
        streaming = urllib.request.urlopen(
            urllib.request.Request(f"{url}/responses", body, headers), timeout=LIMIT
        )
        streaming.readline()
    # Only an interrupted stream has this status; one that stop() waits for is cancelled.
    assert server.calls.last.status == "UNAVAILABLE"
    lines = []
    # The connection may be closed or reset.
    with contextlib.suppress(OSError, ValueError):
        while line := streaming.readline():
            lines.append(line)
    assert not any(b"[DONE]" in line for line in lines)
    streaming.close()
    gc.collect()


def test_restart():
    server = FakeServer(http=True)
    for _ in range(2):
        with server:
            assert respond(server).status == 200


def test_server_neither_prints_nor_changes_logging():
    code = (
        "import logging\n"
        "from tests.rest.http_client import respond\n"
        "from xai_vision.testing import FakeServer, Fault\n"
        "with FakeServer(http=True) as server:\n"
        "    respond(server)\n"
        "    server.fault(Fault.reset_connection(after_bytes=99), next=1)\n"
        "    try: respond(server)\n"
        "    except ConnectionError: pass\n"
        "assert logging.getLogger('uvicorn.access').propagate\n"
        "assert logging.getLogger('uvicorn.error').level == 0\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_missing_extra():
    code = (
        "import sys\n"
        "sys.modules['starlette'] = None\n"
        "from xai_vision.testing import FakeServer\n"
        "assert 'uvicorn' not in sys.modules\n"
        "try: FakeServer(http=True).start()\n"
        "except ImportError as error: print(error)\n"
        "with FakeServer() as server: assert server.target\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr == ""
    assert "starlette: pip install 'xai-vision[http]'" in result.stdout


def test_concurrent_grpc_and_rest_calls(server):
    """Calls of both APIs run in parallel and share one log."""
    with open_caller(server) as rpc:
        threads = [
            threading.Thread(target=work)
            for work in [lambda: respond(server), lambda: rpc.sample("Hi")] * 8
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
    assert [call.status for call in server.calls] == ["OK"] * 16


@pytest.mark.parametrize(("header", "attempt"), [("2", 3), ("9" * 5000, 1), ("x", 1), ("-1", 1)])
def test_retry_count_header(server, header, attempt):
    body = {"model": "grok-4", "input": "Hi"}
    answer = ask(server, "POST", "/responses", body, headers={"x-stainless-retry-count": header})
    assert answer.status == 200
    assert server.calls.last.attempt == attempt
