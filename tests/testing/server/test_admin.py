"""The admin API on the HTTP port."""

from __future__ import annotations

import base64
import json
import logging

import pytest

from tests.rest.http_client import HttpReply, ask, respond
from tests.sample_images import sample
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.testing import FakeServer, Fault

TOKEN = "the-admin-token"


@pytest.fixture
def server():
    with FakeServer(admin_token=TOKEN, unused="allow") as running:
        yield running


def admin(server, verb: str, path: str, body=None, *, token: str = TOKEN) -> HttpReply:
    """Send a request to a path after /__admin."""
    headers = {"authorization": f"Bearer {token}" if token else ""}
    return ask(server, verb, path, body, headers=headers, prefix="/__admin")


def errors(reply: HttpReply, status: int) -> str:
    assert reply.status == status, reply.body
    assert reply.headers["content-type"] == "application/json"
    return reply.json["error"]


def test_health_needs_no_token(server):
    reply = ask(server, "GET", "/healthz", headers={"authorization": ""}, prefix="")
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    assert len(server.calls) == 0


@pytest.mark.parametrize("path", ["", "/", "/calls", "/rules", "/tenants", "/nothing", "s/x"])
@pytest.mark.parametrize("token", ["", "the-admin-toke", "the-admin-token-", "é", "API KEY"])
def test_every_path_needs_the_token(server, path, token):
    if token == "API KEY":
        token = server.api_key
    reply = admin(server, "GET", path, token=token)
    text = errors(reply, 401)
    assert "admin token" in text
    assert "--admin-token" in text
    assert "API key" in text
    assert reply.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in reply.body.decode()
    assert len(server.calls) == 0


def test_without_a_token_there_is_no_admin_api():
    with FakeServer() as server:
        assert admin(server, "GET", "/calls").status == 404
        assert server.calls.last.method == "GET /__admin/calls"
        assert TOKEN not in repr(server.calls.last.metadata)


def test_a_token_opens_the_http_port():
    with FakeServer(admin_token=TOKEN) as server:
        assert server._state.http_server is not None
        assert server.tenant().http_url == server.http_url


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (TypeError, "admin_token must be a str, not int", {"admin_token": 5}),
        (ValueError, "admin_token must be printable ASCII", {"admin_token": ""}),
        (ValueError, "admin_token must be printable ASCII", {"admin_token": "a b"}),
        (
            ValueError,
            "must differ from api_key",
            {"admin_token": "same-key", "api_key": "same-key"},
        ),
    ],
)
def test_wrong_tokens(error, message, arguments):
    with pytest.raises(error, match=message):
        FakeServer(**arguments)


def test_the_endpoints_are_listed(server):
    listed = admin(server, "GET", "").json["endpoints"]
    assert "POST /__admin/rules" in listed
    for name in listed:
        verb, _, path = name.partition(" ")
        path = path.removeprefix("/__admin").replace("{name}", "nobody")
        assert admin(server, verb, path, {}).status != 405, name
        text = errors(admin(server, "PATCH", path), 405)
        assert verb in text


def test_unknown_paths_and_methods(server):
    text = errors(admin(server, "GET", "/call"), 404)
    assert "did you mean 'GET /__admin/calls'?" in text
    assert "DELETE /__admin/tenants/{name}" in errors(admin(server, "GET", "/x/y/z"), 404)
    reply = admin(server, "PUT", "/rules")
    assert "supports GET, POST, DELETE" in errors(reply, 405)
    assert reply.headers["allow"] == "GET, POST, DELETE"
    assert len(server.calls) == 0


