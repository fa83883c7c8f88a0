"""unmatched="error": faults strike without a rule, and every unmatched call is a problem."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import grpc
import pytest
from google.protobuf.message import DecodeError

from tests.testing.grpc_calls import open_caller, read_stream, request
from tests.testing.waiting import LIMIT, until
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, Reply, ServiceError

SOON = 0.5  # The deadline of calls that get no response; nothing depends on its length.
MATRIX = [
    (Fault.internal("no"), "unary", "INTERNAL"),
    (Fault.internal("no"), "stream", "INTERNAL"),
    (Fault.after_chunks(1, status="ABORTED"), "unary", "ABORTED"),
    (Fault.after_chunks(1, status="ABORTED"), "stream", "ABORTED"),
    (Fault.hang(), "unary", "DEADLINE_EXCEEDED"),
    (Fault.hang(after_chunks=1), "stream", "DEADLINE_EXCEEDED"),
    (Fault.malformed(), "unary", "malformed"),
    (Fault.malformed(after_chunks=1), "stream", "malformed"),
    (Fault.truncated(after_chunks=1), "stream", "truncated"),
    (Fault.reset_connection(), "unary", "UNAVAILABLE"),
    (Fault.reset_connection(after_bytes=150), "unary", "UNAVAILABLE"),
    (Fault.reset_connection(after_bytes=150), "stream", "UNAVAILABLE"),
    (Fault.freeze_connection(), "unary", "DEADLINE_EXCEEDED"),
    (Fault.freeze_connection(after_bytes=150), "stream", "DEADLINE_EXCEEDED"),
]
# An error has so few bytes that it arrives before the other faults are due.
AT_ERRORS = [case for case in MATRIX if not case[0].after_bytes]
ids = [f"{fault.kind}-{fault.chunks}-{fault.after_bytes}-{form}" for fault, form, _ in MATRIX]


@pytest.fixture
def strict():
    with FakeServer(unmatched="error") as running:
        yield running
        running.clear()


def ending(caller, form, timeout):
    """Return the status that a call ends with, "malformed" or "truncated"."""
    stream = form == "stream"
    path = f"/xai_api.Chat/{'GetCompletionChunk' if stream else 'GetCompletion'}"
    invoke = caller.channel.unary_stream if stream else caller.channel.unary_unary
    body = request("Hi").SerializeToString()
    try:
        sent = invoke(path)(body, metadata=caller.metadata, timeout=timeout)
        parts = list(sent) if stream else [sent]
    except grpc.RpcError as error:
        return error.code().name
    kind = chat_pb2.GetChatCompletionChunk if stream else chat_pb2.GetChatCompletionResponse
    try:
        messages = [kind.FromString(part) for part in parts]
    except DecodeError:
        return "malformed"
    return "OK" if messages and messages[-1].outputs[0].finish_reason else "truncated"


@pytest.mark.parametrize(("fault", "form", "expected"), MATRIX, ids=ids)
def test_faults_strike_without_a_rule(strict, fault, form, expected):
    check_fault(strict, fault, form, expected)


@pytest.mark.parametrize(("fault", "form", "expected"), AT_ERRORS)
def test_faults_strike_the_error_of_a_rule(strict, fault, form, expected):
    def fail(call):
        raise ServiceError("NOT_FOUND", "not the fault")

    strict.on().side_effect(fail).optional()
    check_fault(strict, fault, form, expected)


def check_fault(strict, fault, form, expected):
    handle = strict.fault(fault, next=1)
    with open_caller(strict) as caller:
        timeout = SOON if expected == "DEADLINE_EXCEEDED" else LIMIT
        status = ending(caller, form, timeout)
    assert handle.fired == 1
    assert strict.calls.last.faults == (fault,)
    assert status == expected
    assert strict.calls.last.wait(LIMIT)
    assert strict.problems() == []


@pytest.mark.parametrize("path", ["responses", "chat/completions"])
@pytest.mark.parametrize(
    ("fault", "form", "expected"),
    [
        *(
            case
            for form in ("unary", "stream")
            for case in (
                (Fault.internal("no"), form, 500),
                (Fault.hang(), form, TimeoutError),
                (Fault.malformed(), form, "malformed"),
                (Fault.reset_connection(), form, ConnectionError),
                (Fault.freeze_connection(), form, TimeoutError),
            )
        ),
        (Fault.truncated(after_chunks=1), "stream", "truncated"),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_faults_strike_over_rest(strict, fault, expected, path, form):
    pytest.importorskip("uvicorn")
    strict.fault(fault, next=1)
    timeout = SOON if expected is TimeoutError else LIMIT
    assert post(strict, path, form, timeout) == expected
    assert strict.calls.last.faults == (fault,)
    assert strict.problems() == []


def post(server, path, form, timeout):
    """Return the HTTP status of an error, the type of an exception, or what is wrong."""
    message = [{"role": "user", "content": "Hi"}]
    key = "input" if path == "responses" else "messages"
    body = {"model": "grok-4", key: message, "stream": form == "stream"}
    headers = {"authorization": f"Bearer {server.api_key}", "content-type": "application/json"}
    http = urllib.request.Request(
        f"{server.http_url}/{path}", json.dumps(body).encode(), headers, method="POST"
    )
    try:
        with urllib.request.urlopen(http, timeout=timeout) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except TimeoutError:
        return TimeoutError
    except (ConnectionError, urllib.error.URLError):
        return ConnectionError
    if form == "stream":
        broken = '"content": "\n' in text
        return "malformed" if broken else ("OK" if "[DONE]" in text else "truncated")
    try:
        json.loads(text)
    except ValueError:
        return "malformed"
    return "OK"


@pytest.mark.parametrize("form", ["unary", "stream"])
def test_latency_delays_the_error_and_excuses_nothing(strict, form):
    handle = strict.fault(Fault.latency(0.01), next=1)
    with open_caller(strict) as caller:
        assert ending(caller, form, LIMIT) == "FAILED_PRECONDITION"
    assert handle.fired == 1
    (problem,) = strict.problems()
    assert "'Hi', FAILED_PRECONDITION> matched no rule, and unmatched='error' is set" in problem


def test_latency_reaches_a_client_with_a_deadline(strict):
    strict.fault(Fault.latency(1000))
    with open_caller(strict) as caller:
        assert caller.expect_error("Hi", timeout=SOON)[0] == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("form", ["unary", "stream"])
def test_a_fault_that_comes_after_the_end_excuses_nothing(strict, form):
    strict.fault(Fault.reset_connection(after_bytes=10**6), next=1)
    with open_caller(strict) as caller:
        assert ending(caller, form, LIMIT) == "OK"
    (problem,) = strict.problems()
    assert "'Hi', OK> matched no rule" in problem


@pytest.mark.parametrize("method", ["sample", "stream"])
def test_an_unmatched_call_is_a_problem_even_if_the_program_hides_it(strict, method):
    strict.on(prompt="Hello").reply("x").optional()
    with open_caller(strict) as caller, pytest.raises(grpc.RpcError) as caught:
        list(getattr(caller, method)("Hi")) if method == "stream" else caller.sample("Hi")
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(AssertionError) as failed:
        strict.verify()
    assert str(failed.value).startswith("<Call GetCompletion")
    assert str(failed.value).endswith(
        "matched no rule, and unmatched='error' is set. "
        "Nearest: on(prompt='Hello'): prompt='Hello', but it is 'Hi'."
    )


def test_a_call_beyond_times_is_a_problem(strict):
    strict.on(prompt="Hi").reply("x").times(1)
    with open_caller(strict) as caller:
        assert caller.text("Hi") == "x"
        status, details = caller.expect_error("Hi")
        assert (status, "times(1) is used up" in details) == ("FAILED_PRECONDITION", True)
        caller.expect_error("Hi")
        caller.expect_error("other")
    excess, unmatched = strict.problems()
    assert "was to answer 1 call, but 2 more calls arrived that no other rule answers" in excess
    assert excess.endswith("'Hi', FAILED_PRECONDITION>, which was refused.")
    assert "'other', FAILED_PRECONDITION> matched no rule" in unmatched


def test_many_unmatched_calls_are_counted(strict):
    with open_caller(strict) as caller:
        for number in range(13):
            caller.expect_error(f"Hi {number}")
    problems = strict.problems()
    assert len(problems) == 11
    assert "There are no rules" in problems[0]
    assert problems[-1] == "3 other calls matched no rule."


@pytest.mark.parametrize("unmatched", ["default", "error"])
def test_a_withheld_excess_call_counts_when_it_is_retried(unmatched):
    with FakeServer(unmatched=unmatched) as server, open_caller(server) as caller:
        server.on().reply("x").times(1)
        assert caller.text("Hi") == "x"
        server.fault(Fault.malformed(), next=1)
        assert caller.expect_error("Hi")[0] == "INTERNAL"
        until(lambda: server.calls[-1].status != "")
        assert server.problems() == []
        _ = caller.text("Hi") if unmatched == "default" else caller.expect_error("Hi")
        assert "but 1 more call arrived" in server.problems()[0]
        server.clear()
        assert server.problems() == []


def test_a_status_comes_after_a_hang_of_the_test(strict):
    """The rule's own fault does not replace the fault of server.fault."""
    strict.on().reply(Fault.internal("of the rule"))
    strict.fault(Fault.malformed(), next=1)
    with open_caller(strict) as caller:
        assert ending(caller, "unary", LIMIT) == "malformed"
        assert caller.expect_error("Hi") == ("INTERNAL", "of the rule")


