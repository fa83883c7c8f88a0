"""Invalid arguments raise an error of the right type at once, with a helpful message."""

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
    """A server that is not started: these errors need no port."""
    return FakeServer(unused="allow")


def on(**conditions):
    return lambda server: server.on(**conditions)


def fault(*args, **kwargs):
    return lambda server: server.fault(*(args or (Fault.hang(),)), **kwargs)


def where(**conditions):
    return lambda server: server.calls.where(**conditions)


def call(function, *args, **kwargs):
    return lambda server: function(*args, **kwargs)


def on_rule(name, /, *args, **kwargs):
    return lambda server: getattr(server.on(), name)(*args, **kwargs)


def on_server(name, /, *args, **kwargs):
    return lambda server: getattr(server, name)(*args, **kwargs)


def skip(**units):
    return lambda server: server.clock.skip(**units)


MISSPELLED = [
    (
        call(match.contains, "x", cas=True),
        "match.contains() does not accept 'cas'; did you mean 'case'?",
    ),
    (on(promt="x"), "on() does not accept 'promt'; did you mean 'prompt'?"),
    (on(priorty=1), "on() does not accept 'priorty'; did you mean 'priority'?"),
    (
        on(hue=1),
        "on() does not accept 'hue'. Known are prompt, system, messages, turn, tool_result, model,",
    ),
    (fault(nxt=2), "fault() does not accept 'nxt'; did you mean 'next'?"),
    (where(stat="OK"), "where() does not accept 'stat'; did you mean 'status'?"),
    (
        lambda s: s.calls.assert_called(time=1),
        "assert_called() does not accept 'time'; did you mean 'times'",
    ),
    (
        call(Fault.unavailable, trailin={}),
        "Fault.unavailable() does not accept 'trailin'; did you mean 'trailing'?",
    ),
    (
        call(Fault.latency, 1, jiter=1),
        "Fault.latency() does not accept 'jiter'; did you mean 'jitter'?",
    ),
    (call(Fault, "hang", chunk=1), "Fault.__init__() got an unexpected keyword argument 'chunk'"),
    (
        call(Reply, "x", resoning="y"),
        "Reply.__init__() got an unexpected keyword argument 'resoning'",
    ),
    (on_rule("reply", "x", chunk=2), "Reply does not accept 'chunk'; did you mean 'chunks'?"),
    (on_rule("reply_json", 1, ttf=2), "Reply does not accept 'ttf'; did you mean 'ttft'?"),
    (
        call(Reply, "x", usage={"prompt_token": 1}),
        "Reply: usage does not accept 'prompt_token'; did you mean 'prompt_tokens'?",
    ),
    (
        call(Reply, "x", debug={"attempt": 1}),
        "Reply: debug does not accept 'attempt'; did you mean 'attempts'?",
    ),
    (
        call(FunctionCall, "f", argument={}),
        "FunctionCall.__init__() got an unexpected keyword argument 'argument'",
    ),
    (
        call(ServerToolCall, "mcp", outptu=""),
        "ServerToolCall.__init__() got an unexpected keyword argument 'outptu'",
    ),
    (
        on_server("rate_limit", request=1),
        "rate_limit() does not accept 'request'; did you mean 'requests'?",
    ),
    (
        on_server("deferred", ready_after=1),
        "deferred() does not accept 'ready_after'; did you mean 'ready_after_p",
    ),
    (skip(day=1), "clock.skip() does not accept 'day'; did you mean 'days'?"),
    (
        on_server("create_key", visoin=False),
        "create_key() does not accept 'visoin'; did you mean 'vision'?",
    ),
    (on_server("tenant", sede=1), "tenant() does not accept 'sede'; did you mean 'seed'?"),
    (
        call(FakeServer, unmatchd="error"),
        "FakeServer() does not accept 'unmatchd'; did you mean 'unmatched'",
    ),
    (call(FakeServer, prot=1), "FakeServer() does not accept 'prot'; did you mean 'port'?"),
    (call(Settings, sede=1), "Settings.__init__() got an unexpected keyword argument 'sede'"),
]
WRONG_TYPES = [
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
    (on(schema="x"), "schema must be a dict, not 'x'"),
    (
        on(schema=match.contains("x")),
        "schema is a JSON value, but match.contains('x') matches a string. Use match.predicate",
    ),
    (on(metadata=["x"]), "metadata must be a dict, not ['x']"),
    (on(metadata={"x": 5}), "metadata['x'] must be a str or a matcher, not 5"),
    (on(metadata={5: "x"}), "a key of metadata must be a string, not 5"),
    (on(stream=1), "stream must be True or False, not 1"),
    (on(method=5), "method must be a list of strings, not 5"),
    (on(when=match.any), "when must be a function of the call, not match.any"),
    (on(status="OK"), "on() does not accept 'status'. A call has no status before its end"),
    (on(priority="high"), "priority must be an integer, not 'high'"),
    (fault(status="OK"), "fault() does not accept 'status'. A call has no status before its end"),
    (fault("UNAVAILABLE"), "must be a Fault, not 'UNAVAILABLE'"),
    (fault(Fault.hang), "fault: the function Fault.hang is not a Fault. Call it: Fault.hang()"),
    (fault(next="1"), "fault: next must be an integer, not '1'"),
    (fault(after=1.5), "fault: after must be an integer, not 1.5"),
    (fault(rate="0.1"), "fault: rate must be a number, not '0.1'"),
    (where(status=5), "status must be a str or a matcher, not 5"),
    (lambda s: s.calls.assert_called("x"), "times must be an integer, not 'x'"),
    (lambda s: s.calls.wait_for("x"), "count must be an integer, not 'x'"),
    (
        on_server("explain", "x"),
        "explain(): call must be a Call, such as server.calls.last, not 'x'",
    ),
    (
        call(Fault.status, 14),
        "Fault: status must be one of 'CANCELLED', ... not 14",
    ),
    (call(Fault.internal, 5), "Fault: details must be a string, not int"),
    (call(Fault.latency, "1"), "Fault: seconds must be a number, not '1'"),
    (call(Fault.after_chunks, None), "count must be an integer, not None"),
    (call(Fault.reset_connection, after_bytes=1.5), "after_bytes must be an integer, not 1.5"),
    (call(Fault.rate_limited, "soon"), "retry_after must be a number, not 'soon'"),
    (call(Fault.status, "INTERNAL", trailing=[("a", "b")]), "trailing must be a dict"),
    (call(Fault.status, "INTERNAL", trailing={"k": 5}), "trailing['k'] must be a string, not int"),
    (
        call(Fault.status, "INTERNAL", trailing={"k-bin": "x"}),
        'bytes, because its key ends with "-bin"',
    ),
    (call(Reply, 5), "Reply: text must be a string, not int"),
    (call(Reply, b"x"), "Reply: text must be a string, not bytes. Call .decode() on it"),
    (call(Reply, "x", reasoning=5), "Reply: reasoning must be a string, not int"),
    (
        call(Reply, "x", tool_calls=["f"]),
        "tool_calls[0] must be a FunctionCall, not 'f'",
    ),
    (
        call(Reply, "x", steps=ServerToolCall("mcp")),
        "Reply: steps must be a list, not ServerToolCall(",
    ),
    (
        call(Reply, "x", citations="https://e.x"),
        "Reply: citations must be a list of strings, not a string. Pass ['https://e.x']",
    ),
    (
        call(Reply, "x", chunks="x"),
        "Reply: chunks must be a list of strings, not a string. Pass ['x']",
    ),
    (call(Reply, "x", chunks=True), "Reply: chunks must be an integer, not True"),
    (call(Reply, "x", tps="40"), "Reply: tps must be a number, not '40'"),
    (
        call(Reply, "x", finish=5),
        "Reply: finish must be one of 'stop', ... not 5",
    ),
    (call(Reply, "x", usage=None), "Reply: usage must be a dict, not None"),
    (call(Reply, "x", debug=None), "Reply: debug must be a dict, not None"),
    (call(Reply, "x", usage=5), "Reply: usage must be a dict, not 5"),
    (call(Reply, "x", usage={"prompt_tokens": 1.5}), "must be an integer, not 1.5"),
    (call(Reply, "x", debug={"attempts": "x"}), "Reply: debug['attempts']"),
    (call(Reply, "x", files=["ab"]), "files[0] must be a pair (file id, name), not 'ab'"),
    (call(Reply.json, {1, 2}), "Reply.json: value cannot be written as JSON: Object of type set"),
    (call(Reply.searched, 5), "Reply.searched: query must be a string, not int"),
    (
        call(Reply.searched, "q", views="x"),
        "Reply.searched: views must be a list of strings, not a string. Pass ['x']",
    ),
    (call(Reply.tool_call, 5), "FunctionCall: name must be a string, not int"),
    (
        call(FunctionCall, "f", {"a": {1}}),
        "FunctionCall: arguments cannot be written as JSON: Object of type set is not JSON",
    ),
    (call(ServerToolCall, "mcp", failed=1), "ServerToolCall: failed must be True or False, not 1"),
    (on_rule("reply", 5), "a reply must be a Reply, a Fault or a str, not 5"),
    (
        on_rule("reply", Fault.hang(), chunks=2),
        "reply(): a Fault does not accept fields of a Reply: chunks",
    ),
    (
        on_rule("side_effect", "x"),
        "side_effect() needs a function of the call, not 'x'. Use reply() for a fixed reply.",
    ),
    (on_rule("fault", "x"), "fault() needs a Fault, not 'x'"),
    (on_rule("times", "1"), "times(): count must be an integer, not '1'"),
    (on_rule("times", 1.0), "times(): count must be an integer, not 1.0"),
    (on_server("rate_limit", requests="5"), "rate_limit: requests must be a number, not '5'"),
    (on_server("deferred", failed=1), "deferred: failed must be True or False, not 1"),
    (skip(days="1"), "clock.skip: days must be a number, not '1'"),
    (
        on_server("create_key", models="grok-3"),
        "create_key: models must be a list of strings, not a string. Pass ['grok-3']",
    ),
    (
        on_server("create_key", blocked="yes"),
        "create_key: blocked must be True or False, not 'yes'",
    ),
    (on_server("create_key", name=5), "create_key: name must be a string, not int"),
    (call(match.contains, ["a"]), "match.contains: part must be a string, not list"),
    (call(match.contains, "a", case=1), "match.contains: case must be True or False, not 1"),
    (call(match.startswith, None), "match.startswith: prefix must be a string, not NoneType"),
    (call(match.re, 5), "match.re: pattern must be a string, not int"),
    (call(match.size, "640", 480), "match.size: width must be an integer, not '640'"),
    (
        call(match.near, "photo.jpg"),
        "match.near: image must be the bytes of a file, or an image of a call, not 'photo.jpg'",
    ),
    (
        call(match.near, b"", max_distance="x"),
        "match.near: max_distance must be a number, not 'x'",
    ),
    (call(match.predicate, 5), "match.predicate needs a function, not 5"),
    (call(match.format, 5), "match.format: name must be a string, not int"),
    (
        call(match.sha256, 5),
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
    (call(FakeServer, seed="7"), "seed must be an integer, not '7'"),
    (call(FakeServer, fixed_ids=1), "fixed_ids must be True or False, not 1"),
    (
        call(FakeServer, image_formats="JPEG"),
        "image_formats must be a list of strings, not a string. Pass ['JPEG']",
    ),
    (call(FakeServer, unmatched=None), "unmatched must be one of 'default', 'error', not None"),
    (call(FakeServer, tls="yes"), "FakeServer: tls must be True or False, not 'yes'"),
    (call(FakeServer, {}), "FakeServer: settings must be Settings, not {}"),
    (call(FakeServer, port="50051"), "FakeServer: port must be an integer, not '50051'"),
    (call(FakeServer, host=5), "FakeServer: host must be a string, not int"),
    (call(FakeServer, api_key=5), "api_key must be a str, not int"),
    (lambda s: s.urls.update({5: b"x"}), "an address must be a string, not 5"),
    (lambda s: s.urls.update({"https://e.x": 5}), "not 5"),
    (
        call(ServiceError, 5, "x"),
        "ServiceError: code must be one of 'CANCELLED', ... not 5",
    ),
]
WRONG_VALUES = [
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
        call(Fault.status, "UNAVAILABEL"),
        "Fault: status must be one of 'CANCELLED', "
        "... not 'UNAVAILABEL'; did you mean 'UNAVAILABLE'?",
    ),
    (call(Fault.status, "OK"), "Fault: status must be one of 'CANCELLED', ... not 'OK'"),
    (call(Fault.after_chunks, -1), "count must be an integer of at least 0, not -1"),
    (
        call(Fault.after_chunks, 1, status="NO"),
        "Fault: status must be one of 'CANCELLED', ... not 'NO'",
    ),
    (call(Fault.latency, -1), "Fault: seconds must be a finite number of at least 0, not -1"),
    (call(Fault.latency, NAN), "not nan"),
    (
        call(Fault.latency, 1, jitter=math.inf),
        "Fault: jitter must be a finite number of at least 0, not inf",
    ),
    (
        call(Fault.hang, after_chunks=-1),
        "Fault: after_chunks must be an integer of at least 0, not -1",
    ),
    (
        call(Fault.reset_connection, after_bytes=-1),
        "after_bytes must be an integer of at least 0, not -1",
    ),
    (
        call(Fault.rate_limited, retry_after=-1),
        "Fault: retry_after must be a finite number of at least 0, not -1",
    ),
    (call(Fault.internal, "\ud800"), "Fault: details contains a lone surrogate"),
    (call(Fault.status, "INTERNAL", trailing={"Bad Key": "x"}), "use only lower-case letters"),
    (call(Fault.status, "INTERNAL", trailing={"k": "ü"}), "must be printable ASCII, not 'ü'"),
    (call(Reply, "\ud800"), "Reply: text contains a lone surrogate"),
    (call(Reply, "ab", chunks=0), "Reply: chunks must be an integer of at least 1, not 0"),
    (call(Reply, "ab", chunks=["a"]), "Reply: chunks must add up to the text when joined"),
    (
        call(Reply, "ab", chunks={"a": 1}.keys()),
        "Reply: chunks must add up to the text when joined",
    ),
    (call(Reply, "x", ttft=-1), "Reply: ttft must be a finite number of at least 0, not -1"),
    (call(Reply, "x", tps=0), "Reply: tps must be a finite number greater than 0, not 0"),
    (call(Reply, "x", tps=NAN), "not nan"),
    (call(Reply, "x", jitter=NAN), "Reply: jitter must be a finite number of at least 0, not nan"),
    (
        call(Reply, "x", finish="stopp"),
        "Reply: finish must be one of 'stop', ... not 'stopp'; did you mean 'stop'?",
    ),
    (
        call(Reply, "x", cost_ticks=-2),
        "Reply: cost_ticks must be an integer from -1 to 9223372036854775807, not -2",
    ),
    (
        call(Reply, "x", usage={"prompt_tokens": -1}),
        "Reply: usage['prompt_tokens'] must be an integer from 0 to 2147483647, not -1",
    ),
    (
        call(Reply, "x", files=[("a",)]),
        "Reply: files[0] must be a pair (file id, name), not ('a',)",
    ),
    (call(Reply.json, NAN), "Reply.json: value cannot be written as JSON: Out of range float"),
    (
        call(Reply.searched, "q", tool="web_serch"),
        "Reply.searched: tool must be one of 'web_search', 'x_search', not 'web_serch'; "
        "did you mean 'web_search'?",
    ),
    (call(FunctionCall, ""), "FunctionCall: name is empty"),
    (
        call(ServerToolCall, "web_serch"),
        "ServerToolCall: tool must be one of 'web_search', "
        "... not 'web_serch'; did you mean 'web_search'?",
    ),
    (on_rule("replies"), "replies() needs at least one reply"),
    (on_rule("times", -1), "times(): count must be an integer of at least 0, not -1"),
    (
        on_server("rate_limit", requests=0),
        "rate_limit: requests must be a finite number greater than 0, not 0",
    ),
    (
        on_server("rate_limit", tokens=NAN),
        "rate_limit: tokens must be a finite number greater than 0, not nan",
    ),
    (
        on_server("rate_limit", burst=-1),
        "rate_limit: burst must be a finite number greater than 0, not -1",
    ),
    (
        on_server("deferred", ready_after_polls=-1),
        "ready_after_polls must be an integer of at least 0, not -1",
    ),
    (on_server("deferred", failed=True, expired=True), "failed and expired are both True"),
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
        on_server("create_key", models=["grok-33"]),
        "create_key: models: The server has no model 'grok-33'; did you mean 'grok-3'? "
        "server.models.add('grok-33') adds it.",
    ),
    (
        call(match.re, "("),
        "match.re: pattern '(' is not a valid regular expression: missing ), unterminated",
    ),
    (call(match.size, 0, 5), "match.size: width must be an integer of at least 1, not 0"),
    (
        call(match.format, "JPGE"),
        "match.format: name must be one of 'JPEG', ... not 'JPGE'; did you mean 'JPEG'?",
    ),
    (
        call(match.detail, "hihg"),
        "match.detail: level must be one of 'auto', 'low', 'high', not 'hihg'; ... mean 'high'?",
    ),
    (call(match.sha256, "abc"), "digest must be 64 hex digits"),
    (
        call(match.near, b"not an image"),
        "match.near: image cannot be opened: Invalid JPEG image: the data is not an image.",
    ),
    (
        call(match.near, b"", max_distance=-1),
        "max_distance must be a finite number of at least 0 and at most 100, not -1",
    ),
    (
        call(FakeServer, unmatched="eror"),
        "unmatched must be one of 'default', 'error', not 'eror'; did you mean 'error'?",
    ),
    (call(FakeServer, keep_calls=0), "keep_calls must be an integer of at least 1, not 0"),
    (call(FakeServer, max_threads=-1), "max_threads must be an integer of at least 1, not -1"),
    (
        call(FakeServer, keep_stored_days=NAN),
        "keep_stored_days must be a finite number of at least 0 and at most 1,000,000, not nan",
    ),
    (
        call(FakeServer, image_formats=["JPG"]),
        "image_formats must be one of 'JPEG', ... not 'JPG'; did you mean 'JPEG'?",
    ),
    (call(FakeServer, image_formats=()), "image_formats is empty"),
    (call(FakeServer, port=-1), "FakeServer: port must be an integer from 0 to 65535, not -1"),
    (
        call(FakeServer, port=65_536),
        "FakeServer: port must be an integer from 0 to 65535, not 65536",
    ),
    (call(FakeServer, port=5, http_port=5), "port and http_port must differ"),
    (
        call(FakeServer, host="localhost:50051"),
        "host must be an address of this machine, without a",
    ),
    (call(FakeServer, host=""), "host must be an address of this machine"),
    (call(FakeServer, api_key=""), "api_key must be printable ASCII without spaces, and not empty"),
    (
        call(FakeServer, api_key="a b"),
        "api_key must be printable ASCII without spaces, and not empty",
    ),
    (
        call(ServiceError, "ABORT", "x"),
        "ServiceError: code must be one of 'CANCELLED', ... not 'ABORT'; did you mean 'ABORTED'?",
    ),
    (call(ServiceError, "OK", "x"), "ServiceError: code must be one of 'CANCELLED', ... not 'OK'"),
]