def test_rules_answer_calls(server):
    rules = {
        "rules": [
            {"when": {"prompt": {"contains": "hat"}}, "reply": "{{ images[0].width }} wide"},
            {"when": {"prompt": "twice"}, "replies": ["one", {"fault": "unavailable"}, "three"]},
        ],
        "faults": [{"fault": {"status": {"code": "NOT_FOUND"}}, "when": {"prompt": "lost"}}],
        "images": {
            "https://e.x/a.jpg": "data:image/jpeg;base64,"
            + base64.b64encode(sample("photo.jpg")).decode()
        },
    }
    reply = admin(server, "POST", "/rules", rules)
    assert reply.status == 201
    assert [len(reply.json["rules"]), len(reply.json["faults"])] == [2, 1]
    with open_caller(server) as caller:
        assert caller.text("a hat", image_part("https://e.x/a.jpg")) == "640 wide"
        assert caller.text("twice") == "one"
        assert caller.expect_error("twice")[0] == "UNAVAILABLE"
        assert caller.text("twice") == "three"
        assert caller.expect_error("lost")[0] == "NOT_FOUND"
    listed = admin(server, "GET", "/rules").json
    assert [rule["uses"] for rule in listed["rules"]] == [1, 3]
    assert [fault["fired"] for fault in listed["faults"]] == [1]
    assert admin(server, "DELETE", "/rules").json == {"deleted": 3}
    assert admin(server, "GET", "/rules").json == {"rules": [], "faults": []}
    assert respond(server, "twice").json["output"][0]["content"][0]["text"] != "one"
    assert len(server.calls) == 6


@pytest.mark.parametrize(
    "body",
    [{"reply": "a"}, [{"reply": "a"}], {"rules": [{"reply": "a"}]}, {"when": {}, "reply": "a"}],
)
def test_forms_of_rules(server, body):
    assert admin(server, "POST", "/rules", body).status == 201
    with open_caller(server) as caller:
        assert caller.text("Hi") == "a"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, 'the body is empty. Send JSON, such as {"rules": [{"when"'),
        (b"rules: []", "the body is not valid JSON: Expecting value"),
        (b"[" * 100_000, "the body is not valid JSON"),
        (b"\xff\xfe\xff", "the body is not valid JSON"),
        ("text", "must be a mapping"),
        ({"rule": []}, "rule: is not a known key; did you mean rules?"),
        ({"settings": {"seed": 1}}, "settings: is not a known key"),
        ({"serve": {"key": "a"}}, "serve: is not a known key"),
        ([{"when": {"promt": "a"}, "reply": "b"}], "rules[1].when.promt: is not a known key; did"),
        ([{"reply": "{{ promt }}"}], "did you mean 'prompt'?"),
        ([{"reply": {"chunks": 0}}], "chunks must be"),
        (
            [{"when": {"image": {"file": "/etc/passwd"}}, "reply": "a"}],
            "only rule files",
        ),
        ({"images": {"https://e.x": "/etc/passwd"}}, "must be a data URL"),
        ({"images": {"https://e.x": "data:image/png;base64,@"}}, "not valid base64"),
        ({"images": {"https://e.x": "data:image/png,a"}}, "without base64"),
    ],
)
def test_wrong_rules_are_refused_and_nothing_is_added(server, body, message):
    if isinstance(body, dict) and "rule" not in body:
        body = {"rules": [{"reply": "valid"}], **body}
    if isinstance(body, list):
        body = [{"reply": "valid"}, *body]
        message = message.replace("rules[1]", "rules[2]")
    reply = admin(server, "POST", "/rules", body)
    assert message in errors(reply, 400)
    assert server.rules == []


def test_all_errors_at_once(server):
    reply = admin(server, "POST", "/rules", [{"reply": "a", "tims": 1}, {"when": {"x": 1}}])
    assert reply.status == 400
    assert len(reply.json["errors"]) >= 2


def test_calls_can_be_filtered(server):
    with open_caller(server) as caller:
        for prompt in ("one", "two", "two"):
            caller.text(prompt)
        caller.text("three", image_part(sample("photo.jpg")), model="grok-4-fast")
        caller.expect_error("Hi", model="nothing")
    respond(server, "two")

    def found(query: str) -> list[str]:
        return [call["prompt"] for call in admin(server, "GET", f"/calls{query}").json["calls"]]

    assert len(found("")) == 6
    assert found("?prompt=two") == ["two"] * 3
    assert found("?prompt=two&method=GetCompletion") == ["two"] * 2
    assert found("?prompt=%7B%22startswith%22%3A%22t%22%7D") == ["two", "two", "three", "two"]
    assert found("?images=1") == ["three"]
    assert found("?image=%7B%22format%22%3A%22JPEG%22%7D") == ["three"]
    assert found("?model=grok-4-fast") == ["three"]
    assert found("?status=NOT_FOUND") == [""]
    assert found("?stream=true") == []
    assert found("?method=POST%20/v1/responses") == ["two"]
    assert found("?limit=2") == ["", "two"]
    everything = admin(server, "GET", "/calls?limit=0").json
    assert everything == {"count": 6, "dropped": 0, "calls": []}
    three = admin(server, "GET", "/calls?images=1").json["calls"][0]
    assert three["images"][0]["format"] == "JPEG"
    assert len(three["images"][0]["sha256"]) == 64
    assert ["authorization", "Bearer ***"] in three["metadata"]
    assert server.api_key not in json.dumps(three)
    assert admin(server, "DELETE", "/calls").json == {"deleted": 6}
    assert found("") == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?promt=a", "promt: is not a known key; did you mean prompt?"),
        ("?images=many", "images: must be"),
        ("?limit=-1", "limit must be an integer"),
        ("?prompt={", "prompt: invalid JSON"),
        ('?prompt={"contians":"a"}', "did you mean contains?"),
        ("?prompt=a&prompt=b", "'prompt' is set twice"),
    ],
)
def test_wrong_filters(server, query, message):
    query = query.replace('"', "%22").replace("{", "%7B").replace("}", "%7D")
    assert message in errors(admin(server, "GET", f"/calls{query}"), 400)


