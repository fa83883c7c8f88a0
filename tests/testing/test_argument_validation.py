"""What a test says wrong is refused where it is said: of the right type, in words that help."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tests.ids import readable
from tests.testing.grpc_calls import open_caller
from xai_vision.testing import (
    FakeServer,
    Fault,
    FunctionCall,
    Reply,
    ServerToolCall,
    ServiceError,
    Settings,
    match,
)

NAN = math.nan


@pytest.fixture(scope="module")
def server():
    """Never started: all of this is refused before a port is of any use."""
    return FakeServer(unused="allow")


def on(**conditions):
    return lambda server: server.on(**conditions)


def fault(*args, **named):
    return lambda server: server.fault(*(args or (Fault.hang(),)), **named)


def where(**conditions):
    return lambda server: server.calls.where(**conditions)


def made(function, *args, **named):
    return lambda server: function(*args, **named)


def rule(name, /, *args, **named):
    return lambda server: getattr(server.on(), name)(*args, **named)


def told(name, /, *args, **named):
    return lambda server: getattr(server, name)(*args, **named)


def skip(**units):
    return lambda server: server.clock.skip(**units)


MISSPELT = [
    (
        made(match.contains, "x", cas=True),
        "match.contains() does not accept 'cas'; did you mean 'case'?",
    ),
    (on(promt="x"), "on() does not accept 'promt'; did you mean 'prompt'?"),
    (on(priorty=1), "on() does not accept 'priorty'; did you mean 'priority'?"),
    (
        on(colour=1),
        "on() does not accept 'colour'. Known are prompt, model, image, images, tools, schema,",
    ),
    (fault(nxt=2), "fault() does not accept 'nxt'; did you mean 'next'?"),
    (where(stat="OK"), "where() does not accept 'stat'; did you mean 'status'?"),
    (
        lambda s: s.calls.assert_called(time=1),
        "assert_called() does not accept 'time'; did you mean 'times'",
    ),
    (
        made(Fault.unavailable, trailin={}),
        "Fault.unavailable() does not accept 'trailin'; did you mean 'trailing'?",
    ),
    (
        made(Fault.latency, 1, jiter=1),
        "Fault.latency() does not accept 'jiter'; did you mean 'jitter'?",
    ),
    (made(Fault, "hang", chunk=1), "Fault.__init__() got an unexpected keyword argument 'chunk'"),
    (
        made(Reply, "x", resoning="y"),
        "Reply.__init__() got an unexpected keyword argument 'resoning'",
    ),
    (rule("reply", "x", chunk=2), "Reply does not accept 'chunk'; did you mean 'chunks'?"),
    (rule("reply_json", 1, ttf=2), "Reply does not accept 'ttf'; did you mean 'ttft'?"),
    (
        made(Reply, "x", usage={"prompt_token": 1}),
        "Reply: usage does not accept 'prompt_token'; did you mean 'prompt_tokens'?",
    ),
    (
        made(Reply, "x", debug={"attempt": 1}),
        "Reply: debug does not accept 'attempt'; did you mean 'attempts'?",
    ),
    (
        made(FunctionCall, "f", argument={}),
        "FunctionCall.__init__() got an unexpected keyword argument 'argument'",
    ),
    (
        made(ServerToolCall, "mcp", outptu=""),
        "ServerToolCall.__init__() got an unexpected keyword argument 'outptu'",
    ),
    (
        told("rate_limit", request=1),
        "rate_limit() does not accept 'request'; did you mean 'requests'?",
    ),
    (
        told("deferred", ready_after=1),
        "deferred() does not accept 'ready_after'; did you mean 'ready_after_p",
    ),
    (skip(day=1), "clock.skip() does not accept 'day'; did you mean 'days'?"),
    (
        told("create_key", visoin=False),
        "create_key() does not accept 'visoin'; did you mean 'vision'?",
    ),
    (told("tenant", sede=1), "tenant() does not accept 'sede'; did you mean 'seed'?"),
    (
        made(FakeServer, unmatchd="error"),
        "FakeServer() does not accept 'unmatchd'; did you mean 'unmatched'",
    ),
    (made(FakeServer, prot=1), "FakeServer() does not accept 'prot'; did you mean 'port'?"),
    (made(Settings, sede=1), "Settings.__init__() got an unexpected keyword argument 'sede'"),
]
WRONG_KINDS = [
    (on(prompt=5), "prompt must be a str or a matcher, not 5"),
    (on(prompt=b"x"), "prompt must be a str or a matcher, not b'x'"),
    (
        on(prompt=None),
        "on(): prompt=None is not a condition. Omit it, or use prompt=match.none for calls",
    ),
    (
        on(prompt=match.size(1, 2)),
        "prompt is a string, but match.size(1, 2) matches an image. Use image= to match images",
    ),
    (
        on(model=match.detail("low")),
        "model is a string, but match.detail('low') matches an image. Use image= to match images",
    ),
    (on(model=["grok-4"]), "model must be a str or a matcher, not ['grok-4']"),
    (
        on(image=match.contains("x")),
        "image is an image, but match.contains('x') matches a string. Use prompt= to match text",
    ),
    (on(image=5), "image must be the bytes of a file, its SHA-256 in hex, or a matcher, not 5"),
    (
        on(image=Path("a.png")),
        "image must be the bytes of a file, its SHA-256 in hex, or a matcher, not "
        "... Pass its read_bytes()",
    ),
    (
        on(images=match.size(1, 2)),
        "images is a list, but match.size(1, 2) matches an image. Use image= to match single",
    ),
    (on(images=True), "images (a number) must be an integer, not True"),
    (on(images=[b"x"]), "images (a number) must be an integer, not [b'x']"),
    (on(tools=5), "tools must be a list of strings, not 5"),
    (on(tools=[5]), "tools[0] must be a string, not int"),
    (on(schema="x"), "schema must be a mapping such as a dict, not 'x'"),
    (
        on(schema=match.contains("x")),
        "schema is a JSON value, but match.contains('x') matches a string. Use match.predicate",
    ),
    (on(metadata=["x"]), "metadata must be a mapping such as a dict, not ['x']"),
    (on(metadata={"x": 5}), "metadata['x'] must be a str or a matcher, not 5"),
    (on(metadata={5: "x"}), "a key of metadata must be a string, not 5"),
    (on(stream=1), "stream must be True or False, not 1"),
    (on(method=5), "method must be a list of strings, not 5"),
    (on(when=match.any), "when must be a function of the call, not match.any"),
    (on(status="OK"), "on() does not accept status: a call has none before its end"),
    (on(priority="high"), "priority must be an integer, not 'high'"),
    (fault(status="OK"), "fault() does not accept status: a call has none before its end"),
    (fault("UNAVAILABLE"), "must be a Fault, not 'UNAVAILABLE'"),
    (fault(Fault.hang), "fault: the function Fault.hang is not a Fault. Call it: Fault.hang()"),
    (fault(next="1"), "fault: next must be an integer, not '1'"),
    (fault(after=1.5), "fault: after must be an integer, not 1.5"),
    (fault(rate="0.1"), "fault: rate must be a number, not '0.1'"),
    (where(status=5), "status must be a str or a matcher, not 5"),
    (lambda s: s.calls.assert_called("x"), "times must be an integer, not 'x'"),
    (lambda s: s.calls.wait_for("x"), "count must be an integer, not 'x'"),
    (told("explain", "x"), "explain(): call must be a Call, such as server.calls.last, not 'x'"),
    (
        made(Fault.status, 14),
        "Fault: status must be one of 'CANCELLED', ... not 14",
    ),
    (made(Fault.internal, 5), "Fault: details must be a string, not int"),
    (made(Fault.latency, "1"), "Fault: seconds must be a number, not '1'"),
    (made(Fault.after_chunks, None), "count must be an integer, not None"),
    (made(Fault.reset_connection, after_bytes=1.5), "after_bytes must be an integer, not 1.5"),
    (made(Fault.rate_limited, "soon"), "retry_after must be a number, not 'soon'"),
    (made(Fault.status, "INTERNAL", trailing=[("a", "b")]), "trailing must be a mapping"),
    (made(Fault.status, "INTERNAL", trailing={"k": 5}), "trailing['k'] must be a string, not int"),
    (
        made(Fault.status, "INTERNAL", trailing={"k-bin": "x"}),
        'bytes, because its key ends with "-bin"',
    ),
    (made(Reply, 5), "Reply: text must be a string, not int"),
    (made(Reply, b"x"), "Reply: text must be a string, not bytes. Call .decode() on it"),
    (made(Reply, "x", reasoning=5), "Reply: reasoning must be a string, not int"),
    (
        made(Reply, "x", tool_calls=["f"]),
        "tool_calls[0] must be a FunctionCall, not 'f'",
    ),
    (
        made(Reply, "x", steps=ServerToolCall("mcp")),
        "Reply: steps must be a list, not ServerToolCall(",
    ),
    (
        made(Reply, "x", citations="https://e.x"),
        "Reply: citations must be a list of strings, not a string. Pass ['https://e.x']",
    ),
    (
        made(Reply, "x", chunks="x"),
        "Reply: chunks must be a list of strings, not a string. Pass ['x']",
    ),
    (made(Reply, "x", chunks=True), "Reply: chunks must be an integer, not True"),
    (made(Reply, "x", tps="40"), "Reply: tps must be a number, not '40'"),
    (
        made(Reply, "x", finish=5),
        "Reply: finish must be one of 'stop', ... not 5",
    ),
    (made(Reply, "x", usage=None), "Reply: usage must be a mapping such as a dict, not None"),
    (made(Reply, "x", debug=None), "Reply: debug must be a mapping such as a dict, not None"),
    (made(Reply, "x", usage=5), "Reply: usage must be a mapping such as a dict, not 5"),
    (made(Reply, "x", usage={"prompt_tokens": 1.5}), "must be an integer, not 1.5"),
    (made(Reply, "x", debug={"attempts": "x"}), "Reply: debug['attempts']"),
    (made(Reply, "x", files=["ab"]), "files[0] must be a pair (file id, name), not 'ab'"),
    (made(Reply.json, {1, 2}), "Reply.json: value cannot be written as JSON: Object of type set"),
    (made(Reply.searched, 5), "Reply.searched: query must be a string, not int"),
    (
        made(Reply.searched, "q", views="x"),
        "Reply.searched: views must be a list of strings, not a string. Pass ['x']",
    ),
    (made(Reply.tool_call, 5), "FunctionCall: name must be a string, not int"),
    (
        made(FunctionCall, "f", {"a": {1}}),
        "FunctionCall: arguments cannot be written as JSON: Object of type set is not JSON",
    ),
    (made(ServerToolCall, "mcp", failed=1), "ServerToolCall: failed must be True or False, not 1"),
    (rule("reply", 5), "a reply must be a Reply, a Fault or a str, not 5"),
    (
        rule("reply", Fault.hang(), chunks=2),
        "reply(): a Fault does not accept fields of a Reply: chunks",
    ),
    (
        rule("side_effect", "x"),
        "side_effect() needs a function of the call, not 'x'. Use reply() for a fixed reply.",
    ),
    (rule("fault", "x"), "fault() needs a Fault, not 'x'"),
    (rule("times", "1"), "times(): count must be an integer, not '1'"),
    (rule("times", 1.0), "times(): count must be an integer, not 1.0"),
    (told("rate_limit", requests="5"), "rate_limit: requests must be a number, not '5'"),
    (told("deferred", failed=1), "deferred: failed must be True or False, not 1"),
    (skip(days="1"), "clock.skip: days must be a number, not '1'"),
    (
        told("create_key", models="grok-3"),
        "create_key: models must be a list of strings, not a string. Pass ['grok-3']",
    ),
    (told("create_key", blocked="yes"), "create_key: blocked must be True or False, not 'yes'"),
    (told("create_key", name=5), "create_key: name must be a string, not int"),
    (made(match.contains, ["a"]), "match.contains: part must be a string, not list"),
    (made(match.contains, "a", case=1), "match.contains: case must be True or False, not 1"),
    (made(match.startswith, None), "match.startswith: prefix must be a string, not NoneType"),
    (made(match.re, 5), "match.re: pattern must be a string, not int"),
    (made(match.size, "640", 480), "match.size: width must be an integer, not '640'"),
    (
        made(match.near, "photo.jpg"),
        "match.near: image must be the bytes of a file, or an image of a call, not 'photo.jpg'",
    ),
    (
        made(match.near, b"", max_distance="x"),
        "match.near: max_distance must be a number, not 'x'",
    ),
    (made(match.predicate, 5), "match.predicate needs a function, not 5"),
    (made(match.format, 5), "match.format: name must be a string, not int"),
    (
        made(match.sha256, 5),
        "match.sha256: digest must be a hash in hex, or the bytes of the file, not 5",
    ),
    (
        lambda s: match.any & "x",
        "match.any & needs a matcher, not 'x'. Use match.equals() for a plain value.",
    ),
    (
        lambda s: match.any | 5,
        "match.any | needs a matcher, not 5. Use match.equals() for a plain value.",
    ),
    (
        lambda s: match.size(1, 2) & match.contains("x"),
        "match.size(1, 2) matches an image, but match.contains('x') matches a string: no value",
    ),
    (made(FakeServer, seed="7"), "seed must be an integer, not '7'"),
    (made(FakeServer, fixed_ids=1), "fixed_ids must be True or False, not 1"),
    (
        made(FakeServer, image_formats="JPEG"),
        "image_formats must be a list of strings, not a string. Pass ['JPEG']",
    ),
    (made(FakeServer, unmatched=None), "unmatched must be one of 'default', 'error', not None"),
    (made(FakeServer, tls="yes"), "FakeServer: tls must be True or False, not 'yes'"),
    (made(FakeServer, {}), "FakeServer: settings must be Settings, not {}"),
    (made(FakeServer, port="50051"), "FakeServer: port must be an integer, not '50051'"),
    (made(FakeServer, host=5), "FakeServer: host must be a string, not int"),
    (made(FakeServer, api_key=5), "api_key must be a str, not int"),
    (lambda s: s.urls.update({5: b"x"}), "an address must be a string, not 5"),
    (lambda s: s.urls.update({"https://e.x": 5}), "not 5"),
    (
        made(ServiceError, 5, "x"),
        "ServiceError: code must be one of 'CANCELLED', ... not 5",
    ),
]
WRONG_VALUES = [
    (
        told("on", model="grok-5-fast"),
        "on(): model must be one of 'grok-4-0709', "
        "... not 'grok-5-fast'; did you mean 'grok-4-fast'?",
    ),
    (
        on(image="abc"),
        "match.sha256: digest must be 64 hex digits, not 'abc'. Pass the bytes to match a file.",
    ),
    (on(images=-1), "images (a number) must be an integer of at least 0, not -1"),
    (
        on(method="GetCompletions"),
        "method must be one of 'get_api_key_info', "
        "... not 'GetCompletions'; did you mean 'GetCompletion'?",
    ),
    (
        on(metadata={"Authorization": "x"}),
        "metadata['Authorization']: the log does not store API keys. Make a key for each client",
    ),
    (
        where(status="UNAVAILABEL"),
        "status must be one of 'OK', ... not 'UNAVAILABEL'; did you mean 'UNAVAILABLE'?",
    ),
    (lambda s: s.calls.assert_called(-1), "times must be an integer of at least 0, not -1"),
    (
        lambda s: s.calls.wait_for(1, timeout=NAN),
        "wait_for(): timeout must be a finite number of at least 0, not nan",
    ),
    (fault(next=0), "fault: next must be an integer of at least 1, not 0"),
    (fault(after=-1), "fault: after must be an integer of at least 0, not -1"),
    (fault(rate=1.5), "fault: rate must be a finite number of at least 0 and at most 1, not 1.5"),
    (fault(rate=NAN), "fault: rate must be a finite number of at least 0 and at most 1, not nan"),
    (
        made(Fault.status, "UNAVAILABEL"),
        "Fault: status must be one of 'CANCELLED', "
        "... not 'UNAVAILABEL'; did you mean 'UNAVAILABLE'?",
    ),
    (made(Fault.status, "OK"), "Fault: status must be one of 'CANCELLED', ... not 'OK'"),
    (made(Fault.after_chunks, -1), "count must be an integer of at least 0, not -1"),
    (
        made(Fault.after_chunks, 1, status="NO"),
        "Fault: status must be one of 'CANCELLED', ... not 'NO'",
    ),
    (made(Fault.latency, -1), "Fault: seconds must be a finite number of at least 0, not -1"),
    (made(Fault.latency, NAN), "not nan"),
    (
        made(Fault.latency, 1, jitter=math.inf),
        "Fault: jitter must be a finite number of at least 0, not inf",
    ),
    (
        made(Fault.hang, after_chunks=-1),
        "Fault: after_chunks must be an integer of at least 0, not -1",
    ),
    (
        made(Fault.reset_connection, after_bytes=-1),
        "after_bytes must be an integer of at least 0, not -1",
    ),
    (
        made(Fault.rate_limited, retry_after=-1),
        "Fault: retry_after must be a finite number of at least 0, not -1",
    ),
    (made(Fault.internal, "\ud800"), "Fault: details contains a lone surrogate"),
    (made(Fault.status, "INTERNAL", trailing={"Bad Key": "x"}), "use only lower-case letters"),
    (made(Fault.status, "INTERNAL", trailing={"k": "ü"}), "must be printable ASCII, not 'ü'"),
    (made(Reply, "\ud800"), "Reply: text contains a lone surrogate"),
    (made(Reply, "ab", chunks=0), "Reply: chunks must be an integer of at least 1, not 0"),
    (made(Reply, "ab", chunks=["a"]), "Reply: chunks must add up to the text when joined"),
    (
        made(Reply, "ab", chunks={"a": 1}.keys()),
        "Reply: chunks must add up to the text when joined",
    ),
    (made(Reply, "x", ttft=-1), "Reply: ttft must be a finite number of at least 0, not -1"),
    (made(Reply, "x", tps=0), "Reply: tps must be a finite number greater than 0, not 0"),
    (made(Reply, "x", tps=NAN), "not nan"),
    (made(Reply, "x", jitter=NAN), "Reply: jitter must be a finite number of at least 0, not nan"),
    (
        made(Reply, "x", finish="stopp"),
        "Reply: finish must be one of 'stop', ... not 'stopp'; did you mean 'stop'?",
    ),
    (
        made(Reply, "x", cost_ticks=-2),
        "Reply: cost_ticks must be an integer from -1 to 9223372036854775807, not -2",
    ),
    (
        made(Reply, "x", usage={"prompt_tokens": -1}),
        "Reply: usage['prompt_tokens'] must be an integer from 0 to 2147483647, not -1",
    ),
    (
        made(Reply, "x", files=[("a",)]),
        "Reply: files[0] must be a pair (file id, name), not ('a',)",
    ),
    (made(Reply.json, NAN), "Reply.json: value cannot be written as JSON: Out of range float"),
    (
        made(Reply.searched, "q", tool="web_serch"),
        "Reply.searched: tool must be one of 'web_search', 'x_search', not 'web_serch'; "
        "did you mean 'web_search'?",
    ),
    (made(FunctionCall, ""), "FunctionCall: name is empty"),
    (
        made(ServerToolCall, "web_serch"),
        "ServerToolCall: tool must be one of 'web_search', "
        "... not 'web_serch'; did you mean 'web_search'?",
    ),
    (rule("replies"), "replies() needs at least one reply"),
    (rule("times", -1), "times(): count must be an integer of at least 0, not -1"),
    (
        told("rate_limit", requests=0),
        "rate_limit: requests must be a finite number greater than 0, not 0",
    ),
    (
        told("rate_limit", tokens=NAN),
        "rate_limit: tokens must be a finite number greater than 0, not nan",
    ),
    (
        told("rate_limit", burst=-1),
        "rate_limit: burst must be a finite number greater than 0, not -1",
    ),
    (
        told("deferred", ready_after_polls=-1),
        "ready_after_polls must be an integer of at least 0, not -1",
    ),
    (told("deferred", failed=True, expired=True), "failed and expired are both True"),
    (
        skip(days=-1),
        "clock.skip: days must be a finite number of at least 0, not -1",
    ),
    (
        skip(hours=NAN),
        "clock.skip: hours must be a finite number of at least 0, not nan",
    ),
    (skip(days=1e9), "clock.skip: the clock cannot pass the year 9999"),
    (
        told("create_key", models=["grok-33"]),
        "create_key: models must be one of 'grok-4-0709', "
        "... not 'grok-33'; did you mean 'grok-3'?",
    ),
    (
        made(match.re, "("),
        "match.re: pattern '(' is not a valid regular expression: missing ), unterminated",
    ),
    (made(match.size, 0, 5), "match.size: width must be an integer of at least 1, not 0"),
    (
        made(match.format, "JPGE"),
        "match.format: name must be one of 'JPEG', ... not 'JPGE'; did you mean 'JPEG'?",
    ),
    (
        made(match.detail, "hihg"),
        "match.detail: level must be one of 'auto', 'low', 'high', not 'hihg'; ... mean 'high'?",
    ),
    (made(match.sha256, "abc"), "digest must be 64 hex digits"),
    (
        made(match.near, b"no picture"),
        "match.near: image cannot be opened: Invalid JPEG image: the data is not an image.",
    ),
    (
        made(match.near, b"", max_distance=-1),
        "max_distance must be a finite number of at least 0 and at most 100, not -1",
    ),
    (
        made(FakeServer, unmatched="eror"),
        "unmatched must be one of 'default', 'error', not 'eror'; did you mean 'error'?",
    ),
    (made(FakeServer, keep_calls=0), "keep_calls must be an integer of at least 1, not 0"),
    (made(FakeServer, max_threads=-1), "max_threads must be an integer of at least 1, not -1"),
    (
        made(FakeServer, keep_stored_days=NAN),
        "keep_stored_days must be a finite number of at least 0 and at most 1,000,000, not nan",
    ),
    (
        made(FakeServer, image_formats=["JPG"]),
        "image_formats must be one of 'JPEG', ... not 'JPG'; did you mean 'JPEG'?",
    ),
    (made(FakeServer, image_formats=()), "image_formats is empty"),
    (made(FakeServer, port=-1), "FakeServer: port must be an integer from 0 to 65535, not -1"),
    (
        made(FakeServer, port=65_536),
        "FakeServer: port must be an integer from 0 to 65535, not 65536",
    ),
    (made(FakeServer, port=5, http_port=5), "port and http_port must differ"),
    (
        made(FakeServer, host="localhost:50051"),
        "host must be an address of this machine, without a",
    ),
    (made(FakeServer, host=""), "host must be an address of this machine"),
    (made(FakeServer, api_key=""), "api_key must be printable ASCII without spaces, and not empty"),
    (
        made(FakeServer, api_key="a b"),
        "api_key must be printable ASCII without spaces, and not empty",
    ),
    (
        made(ServiceError, "ABORT", "x"),
        "ServiceError: code must be one of 'CANCELLED', ... not 'ABORT'; did you mean 'ABORTED'?",
    ),
    (made(ServiceError, "OK", "x"), "ServiceError: code must be one of 'CANCELLED', ... not 'OK'"),
]


def assert_says(error, words):
    """The message has the words; " ... " among them stands for any text, as of a long list."""
    pattern = ".*".join(map(re.escape, words.split(" ... ")))
    assert re.search(pattern, str(error), re.DOTALL), f"{words!r} is not in {str(error)!r}"


def cases(rows):
    return pytest.mark.parametrize(("wrong", "words"), rows, ids=readable)


@cases(MISSPELT + WRONG_KINDS)
def test_a_wrong_kind_is_a_type_error(server, wrong, words):
    with pytest.raises(TypeError) as caught:
        wrong(server)
    assert_says(caught.value, words)


@cases(WRONG_VALUES)
def test_a_wrong_value_is_a_value_error(server, wrong, words):
    with pytest.raises(ValueError) as caught:
        wrong(server)
    assert_says(caught.value, words)


def test_a_key_is_not_shown_in_an_error():
    with pytest.raises(ValueError) as caught:
        FakeServer(api_key="secret key of mine")
    assert "secret" not in str(caught.value)


def test_what_is_refused_leaves_nothing_behind():
    with FakeServer(tcp_proxy=False) as server, open_caller(server) as caller:
        for wrong in (fault(Fault.internal(), rate=2), fault(Fault.reset_connection(), next=0)):
            with pytest.raises(ValueError):
                wrong(server)
        with pytest.raises(ValueError):
            server.rate_limit(requests=-1)
        with pytest.raises(TypeError):
            server.on(promt="x")
        assert caller.text("Hi")
        assert not server._state.tcp_proxy
        assert server.problems() == []


def test_matchers_of_everything_and_of_tools(server):
    for name in ("prompt", "model", "image", "images", "tools", "schema", "method"):
        server.on(**{name: match.any})
        server.on(**{name: match.none | match.predicate(bool)})
    server.on(metadata={"x": match.none, "y-bin": b"\xff", "z": match.equals("a")})
    server.on(method=("POST /v1/responses", "GetCompletion"), tools=match.re("^get_"))
    server.clear()


def test_lists_are_taken_for_tuples_and_whole_numbers_of_any_kind():
    import numpy

    server = FakeServer(image_formats=["JPEG", "WEBP"], seed=numpy.int64(3))
    assert server.settings.image_formats == ("JPEG", "WEBP")
    assert Reply("ab", chunks=numpy.int32(2)).chunks == 2
    assert Fault.latency(numpy.float64(0.5)).seconds == 0.5
