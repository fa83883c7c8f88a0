"""Who can read the inspector's page, and what it never contains."""

from __future__ import annotations

import re

import pytest

from tests.sample_images import sample
from tests.testing.grpc_calls import image_part
from tests.testing.inspector.inspector_calls import get, open_events, view_of
from xai_vision.testing import FakeServer, match
from xai_vision.testing._inspector.page import static_page

PATHS = ["", "events", "calls/1", "calls/1/images/0/thumb", "nothing"]


def test_the_path_has_a_random_token(server):
    with FakeServer(inspect=True) as other:
        tokens = {url.inspect_url.split("/")[-2] for url in (server, other)}
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "wrong", "é%FF", "x" * 32])
def test_another_token_finds_nothing(server, path, token):
    answer = get(server, path, token=token.replace("é", "%C3%A9"))
    assert answer.status == 404
    assert "no such page" in answer.text
    assert not server.calls  # it is not a call of the API either


def test_the_token_without_a_slash_finds_nothing(server):
    token = server.inspect_url.split("/")[-2]
    assert get(server, token=f"x/../../__inspect/{token}").status == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example:443",
        "user@localhost",
        "localhost:80:80",
        "[::2]",
        "0.0.0.0",
        "",
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_refused(server, caller, host, path):
    caller.sample("secret prompt")
    answer = get(server, path, Host=host)
    # HTTP itself refuses some of them.
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert "only to this machine's own names" in answer.text
    assert "secret prompt" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80"])
def test_names_of_this_machine_are_accepted(server, host):
    # Any port, because a tunnel has one of its own.
    assert get(server, Host=host).status == 200


