"""The errors of a server with OpenAI's API become statuses with clear words."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

import grpc
import pytest

from tests.testing.grpc_calls import open_caller, read_stream
from tests.testing.waiting import LIMIT
from xai_vision.proto import sample_pb2
from xai_vision.testing import FakeServer

CHOICE = {"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}


def reply(body, status="200 OK", content_type="application/json", headers=""):
    body = body.encode() if isinstance(body, str) else body
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n{headers}"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def stream(*events, end="data: [DONE]\n\n"):
    lines = "".join(
        f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events
    )
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    return (head + lines + end).encode()


def delta(text="", finish=None, **more):
    return {"choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}


def error_body(message):
    return json.dumps({"error": {"message": message, "type": "x"}})


@contextmanager
def scripted(answer, path="/v1"):
    """Open an HTTP server that sends bytes to every request, and yield a caller in front of it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                receive_request(connection)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
    try:
        with FakeServer(upstream=f"openai:{url}") as server, open_caller(server) as caller:
            caller.url, caller.server = url, server
            yield caller
    finally:
        # Closing alone does not end accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(LIMIT)


def receive_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(65536)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (
            reply(error_body('model "m" not found, try pulling it first'), "404 Not Found"),
            "NOT_FOUND",
            'answered 404 Not Found: model "m" not found, try pulling it first. Does the server',
        ),
        (reply(error_body("slow down"), "429 Too Many"), "RESOURCE_EXHAUSTED", "slow down"),
        (reply(error_body("boom"), "500 Oops"), "INTERNAL", "answered 500 Oops: boom"),
        (reply('{"error": "text only"}', "400 Bad"), "INVALID_ARGUMENT", "text only"),
        (reply('{"detail": "no images"}', "422 Bad"), "INVALID_ARGUMENT", "no images"),
        (reply('{"message": "who?"}', "401 No"), "UNAUTHENTICATED", "who?"),
        (reply("<html>gone</html>", "502 Bad"), "UNAVAILABLE", "answered 502 Bad: <html>gone"),
        (reply("", "503 Busy"), "UNAVAILABLE", "answered 503 Busy: an empty response"),
        (reply("", "302 Found"), "INTERNAL", "answered 302 Found"),
        (reply("", "418 Teapot"), "FAILED_PRECONDITION", "answered 418 Teapot"),
        (reply("<html>hi</html>"), "INTERNAL", "not valid JSON: <html>hi</html>"),
        (reply(b"\xff\xfe"), "INTERNAL", "not valid JSON"),
        (reply("[" * 100_000), "INTERNAL", "not valid JSON"),
        (reply("[]"), "INTERNAL", "not valid: the response must be an object"),
        (reply("{}"), "INTERNAL", "choices must be a list"),
        (reply('{"choices": []}'), "INTERNAL", "choices is empty"),
        (reply('{"choices": [{}]}'), "INTERNAL", "choices[0].message must be an object"),
        (
            reply('{"choices": [{"message": {"content": 7}}]}'),
            "INTERNAL",
            "choices[0].message.content must be a string, not 7",
        ),
        (reply("{}")[:-1], "UNAVAILABLE", "closed the connection before the end of its response"),
        (b"", "UNAVAILABLE", "closed the connection before the end of its response"),
        (b"not HTTP\r\n\r\n", "UNAVAILABLE", "closed the connection before the end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_has_a_status_and_clear_words(answer, status, words):
    with scripted(answer) as caller:
        code, details = caller.expect_error("Hi")
        assert details.startswith(f"The upstream {caller.url} ")
    assert code == status
    assert words in details


def test_a_base_url_without_its_path_gets_a_hint():
    with scripted(reply("404 page not found", "404 Not Found"), path="") as caller:
        assert "404 page not found. Does the base URL end with /v1?" in caller.expect_error("Hi")[1]


def test_a_rate_limit_says_when_to_try_again():
    answer = reply(error_body("slow"), "429 Too Many", headers="retry-after: 7\r\n")
    with scripted(answer) as caller, pytest.raises(grpc.RpcError) as info:
        caller.sample("Hi")
    assert ("retry-after", "7") in [tuple(pair) for pair in info.value.trailing_metadata()]


def test_a_server_that_does_not_run_is_named():
    with FakeServer(upstream="openai:http://127.0.0.1:1/v1") as server, open_caller(server) as c:
        status, details = c.expect_error("Hi")
    assert status == "UNAVAILABLE"
    assert details.startswith("The upstream http://127.0.0.1:1/v1 cannot be reached: ")
    assert details.endswith("Is the program running?")


@pytest.mark.parametrize(
    ("answer", "texts", "status", "words"),
    [
        (
            stream(delta("one "), end=""),
            ["one "],
            "UNAVAILABLE",
            "ended its stream before the end of the response",
        ),
        (
            stream(delta("one "), end="data: [DONE]\n\n"),
            ["one "],
            "UNAVAILABLE",
            "ended its stream before the end of the response",
        ),
        (stream(delta("one "), end='data: {"choi'), ["one "], "INTERNAL", "not valid JSON"),
        (stream(delta("one "), "nonsense"), ["one "], "INTERNAL", "not valid JSON: nonsense"),
        (
            stream(delta("one "), {"error": {"message": "out of memory"}}),
            ["one "],
            "INTERNAL",
            "ended its stream: out of memory",
        ),
        (stream(delta("one "), [1]), ["one "], "INTERNAL", "the chunk must be an object"),
        (stream(end=""), [], "UNAVAILABLE", "ended its stream before the end"),
        (reply('{"choices": []}'), [], "INTERNAL", "sent application/json instead of a stream"),
        (reply(error_body("no"), "404 Not Found"), [], "NOT_FOUND", "answered 404"),
    ],
)
def test_a_stream_that_fails_says_why(answer, texts, status, words):
    with scripted(answer) as caller:
        received, error = read_stream(caller)
    assert received == texts
    assert error.code().name == status
    assert words in error.details()


def test_a_stream_without_an_end_marker_is_complete_with_its_finish_reason():
    answer = stream(": a comment", delta("one"), delta(finish="stop"), end="")
    answer = answer.replace(b"data: : a comment", b": a comment\nevent: x\nid: 7")
    with scripted(answer) as caller:
        assert read_stream(caller) == (["one", ""], None)


def test_a_chunked_body_that_is_cut_is_an_error():
    lines = ["HTTP/1.1 200 OK", "content-type: text/event-stream", "transfer-encoding: chunked"]
    head = "\r\n".join([*lines, "", ""]).encode()
    data = b"data: " + json.dumps(delta("one")).encode() + b"\n\n"
    with scripted(head + b"%x\r\n%s\r\n" % (len(data), data)) as caller:
        texts, error = read_stream(caller)
    assert texts == ["one"]
    assert error.code().name == "UNAVAILABLE"


def test_the_key_of_the_server_is_sent_and_not_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    answer = reply(error_body("wrong key sk-secret-0123456789"), "401 No")
    with scripted(answer) as caller:
        status, details = caller.expect_error("Hi")
        assert "sk-secret" not in details + repr(caller.server.calls.last.to_dict(volatile=True))
    assert status == "UNAUTHENTICATED"


def test_a_minimal_response_is_completed():
    body = {"choices": [{"message": {"content": "Hello"}}]}
    with scripted(reply(json.dumps(body))) as caller:
        response = caller.sample("Hi", model="m")
    assert response.id
    assert response.model == "m"
    assert response.created.seconds
    assert response.outputs[0].message.content == "Hello"
    assert response.outputs[0].finish_reason


def test_parts_of_a_function_call_become_one_call():
    parts = [
        delta(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '": 1}'}}]),
        delta(tool_calls=[{"index": 1, "id": "c2", "function": {"name": "g", "arguments": {}}}]),
        delta(finish="stop"),
    ]
    with scripted(stream(*parts)) as caller:
        chunks = list(caller.stream("Hi"))
    (last,) = [chunk.outputs[0] for chunk in chunks if chunk.outputs[0].delta.tool_calls]
    calls = [(c.id, c.function.name, c.function.arguments) for c in last.delta.tool_calls]
    assert calls == [("c1", "f", '{"a": 1}'), ("c2", "g", "{}")]
    assert last.finish_reason