def test_faults_strike_errors_of_other_methods(strict):
    strict.fault(Fault.malformed(), next=1)
    strict.fault(Fault.hang(), next=1)
    get = chat_pb2.GetStoredCompletionRequest(response_id="missing")
    with open_caller(strict) as caller:
        raw = caller.channel.unary_unary("/xai_api.Chat/GetStoredCompletion")
        assert raw(get.SerializeToString(), metadata=caller.metadata).startswith(b"\x0a\xff")
        with pytest.raises(grpc.RpcError) as caught:
            raw(get.SerializeToString(), metadata=caller.metadata, timeout=SOON)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        with pytest.raises(grpc.RpcError) as caught:
            raw(get.SerializeToString(), metadata=caller.metadata)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_the_log_names_the_fault_and_that_no_rule_matched(strict):
    strict.fault(Fault.malformed(), next=1)
    with open_caller(strict) as caller:
        caller.expect_error("Hi")
    assert "it got Fault('malformed'" in strict.calls.summary()
    assert "and no rule answered it. There are no rules." in strict.calls.summary()


def test_faulty_replies_of_rules_are_matched(strict):
    strict.on().replies(Reply("one two", chunks=2)).times(1)
    strict.fault(Fault.truncated(), next=1)
    with open_caller(strict) as caller:
        assert read_stream(caller)[0] == ["one"]
        assert read_stream(caller)[0] == ["one", " two", ""]