def assert_says(error, expected):
    """Check that a message contains a text; " ... " stands for any text, such as a long list."""
    pattern = ".*".join(map(re.escape, expected.split(" ... ")))
    assert re.search(pattern, str(error), re.DOTALL), f"{expected!r} is not in {str(error)!r}"


def cases(rows):
    return pytest.mark.parametrize(("wrong", "message"), rows, ids=readable)


@cases(MISSPELLED + WRONG_TYPES)
def test_a_wrong_type_is_a_type_error(server, wrong, message):
    with pytest.raises(TypeError) as caught:
        wrong(server)
    assert_says(caught.value, message)


@cases(WRONG_VALUES)
def test_a_wrong_value_is_a_value_error(server, wrong, message):
    with pytest.raises(ValueError) as caught:
        wrong(server)
    assert_says(caught.value, message)


def test_a_key_is_not_shown_in_an_error():
    with pytest.raises(ValueError) as caught:
        FakeServer(api_key="secret key of mine")
    assert "secret" not in str(caught.value)


def test_a_rejected_argument_changes_nothing():
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


def test_general_matchers_for_every_condition(server):
    for name in ("prompt", "model", "image", "images", "tools", "schema", "method"):
        server.on(**{name: match.any})
        server.on(**{name: match.none | match.predicate(bool)})
    server.on(metadata={"x": match.none, "y-bin": b"\xff", "z": match.equals("a")})
    server.on(method=("POST /v1/responses", "GetCompletion"), tools=match.re("^get_"))
    server.clear()


def test_lists_and_numpy_numbers_are_accepted():
    import numpy

    server = FakeServer(image_formats=["JPEG", "WEBP"], seed=numpy.int64(3))
    assert server.settings.image_formats == ("JPEG", "WEBP")
    assert Reply("ab", chunks=numpy.int32(2)).chunks == 2
    assert Fault.latency(numpy.float64(0.5)).seconds == 0.5