@pytest.mark.parametrize("is_stream", [False, True])
def test_function_calls_without_ids_get_different_ids(is_stream):
    parts = [{"index": n, "function": {"name": "f", "arguments": "{}"}} for n in (0, 1)]
    if is_stream:
        answer = stream(delta(tool_calls=parts), delta(finish="stop"))
    else:
        choice = {"message": {"content": None, "tool_calls": parts}, "finish_reason": None}
        answer = reply(json.dumps({"choices": [choice]}))
    with scripted(answer) as caller:
        if is_stream:
            (output,) = next(iter(caller.stream("Hi"))).outputs
            calls = output.delta.tool_calls
        else:
            calls = caller.sample("Hi").outputs[0].message.tool_calls
    assert [call.function.name for call in calls] == ["f", "f"]
    assert all(call.id for call in calls)
    assert calls[0].id != calls[1].id


def test_whole_function_calls_with_the_same_index_are_several_calls():
    parts = [
        delta(tool_calls=[{"index": 0, "id": id_, "function": {"name": "f", "arguments": "{}"}}])
        for id_ in ("c1", "c2")
    ]
    with scripted(stream(*parts, delta(finish="stop"))) as caller:
        (chunk,) = caller.stream("Hi")
    calls = chunk.outputs[0].delta.tool_calls
    assert [(c.id, c.function.arguments) for c in calls] == [("c1", "{}"), ("c2", "{}")]


