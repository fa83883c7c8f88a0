"""Errors of the REST API, over HTTP and as exceptions of the openai package."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.rest.http_client import ask, complete, respond
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault, Reply, ServiceError

XAI = {"code", "error"}


def test_xai_error_form(server):
    reply = respond(server, model="nope")
    assert reply.status == 404
    assert set(reply.json) == XAI
    assert "nope does not exist" in reply.json["error"]
    assert reply.headers["x-request-id"]
    assert server.calls.last.status == "NOT_FOUND"
    assert server.calls.last.http_status == 404


def test_keys(server):
    wrong = ask(server, "GET", "/models", key="xai-wrong-key-of-somebody")
    assert wrong.status == 400
    assert "Incorrect API key provided: xa***dy" in wrong.json["error"]
    for header in ("", "Bearer", "Bearer  ", "Basic abc", server.api_key):
        unauthenticated = ask(server, "GET", "/models", headers={"authorization": header})
        assert unauthenticated.status == 401
        assert "send it in the header 'Authorization: Bearer KEY'" in unauthenticated.json["error"]
    blocked = server.create_key(blocked=True)
    assert ask(server, "GET", "/models", key=blocked).status == 403
    assert ask(server, "GET", "/api-key", key=blocked).json["api_key_blocked"] is True
    assert "xai-wrong" not in repr(server.calls.last.metadata)


def test_openai_error_form():
    with FakeServer(error_form="openai") as server:
        wrong = ask(server, "GET", "/models", key="xai-wrong-key-of-somebody")
        assert wrong.status == 401
        assert set(wrong.json["error"]) == {"message", "type", "code", "param"}
        refused = respond(server, 3)
        assert (refused.status, refused.json["error"]["param"]) == (422, "input")


@pytest.mark.parametrize(
    ("what", "status", "message"),
    [
        ({"input": 3}, 422, "input must be a list"),
        ({"input": [{"type": "x"}]}, 422, "input[0] has type 'x'"),
        ({"input": [{"type": ["x"]}]}, 422, "input[0] has type"),
        ({"temperature": "hot"}, 422, "temperature must be a number"),
        ({"temperature": 3}, 400, "temperature must be between 0 and 2"),
        ({"stream": "yes"}, 422, "stream must be true or false"),
        ({"stream_options": True}, 422, "stream_options must be an object, not true"),
        ({"max_turns": False}, 422, "max_turns must be a 32-bit integer, not false"),
        ({"deferred": True}, 400, "only Chat Completions has deferred responses"),
        ({"background": True}, 400, "Argument not supported: background"),
        ({"voice": "low"}, 400, "has no key 'voice'"),
        ({"include": ["everything"]}, 400, "'everything' cannot be included"),
        (
            {"instructions": "a", "previous_response_id": "b"},
            400,
            "Argument not supported: instructions and previous_response_id together",
        ),
        ({"previous_response_id": "b"}, 404, "Response not found"),
        ({"tools": [{"type": "web_search", "search_context_size": "low"}]}, 400, "no key"),
        ({"tools": [{"type": "web_search"}] * 129}, 400, "At most 128 tools"),
        ({"input": [{"type": "input_image", "image_url": "https://e.x/"}]}, 400, "Failed to fetch"),
        ({"input": [{"type": "input_image", "image_url": "data:x"}]}, 400, "Invalid image URL"),
    ],
)
def test_invalid_request(server, what, status, message):
    reply = respond(server, **{"what": what.pop("input", "Hi"), **what})
    assert reply.status == status, reply.json
    assert message in reply.json["error"]
    server.verify()


def test_unknown_keys_can_be_ignored():
    with FakeServer(unknown_keys="ignore") as server:
        assert respond(server, voice="low").status == 200
        assert respond(server, background=True).status == 400


def test_unknown_path_or_method(server):
    wrong = ask(server, "GET", "/responses")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    several = ask(server, "PUT", "/responses/abc")
    assert several.status == 405
    assert set(several.headers["allow"].split(", ")) == {"DELETE", "GET", "HEAD"}
    unknown = ask(server, "GET", "/videos")
    assert (unknown.status, set(unknown.json)) == (404, XAI)
    assert server.calls.last.method == "GET /v1/videos"


def test_query_parameters(server):
    created = respond(server).json["id"]
    refused = ask(server, "GET", f"/responses/{created}?stream=true")
    assert refused.status == 400
    assert "Argument not supported: the query parameter 'stream'" in refused.json["error"]
    with FakeServer(unknown_keys="ignore") as other:
        assert ask(other, "GET", "/models?version=1").status == 200


def test_include_of_a_stored_response(server):
    created = respond(server, include=["reasoning.encrypted_content"]).json
    for query in ("include", "include[]", "include%5B%5D"):
        stored = ask(
            server, "GET", f"/responses/{created['id']}?{query}=reasoning.encrypted_content"
        )
        assert (stored.status, stored.json) == (200, created)
    other = ask(server, "GET", f"/responses/{created['id']}?include=message.input_image.image_url")
    assert other.status == 400
    assert "include: 'message.input_image.image_url' cannot be included" in other.json["error"]
    on_delete = ask(server, "DELETE", f"/responses/{created['id']}?include=x")
    assert on_delete.status == 400
    assert "Argument not supported: the query parameter 'include'" in on_delete.json["error"]


def test_unsent_response_has_no_http_status(server):
    server.fault(Fault.hang(), next=1)
    with pytest.raises(TimeoutError):
        ask(server, "POST", "/responses", {"model": "grok-4", "input": "Hi"}, timeout=0.2)
    assert server.calls.wait_for(1, LIMIT)
    call = server.calls.last
    assert call.wait_cancelled(LIMIT)
    assert respond(server).status == 200
    assert call.http_status is None


def test_retry_headers(server):
    server.fault(Fault.rate_limited(retry_after=1.5), next=1)
    limited = respond(server)
    assert (limited.status, limited.headers["retry-after"]) == (429, "1.5")
    server.fault(Fault.unavailable(trailing={"grpc-retry-pushback-ms": "-1"}), next=1)
    assert respond(server).headers["x-should-retry"] == "false"
    server.fault(Fault.unavailable(trailing={"grpc-retry-pushback-ms": "20"}), next=1)
    assert respond(server).headers["retry-after-ms"] == "20"
    server.rate_limit(requests=1, burst=1)
    assert [respond(server).status for _ in range(2)] == [200, 429]


def test_faults_in_streams(server):
    server.on().reply(Reply("one two three four", chunks=4))
    server.fault(Fault.after_chunks(2, status="INTERNAL", details="broke"), next=2)
    events = respond(server, stream=True).events
    assert events[-1]["type"] == "error"
    assert events[-1]["message"] == "broke"
    assert complete(server, stream=True).events[-1] == {"code": "Internal error", "error": "broke"}
    assert [call.status for call in server.calls] == ["INTERNAL"] * 2
    server.fault(Fault.truncated(after_chunks=2), next=2)
    assert respond(server, stream=True).events[-1]["delta"] == " two"
    assert complete(server, stream=True).events[-1]["choices"][0]["finish_reason"] is None


def test_errors_raised_by_rules(server):
    server.on(prompt="a").side_effect(
        lambda call: (_ for _ in ()).throw(ServiceError("ABORTED", "no"))
    )
    server.on(prompt="b").side_effect(lambda call: 1 / 0)
    assert respond(server, "a").status == 409
    assert respond(server, "b").status == 400  # clients do not retry a mistake of the test
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        server.verify()
    server.clear()


def test_malformed_response(server):
    server.fault(Fault.malformed(), next=1)
    reply = respond(server)
    assert reply.status == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json  # noqa: B018


def test_connection_reset(server):
    server.fault(Fault.reset_connection(), next=1)
    with pytest.raises(ConnectionError):
        respond(server)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert respond(server).status == 200
    server.fault(Fault.reset_connection(after_bytes=300), next=1)
    with pytest.raises(ConnectionError):
        respond(server, stream=True)
    assert server.calls.last.wait_cancelled(LIMIT)
    server.fault(Fault.reset_connection(after_bytes=10**6), next=1)
    assert respond(server).status == 200
    assert server.calls.last.wait(LIMIT)
    assert server.calls.last.status == "OK"


def test_connection_fault_hits_one_response(server):
    connection = http.client.HTTPConnection(urlsplit(server.http_url).netloc, timeout=30)
    key = {"authorization": f"Bearer {server.api_key}"}
    server.fault(Fault.reset_connection(after_bytes=5000), next=1)
    for _ in range(30):
        connection.request("GET", "/v1/models", headers=key)
        assert connection.getresponse().read()
    connection.close()
    assert len({call.peer for call in server.calls}) == 1
    assert {call.status for call in server.calls} == {"OK"}


def test_frozen_connection(server):
    server.fault(Fault.freeze_connection(after_bytes=40), next=1)
    with pytest.raises(TimeoutError):
        ask(server, "POST", "/responses", {"model": "grok-4", "input": "Hi"}, timeout=0.2)
    assert server.calls.wait_for(1, LIMIT)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert respond(server).status == 200


@pytest.mark.peer
@pytest.mark.parametrize(
    ("fault", "name", "attempts"),
    [
        (Fault.status("INVALID_ARGUMENT"), "BadRequestError", 1),
        (Fault.status("UNAUTHENTICATED"), "BadRequestError", 1),
        (Fault.safety_refusal(), "PermissionDeniedError", 1),
        (Fault.status("NOT_FOUND"), "NotFoundError", 1),
        (Fault.status("ABORTED"), "ConflictError", 3),
        (Fault.rate_limited(retry_after=0.01), "RateLimitError", 3),
        (Fault.internal(), "InternalServerError", 3),
        (Fault.unavailable(), "InternalServerError", 3),
        (Fault.status("DEADLINE_EXCEEDED"), "InternalServerError", 3),
        (Fault.reset_connection(), "APIConnectionError", 3),
    ],
    ids=lambda value: getattr(value, "code", "") or str(getattr(value, "kind", value)),
)
def test_openai_exceptions_and_retries(rest, server, monkeypatch, fault, name, attempts):
    import openai
    from openai import _base_client

    monkeypatch.setattr(_base_client, "INITIAL_RETRY_DELAY", 0.01)
    server.fault(fault)
    with pytest.raises(openai.APIError) as caught:
        rest.responses.create(model="grok-4", input="Hi")
    assert type(caught.value).__name__ == name
    assert [call.attempt for call in server.calls] == list(range(1, attempts + 1))
    assert len(server.calls.attempts) == attempts
    if isinstance(caught.value, openai.APIStatusError):
        assert caught.value.request_id
        assert isinstance(caught.value.body, str)


@pytest.mark.peer
def test_openai_retries_transient_failures(rest, server):
    server.fault(Fault.rate_limited(retry_after=0.01), next=2)
    assert rest.responses.create(model="grok-4", input="Hi").output_text
    assert [call.http_status for call in server.calls] == [429, 429, 200]


@pytest.mark.peer
async def test_timeout_and_closed_stream(arest, server):
    import openai

    server.fault(Fault.hang(), next=1)
    with pytest.raises(openai.APITimeoutError):
        await arest.with_options(timeout=0.2, max_retries=0).responses.create(
            model="grok-4", input="Hi"
        )
    assert await server.calls.wait_for_async(1, LIMIT)
    assert await server.calls.last.wait_cancelled_async(LIMIT)
    server.on().reply(Reply("a b c", chunks=3, tps=2))
    stream = await arest.responses.create(model="grok-4", input="Hi", stream=True)
    async for _ in stream:
        break
    await stream.close()
    assert await server.calls.last.wait_cancelled_async(LIMIT)


@pytest.mark.peer
def test_broken_streams(rest, server):
    import openai

    server.on().reply(Reply("one two three four", chunks=4))
    stream = {"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    server.fault(Fault.after_chunks(2), next=1)
    with pytest.raises(openai.APIError):
        list(rest.chat.completions.create(**stream))
    server.fault(Fault.reset_connection(after_bytes=600), next=1)
    with pytest.raises(openai.APIConnectionError):
        list(rest.chat.completions.create(**stream))
    server.fault(Fault.malformed(after_chunks=1), next=1)
    with pytest.raises(json.JSONDecodeError):
        list(rest.chat.completions.create(**stream))


@pytest.mark.peer
def test_openai_exceptions_with_openai_error_form():
    openai = pytest.importorskip("openai")
    with FakeServer(error_form="openai") as server:
        stranger = openai.OpenAI(api_key="xai-nobodys-key", base_url=server.http_url)
        wrong = pytest.raises(openai.AuthenticationError, match="Incorrect API key provided")
        with stranger, wrong:
            stranger.models.list()
        with openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as client:
            with pytest.raises(openai.NotFoundError) as caught:
                client.responses.create(model="nope", input="Hi")
            assert (caught.value.code, caught.value.type) == ("not_found", "invalid_request_error")
            server.fault(Fault.after_chunks(1, details="broke"), next=1)
            messages = [{"role": "user", "content": "Hi"}]
            with pytest.raises(openai.APIError, match="broke"):
                list(client.chat.completions.create(model="grok-4", messages=messages, stream=True))