@pytest.mark.parametrize("path", [path for path in PATHS if path != "events"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000"])
def test_no_other_origin_may_read(server, path, origin):
    headers = get(server, path, Origin=origin).headers
    assert not [name for name in headers if name.startswith("access-control-")]
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_events_have_the_same_headers(server):
    import http.client
    from urllib.parse import urlsplit

    url = urlsplit(server.inspect_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.request("GET", f"{url.path}events", headers={"Origin": "https://evil.example"})
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    response.close()
    connection.close()
    assert not [name for name in headers if name.startswith("access-control-")]
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["", "calls/1", "nothing"])
def test_headers(server, path):
    headers = get(server, path).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_the_policy_allows_only_what_has_the_nonce(server):
    answers = [get(server), get(server)]
    policies = [answer.headers["content-security-policy"] for answer in answers]
    nonces = [re.search(r"script-src 'nonce-([\w-]{22})'", policy)[1] for policy in policies]
    assert nonces[0] != nonces[1]
    for answer, policy, nonce in zip(answers, policies, nonces, strict=True):
        assert "unsafe" not in policy
        assert "http" not in policy.replace("https:", "")
        assert f"style-src 'nonce-{nonce}'" in policy
        elements = re.findall(r"<(?:script|style)[^>]*>", answer.text)
        assert len(elements) == 2
        assert all(f'nonce="{nonce}"' in element for element in elements)


def test_the_page_loads_nothing(server):
    text = get(server).text
    assert not re.findall(r"""(?:src|href)=["'](?!data:,)""", text)
    assert not re.findall(r"https?://|@import|url\(", text)
    # Text from a call can become HTML only through these.
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_changed(server, caller, method, path):
    server.on().reply("kept")
    caller.sample("Hi")
    answer = get(server, path, method=method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"
    assert len(server.calls) == len(server.rules) == 1


def test_reading_changes_nothing(server, caller):
    rule = server.on(images=1).reply("kept").times(1)
    caller.sample("Hi", image_part(sample("photo.jpg")))
    before = server.calls.to_json()
    get(server)
    view_of(server)
    get(server, f"calls/{server.calls.last._id:016x}/images/0/thumb")
    assert server.calls.to_json() == before
    assert rule.uses == 1
    assert not server.problems()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_cannot_reach_it(host):
    with pytest.raises(ValueError, match=r"inspect needs a host.*other machines.*127\.0\.0\.1"):
        FakeServer(inspect=True, host=host)


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>[[data]][[script]]"


def test_text_is_text(server, caller):
    server.on().reply(HOSTILE)
    caller.sample(HOSTILE)
    answer = get(server, f"calls/{server.calls.last._id:016x}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["messages"][0]["parts"][0]["text"] == HOSTILE
    assert HOSTILE not in get(server).text


def test_a_static_page_has_no_element_from_a_call():
    page = static_page({"title": HOSTILE, "calls": [], "thumbnails": {}, "notes": ["<!--<script>"]})
    head, _, rest = page.partition('<script type="application/json" id="data">')
    data, _, tail = rest.partition("</script>")
    assert "<" not in data
    assert r"\u003c/script>\u003cscript>alert(1)" in data
    assert "alert(1)" not in head + tail


def test_a_static_page_allows_only_its_own_script():
    import base64
    import hashlib
    import html

    page = static_page({"title": "", "calls": [], "thumbnails": {}, "notes": []})
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    assert policy.startswith("default-src 'none'")
    assert "connect-src 'none'" in policy
    assert "img-src data:;" in policy
    for kind, element in (("script", 'script type="module"'), ("style", "style")):
        content = re.search(f"<{element}>(.*?)</{kind}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def everything(server) -> str:
    """Return all that the inspector sends of the calls so far."""
    with open_events(server) as events:
        texts = [repr(next(event for event in events if event[0] == "calls"))]
    texts += [repr(view_of(server, call)) for call in server.calls]
    return "".join(texts)


def test_keys_are_never_sent(server, caller):
    key = server.api_key
    server.on(prompt=match.contains("never")).reply("x")
    # The answer repeats the key in chunks that do not contain all of it.
    server.on().reply(f"Your key is {key}.", chunks=[f"Your key is {key[:30]}", f"{key[30:]}."])
    list(caller.stream(f"My key is {key}" + " padding" * 40, user=key))
    caller.sample("x" * 150 + key)  # where the line of the list is cut
    caller.expect_error(key, model=f"model-{key}")
    text = everything(server)
    assert "My key is ***" in text
    assert "Your key is ***." in text
    for start in range(0, len(key) - 12, 4):
        part = key[start : start + 12]
        assert part == "xai-fake-" or part not in text


def test_keys_of_a_test_are_never_sent():
    from tests.testing.grpc_calls import open_caller

    key = 'a"key\\of-my/own'
    with FakeServer(inspect=True, api_key=key) as server, open_caller(server) as caller:
        caller.sample(f"It is {key}!")
        text = everything(server)
    assert "It is ***!" in text
    assert "key\\" not in text
    assert "of-my" not in text


def test_sent_bytes_are_never_sent_back(server, caller):
    import base64

    data = sample("photo.jpg") + b"secret metadata after the image"
    caller.sample("Look", image_part(data))
    call = server.calls.last
    answers = [get(server, f"calls/{call._id:016x}/images/0/{size}") for size in ("thumb", "full")]
    for answer in answers:
        assert answer.status == 200
        assert answer.headers["content-type"] in ("image/jpeg", "image/png")
        assert b"secret" not in answer.body
        assert answer.body != data
    assert base64.b64encode(data[:300]).decode()[:200] not in everything(server)


def test_without_inspect_there_is_no_page():
    with FakeServer(http=True) as server:
        with pytest.raises(RuntimeError, match=r"FakeServer\(inspect=True\)"):
            server.inspect_url  # noqa: B018
        assert not server._state.http_routes


@pytest.mark.parametrize("value", [1, "yes", None])
def test_inspect_is_a_flag(value):
    with pytest.raises(TypeError, match="FakeServer: inspect must be True or False"):
        FakeServer(inspect=value)


def test_tenants_cannot_set_it(server):
    with pytest.raises(TypeError, match="tenant\\(\\) does not accept 'inspect'"):
        server.tenant(inspect=True)