def test_other_endpoints_have_no_filters(server):
    assert "accepts only tenant, not 'prompt'" in errors(
        admin(server, "GET", "/rules?prompt=a"), 400
    )
    text = errors(admin(server, "GET", "/tenants?tenant=a"), 400)
    assert "accepts no query parameters, not 'tenant'" in text


def test_problems(server):
    assert admin(server, "GET", "/problems").json == {"ok": True, "problems": []}
    admin(server, "POST", "/rules", [{"when": {"prompt": "Hi"}, "reply": "a", "times": 2}])
    respond(server, "Hi")
    reply = admin(server, "GET", "/problems").json
    assert reply["ok"] is False
    assert "was to answer 2 calls, but answered 1" in reply["problems"][0]
    assert admin(server, "POST", "/reset").json == {"reset": "default"}
    assert admin(server, "GET", "/problems").json["ok"]
    assert len(server.calls) == 0


def test_tenants_do_not_share_replies(server):
    body = {"name": "worker-1", "rules": [{"replies": ["one", "two", "three"]}]}
    first = admin(server, "POST", "/tenants", body)
    assert first.status == 201
    second = admin(server, "POST", "/tenants", {"rules": body["rules"]}).json
    assert (first.json["name"], second["name"]) == ("worker-1", "tenant-1")
    assert (first.json["grpc"], first.json["http"]) == (server.target, server.http_url)
    for tenant in (first.json, second):
        with open_caller(server, tenant["api_key"]) as caller:
            assert [caller.text(str(n)) for n in range(3)] == ["one", "two", "three"]
    assert admin(server, "GET", "/calls").json["count"] == 0
    assert admin(server, "GET", "/calls?tenant=worker-1").json["count"] == 3
    admin(server, "DELETE", "/calls?tenant=worker-1")
    assert admin(server, "GET", "/calls?tenant=tenant-1").json["count"] == 3
    listed = admin(server, "GET", "/tenants")
    assert [one["name"] for one in listed.json["tenants"]] == ["default", "worker-1", "tenant-1"]
    assert second["api_key"] not in listed.body.decode()


def test_tenants_end(server):
    body = {"name": "a", "settings": {"unused": "error"}, "rules": [{"reply": "x"}]}
    key = admin(server, "POST", "/tenants", body).json["api_key"]
    reply = admin(server, "DELETE", "/tenants/a")
    assert reply.json["deleted"] == "a"
    assert "was never used" in reply.json["problems"][0]
    assert ask(server, "GET", "/models", key=key).status == 400
    assert "there is no tenant 'a'; there are default" in errors(
        admin(server, "GET", "/calls?tenant=a"), 404
    )
    assert admin(server, "POST", "/tenants", {"name": "a"}).status == 201


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ([], 400, "must be a JSON object"),
        ({"nam": "a"}, 400, "nam: is not a known key"),
        ({"name": "a/b"}, 400, "name must have up to 64 letters"),
        ({"name": 5}, 400, "name must have"),
        ({"name": "default"}, 409, "there is a tenant 'default' already"),
        ({"settings": {"sede": 1}}, 400, "did you mean 'seed'?"),
        ({"settings": {"seed": "x"}}, 400, "seed must be an integer"),
        ({"settings": []}, 400, "settings must be a dict"),
        ({"settings": {"upstream": "e.x"}}, 400, "upstream can only be set where the server is st"),
        ({"settings": {"cassette": "/a"}}, 400, "cassette can only be set where the server is st"),
        ({"settings": {"record": "all"}}, 400, "record can only be set where the server is start"),
        ({"rules": [{"reply": "a", "tims": 1}]}, 400, "did you mean times?"),
    ],
)
def test_wrong_tenants(server, body, status, message):
    assert message in errors(admin(server, "POST", "/tenants", body), status)
    assert len(admin(server, "GET", "/tenants").json["tenants"]) == 1