def test_a_new_id_in_each_part_of_a_function_call_is_ignored():
    parts = [
        delta(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a'}}]),
        delta(tool_calls=[{"index": 0, "id": "c2", "function": {"arguments": '": 1}'}}]),
    ]
    with scripted(stream(*parts, delta(finish="stop"))) as caller:
        (chunk,) = caller.stream("Hi")
    calls = chunk.outputs[0].delta.tool_calls
    assert [(c.id, c.function.arguments) for c in calls] == [("c1", '{"a": 1}')]


def test_crlf_empty_events_and_missing_finish_reasons_are_accepted():
    answer = stream(delta("one"), "", delta(), {"choices": []}, delta("two", "stop"))
    with scripted(answer.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) as caller:
        assert read_stream(caller) == (["one", "two"], None)


@pytest.mark.parametrize("reason", [None, 3, ["stop"], {}])
def test_an_unknown_finish_reason_counts_as_stop(reason):
    choice = {"message": {"content": "Hello"}, "finish_reason": reason}
    with scripted(reply(json.dumps({"choices": [choice]}))) as caller:
        assert caller.sample("Hi").outputs[0].finish_reason == sample_pb2.REASON_STOP


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "out of memory"}}, "answered with an error: out of memory"),
        (
            {"choices": [CHOICE | {"logprobs": {"content": [{"token": "a", "bytes": [300]}]}}]},
            "logprobs.content[0].bytes must be a list of integers from 0 to 255",
        ),
        (
            {"choices": [CHOICE | {"logprobs": {"content": [{"token": "a", "bytes": ["a"]}]}}]},
            "logprobs.content[0].bytes must be a list of integers from 0 to 255",
        ),
    ],
)
def test_a_response_that_is_not_valid_is_named(body, words):
    with scripted(reply(json.dumps(body))) as caller:
        status, details = caller.expect_error("Hi")
    assert status == "INTERNAL"
    assert words in details
