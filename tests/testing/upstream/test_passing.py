"""Calls that no rule answers are passed on to another gRPC service."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from tests import sample_images
from tests.testing.grpc_calls import image_part, open_caller, read_stream, request
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer, Fault


def test_a_rule_answers_first_and_the_upstream_the_rest(server, upstream, caller):
    server.on(prompt="local").reply("from the rule")
    upstream.on(prompt="remote").reply("from the upstream")
    assert caller.text("local") == "from the rule"
    assert caller.text("remote") == "from the upstream"
    assert [call.prompt for call in upstream.calls] == ["remote"]
    assert [call.passed_on for call in server.calls] == [False, True]
    assert server.calls[1].response.outputs[0].message.content == "from the upstream"


def test_an_image_arrives_unchanged(server, upstream, caller):
    data = sample_images.sample("photo.jpg")
    upstream.on(image=data).reply("I see it")
    assert caller.text("What is this?", image_part(data)) == "I see it"
    assert server.calls.last.images[0].sha256 == upstream.calls.last.images[0].sha256


def test_a_stream_comes_chunk_by_chunk(server, upstream, caller):
    upstream.on(stream=True).reply("one two three", chunks=["one ", "two ", "three"])
    texts = [chunk.outputs[0].delta.content for chunk in caller.stream("Hi")]
    assert texts == ["one ", "two ", "three", ""]
    record = server.calls.last
    assert record.response.outputs[0].message.content == "one two three"
    assert record.response.usage.completion_tokens
    assert record.chunks_sent == 4


def test_the_first_chunk_does_not_wait_for_the_last(server, upstream, caller):
    upstream.fault(Fault.hang(after_chunks=1))
    upstream.on().reply("one two", chunks=["one ", "two"])
    stream = caller.stream("Hi")
    assert next(stream).outputs[0].delta.content == "one "
    stream.cancel()
    assert upstream.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.wait_cancelled(LIMIT)


def test_an_error_comes_with_its_details_and_trailers(server, upstream, caller):
    trailing = {"retry-after": "7", "x-details-bin": b"\x08\x08"}
    upstream.fault(Fault.status("RESOURCE_EXHAUSTED", "Slow down: 3 requests", trailing=trailing))
    with pytest.raises(grpc.RpcError) as info:
        caller.sample("Hi")
    assert info.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert info.value.details() == "Slow down: 3 requests"
    assert set(trailing.items()) <= {tuple(pair) for pair in info.value.trailing_metadata()}
    assert server.calls.last.status == "RESOURCE_EXHAUSTED"


def test_an_error_within_a_stream_comes_after_its_chunks(upstream, caller):
    upstream.on().reply("one two", chunks=["one ", "two"])
    upstream.fault(Fault.status("INTERNAL", "broken", after_chunks=1))
    texts, error = read_stream(caller)
    assert texts == ["one "]
    assert (error.code().name, error.details()) == ("INTERNAL", "broken")


def test_the_request_id_is_that_of_the_upstream(upstream, caller):
    upstream.on().reply("x")
    _, call = caller.chat.GetCompletion.with_call(
        request("Hi"), metadata=caller.metadata, timeout=LIMIT
    )
    ids = [value for key, value in call.trailing_metadata() if key == "x-request-id"]
    assert len(ids) == 1
    with pytest.raises(grpc.RpcError) as info:
        caller.sample()
    assert len([k for k, _ in info.value.trailing_metadata() if k == "x-request-id"]) == 1


def test_the_metadata_of_the_client_is_passed_on(upstream, caller):
    caller.chat.GetCompletion(
        request("Hi"),
        metadata=(*caller.metadata, ("x-trace", "7"), ("x-b-bin", b"\x00")),
        timeout=LIMIT,
    )
    record = upstream.calls.last
    assert record.header("x-trace") == "7"
    assert record.header("x-b-bin") == b"\x00"


def test_the_deadline_of_the_client_is_passed_on(server, upstream, caller):
    upstream.fault(Fault.hang())
    with pytest.raises(grpc.RpcError) as info:
        caller.sample("Hi", timeout=0.5)
    assert info.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert upstream.calls.last.wait_cancelled(LIMIT)


@pytest.mark.parametrize("stream", [False, True])
def test_a_cancelled_call_is_cancelled_upstream(server, upstream, caller, stream):
    upstream.fault(Fault.hang())
    method = caller.chat.GetCompletionChunk if stream else caller.chat.GetCompletion.future
    call = method(request("Hi"), metadata=caller.metadata, timeout=LIMIT)
    upstream.calls.wait_for(1, timeout=LIMIT)
    call.cancel()
    assert upstream.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert server.calls.last.status == "CANCELLED"


def test_faults_apply_in_front(server, upstream, caller):
    server.fault(Fault.status("UNAVAILABLE", "injected"), next=1)
    assert caller.expect_error("Hi") == ("UNAVAILABLE", "injected")
    assert not upstream.calls
    assert caller.text("Hi")
    assert len(upstream.calls) == 1


def test_a_response_that_nobody_gets_is_not_asked_for(server, upstream, caller):
    server.fault(Fault.malformed(), next=1)
    assert caller.expect_error("Hi")[0] == "INTERNAL"
    assert not upstream.calls


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        (Fault.truncated(after_chunks=99), ["one ", "two"]),
        (Fault.truncated(), ["one "]),
        (Fault.status("INTERNAL", "cut", after_chunks=2), ["one ", "two"]),
        (Fault.status("INTERNAL", "cut", after_chunks=99), ["one ", "two", ""]),
    ],
    ids=repr,
)
def test_faults_cut_a_stream_of_the_upstream(server, upstream, caller, fault, received):
    server.fault(fault)
    upstream.on().reply("one two", chunks=["one ", "two"])
    assert read_stream(caller)[0] == received


def test_a_fault_of_a_rule_takes_the_place_of_the_upstream(server, upstream, caller):
    server.on(prompt="Hi").fault(Fault.status("INTERNAL", "of the rule"))
    assert caller.expect_error("Hi") == ("INTERNAL", "of the rule")
    assert not upstream.calls


def test_the_upstream_judges_what_the_fake_would_refuse(server, upstream, caller):
    upstream.models.add("grok-99")
    assert caller.text("Hi", model="grok-99")
    status, details = caller.expect_error("Hi", image_part(b"no image"))
    assert status == "INVALID_ARGUMENT"
    assert "image" in details
    assert caller.expect_error(model="grok-4")[0] == "INVALID_ARGUMENT"
    assert len(upstream.calls) == 3


def test_a_rule_sees_images_that_only_the_upstream_would_accept(server, caller):
    webp = sample_images.sample("photo.webp")
    server.on(image=webp).reply("a WebP image")
    assert caller.text("Hi", image_part(webp)) == "a WebP image"
    server.on(prompt="url").reply("unknown URL")
    assert caller.text("url", image_part("https://example.com/unknown.png")) == "unknown URL"


def test_an_upstream_that_cannot_be_reached_is_named():
    with FakeServer(upstream="localhost:1", upstream_key="k") as server, open_caller(server) as c:
        status, details = c.expect_error("Hi")
    assert status == "UNAVAILABLE"
    assert details.startswith("The upstream localhost:1 cannot be reached: ")


def test_a_stopped_server_ends_the_calls_of_its_upstream(upstream):
    upstream.fault(Fault.hang())
    server = FakeServer(upstream=upstream.target, upstream_key=upstream.api_key).start()
    with open_caller(server) as caller:
        call = caller.chat.GetCompletion.future(
            request("Hi"), metadata=caller.metadata, timeout=LIMIT
        )
        upstream.calls.wait_for(1, timeout=LIMIT)
        server.stop()
        assert call.code() is not grpc.StatusCode.OK
    assert upstream.calls.last.wait_cancelled(LIMIT)
    with server, open_caller(server) as caller:
        upstream.clear_rules()
        assert caller.text("Hi")


def test_calls_are_passed_on_at_the_same_time(server, upstream):
    together = threading.Barrier(6, timeout=LIMIT)

    def answer(call):
        together.wait()  # It ends only when six calls have arrived.
        return "together"

    upstream.on().side_effect(answer)
    with open_caller(server) as caller:
        calls = [
            caller.chat.GetCompletion.future(
                request(str(index)), metadata=caller.metadata, timeout=LIMIT
            )
            for index in range(6)
        ]
        texts = [call.result().outputs[0].message.content for call in calls]
    assert texts == ["together"] * 6


def test_connection_faults_and_rate_limits_apply_in_front(server, upstream, caller):
    server.fault(Fault.reset_connection(), next=1)
    assert caller.expect_error("Hi")[0] == "UNAVAILABLE"
    calls = len(upstream.calls)
    server.rate_limit(requests=1)
    caller.text("Hi")
    assert caller.expect_error("Hi")[0] == "RESOURCE_EXHAUSTED"
    assert len(upstream.calls) == calls + 1


def test_fields_of_a_newer_api_are_passed_on(server, upstream, caller):
    message = request("Hi")
    newer = message.SerializeToString() + b"\xf8\x7f\x07"  # field 2047 is 7
    send = caller.channel.unary_unary("/xai_api.Chat/GetCompletion")
    assert send(newer, metadata=caller.metadata, timeout=LIMIT)
    received = UnknownFieldSet(upstream.calls.last.request)
    assert [(field.field_number, field.data) for field in received] == [(2047, 7)]


def test_bytes_that_are_not_a_message_of_the_method_are_refused():
    class Broken(grpc.GenericRpcHandler):
        def service(self, handler_call_details):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x0a\xff")

    other = grpc.server(ThreadPoolExecutor(1), handlers=[Broken()])
    port = other.add_insecure_port("localhost:0")
    other.start()
    try:
        front = FakeServer(upstream=f"localhost:{port}", upstream_key="k")
        with front as server, open_caller(server) as caller:
            status, details = caller.expect_error("Hi")
    finally:
        other.stop(None).wait(LIMIT)
    assert status == "INTERNAL"
    assert details == f"The upstream localhost:{port} sent a message that is not valid."


def test_a_request_cannot_continue_the_response_of_a_rule_at_the_upstream(upstream):
    server = FakeServer(upstream=upstream.target, upstream_key=upstream.api_key).start()
    try:
        rule = server.on(prompt="one").reply("from the rule")
        with open_caller(server) as caller:
            first = caller.sample("one", store_messages=True)
            server.on(prompt="two").reply("also from a rule")
            assert caller.text("two", previous_response_id=first.id) == "also from a rule"
            status, details = caller.expect_error("three", previous_response_id=first.id)
        assert rule.uses == 1
        assert status == "FAILED_PRECONDITION"
        assert f"continues the response {first.id} of a rule" in details
        assert not upstream.calls
        with pytest.raises(AssertionError, match="Answer this request by a rule too"):
            server.verify()
    finally:
        server.stop()