def test_the_default_tenant_stays(server):
    text = errors(admin(server, "DELETE", "/tenants/default"), 409)
    assert "POST /__admin/reset" in text
    assert "there is no tenant 'b'" in errors(admin(server, "DELETE", "/tenants/b"), 404)


def test_a_tenant_with_a_model_of_its_own(server):
    body = {"settings": {"models": [{"name": "grok-9", "vision": False}]}}
    key = admin(server, "POST", "/tenants", body).json["api_key"]
    assert ask(server, "GET", "/models/grok-9", key=key).status == 200
    assert ask(server, "GET", "/models/grok-9").status == 404


def test_hung_calls_do_not_block_the_admin_api(server):
    server.fault(Fault.hang())
    with open_caller(server) as caller:
        streams = [caller.stream("Hi") for _ in range(4)]
        assert server.calls.wait_for(4, timeout=30)
        assert admin(server, "GET", "/calls").json["count"] == 4
        assert admin(server, "POST", "/reset").status == 200
        for stream in streams:
            stream.cancel()


def test_a_line_for_each_call(tmp_path):
    path = tmp_path / "calls.jsonl"
    key = "a-key-of-our-own"
    with FakeServer(log=path, api_key=key) as server, open_caller(server) as caller:
        caller.text(f"my key is {key}", image_part(sample("photo.jpg")))
        first = path.read_text(encoding="utf-8").splitlines()
        assert len(first) == 1  # It is written before the client has its response.
        list(caller.stream("two"))
        caller.expect_error("Hi", model="nothing")
        respond(server, "four é")
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines] == ["OK", "OK", "NOT_FOUND", "OK"]
    assert [line["prompt"] for line in lines][1:] == ["two", "", "four é"]
    assert {line["tenant"] for line in lines} == {"default"}
    assert lines[0]["images"][0]["width"] == 640
    assert lines[3]["method"] == "POST /v1/responses"
    assert key not in path.read_text(encoding="utf-8")


def test_lines_are_appended_after_a_restart(tmp_path):
    path = tmp_path / "calls.jsonl"
    server = FakeServer(log=str(path))
    for _ in range(2):
        with server, open_caller(server) as caller:
            caller.text("Hi")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_lines_name_their_tenant(tmp_path):
    path = tmp_path / "calls.jsonl"
    with FakeServer(log=path, admin_token=TOKEN) as server:
        key = admin(server, "POST", "/tenants", {"name": "w"}).json["api_key"]
        for one in (server.api_key, key):
            with open_caller(server, one) as caller:
                caller.text("Hi")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["tenant"] for line in lines] == ["default", "w"]


def test_a_cancelled_call_has_one_line(tmp_path):
    path = tmp_path / "calls.jsonl"
    with FakeServer(log=path, unused="allow") as server, open_caller(server) as caller:
        server.fault(Fault.hang())
        stream = caller.stream("Hi")
        assert server.calls.wait_for(1, timeout=30)
        stream.cancel()
        assert server.calls.last.wait_cancelled(30)
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["status"] == "CANCELLED"


def test_a_file_that_cannot_be_opened(tmp_path):
    server = FakeServer(log=tmp_path / "missing" / "calls.jsonl")
    with pytest.raises(FileNotFoundError):
        server.start()
    assert not server.running


def test_a_stream_that_fails_does_not_fail_calls(caplog):
    class Full:
        def write(self, text):
            raise OSError(28, "No space left on device")

        def flush(self):
            pass

    caplog.set_level(logging.ERROR)
    with FakeServer(log=Full()) as server, open_caller(server) as caller:
        assert caller.text("one")
        assert caller.text("two")
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1
    assert "cannot write its calls any more: [Errno 28] No space left" in messages[0]
