"""Responses, streams, errors, stored and chained responses, over a plain gRPC channel."""

from __future__ import annotations

import hashlib
import re
import threading
import time

import grpc
import pytest

from tests.sample_images import MIB, SAMPLES, jpeg, jpeg_of, png, sample
from tests.testing.grpc_calls import chat_message, data_url, image_part, open_caller, request
from tests.testing.waiting import LIMIT
from xai_vision.proto import chat_pb2, sample_pb2
from xai_vision.testing import FakeServer
from xai_vision.testing._service.image_inspection import detect_format

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_default_reply_describes_the_request(caller):
    response = caller.sample(
        "What's in it?", image_part(jpeg(), "high"), image_part(png()), "Really?"
    )
    text = response.outputs[0].message.content
    assert '"What\'s in it? Really?"' in text
    assert f"Image 1: JPEG, 640x480 pixels, {len(jpeg()):,} bytes, detail high" in text
    assert "Image 2: PNG, 640x400 pixels" in text
    assert "detail auto, mostly white" in text
    assert UUID.fullmatch(response.id)
    assert response.model == "grok-4-0709"
    assert response.system_fingerprint
    assert abs(response.created.seconds - time.time()) < 60
    assert response.outputs[0].finish_reason == sample_pb2.REASON_STOP
    assert response.outputs[0].message.role == chat_pb2.ROLE_ASSISTANT


def test_the_default_reply_is_deterministic(server, caller):
    first = caller.text("What?", image_part(jpeg()))
    assert caller.text("What?", image_part(jpeg())) == first
    with FakeServer() as other, open_caller(other) as other_caller:
        assert other_caller.text("What?", image_part(jpeg())) == first


def test_usage_counts_text_and_image_tokens_separately(caller):
    usage = caller.sample(
        "What?", image_part(jpeg(640, 480), "high"), image_part(jpeg(), "low")
    ).usage
    # 640x480 is 2x2 tiles and the overview; low detail is one tile.
    assert usage.prompt_image_tokens == 5 * 256 + 256
    assert 0 < usage.prompt_text_tokens < 20
    assert usage.prompt_tokens == usage.prompt_text_tokens + usage.prompt_image_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.cost_in_usd_ticks == usage.prompt_tokens * 30_000 + (
        usage.completion_tokens * 150_000
    )


def test_a_stream_has_the_same_content_as_a_response(caller):
    response = caller.sample("What?", image_part(jpeg()))
    chunks = list(caller.stream("What?", image_part(jpeg())))
    assert len(chunks) > 10
    assert (
        "".join(c.outputs[0].delta.content for c in chunks) == response.outputs[0].message.content
    )
    assert {c.id for c in chunks} == {chunks[0].id}
    assert chunks[0].outputs[0].delta.role == chat_pb2.ROLE_ASSISTANT
    assert [c.outputs[0].finish_reason for c in chunks[:-1]] == [0] * (len(chunks) - 1)
    assert chunks[-1].outputs[0].finish_reason == sample_pb2.REASON_STOP
    assert chunks[-1].usage == response.usage
    assert not any(c.HasField("usage") for c in chunks[:-1])


@pytest.mark.parametrize(
    ("key", "message"),
    [("", "No API key"), ("xai-wrong-key-1234", "Incorrect API key provided: xa***34")],
)
def test_a_wrong_key_is_rejected(server, key, message):
    with open_caller(server, key) as caller:
        status, details = caller.expect_error("Hi")
        assert status == "UNAUTHENTICATED"
        assert message in details
        with pytest.raises(grpc.RpcError) as caught:
            list(caller.stream("Hi"))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert server.calls.last.status == "UNAUTHENTICATED"
    assert "xai-wrong-key-1234" not in repr(server.calls.last.metadata)


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"model": "grok-99"}, "NOT_FOUND", "The model grok-99 does not exist"),
        ({"model": ""}, "INVALID_ARGUMENT", "does not name a model"),
        ({"messages": [chat_pb2.Message()]}, "INVALID_ARGUMENT", "Message 0 has no role"),
        ({"messages": [chat_message()]}, "INVALID_ARGUMENT", "Message 0 has no content"),
        ({"previous_response_id": "nope"}, "NOT_FOUND", "Response not found"),
    ],
)
def test_an_invalid_request_is_rejected(caller, fields, status, message):
    actual, details = caller.expect_error("Hi", **fields)
    assert actual == status
    assert message in details


def test_no_messages(caller):
    assert caller.expect_error() == (
        "INVALID_ARGUMENT",
        "The request has no messages. Send at least one.",
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (data_url(b"hello there"), "Invalid JPEG image"),
        (data_url(b"hello there", "image/png"), "Invalid PNG image"),
        (data_url(jpeg()[: len(jpeg()) // 2]), "Invalid JPEG image"),
        (data_url(png()[:-200], "image/png"), "Invalid PNG image"),
        (data_url(b"GIF89a" + bytes(50), "image/gif"), "Unsupported image format GIF"),
        ("data:image/png;base64,%%%%", "Base64 string of provided image cannot be decoded"),
        ("data:image/png;base64,", "Base64 string of provided image cannot be decoded"),
        ("data:image/png,abc", "Invalid image URL"),
        ("ftp://e.x/a.png", "neither http(s) nor a data URL"),
        ("", "neither http(s) nor a data URL"),
    ],
)
def test_an_invalid_image_is_rejected(caller, url, message):
    status, details = caller.expect_error("What?", image_part(url))
    assert status == "INVALID_ARGUMENT"
    assert message in details
    assert len(details) < 300


def test_an_image_over_the_limit_is_rejected():
    with FakeServer(max_image_bytes=50_000) as server, open_caller(server) as caller:
        assert "JPEG" in caller.text(image_part(jpeg_of(50_000)))
        assert caller.expect_error(image_part(jpeg_of(50_001))) == (
            "INVALID_ARGUMENT",
            "Image size of 50001 bytes exceeds the maximum of 50000 bytes.",
        )


def test_large_images_arrive_complete(server, caller):
    large = jpeg_of(int(19.9 * MIB))
    caller.sample("What?", image_part(large))
    image = server.calls.last.images[0]
    assert image.size == len(large)
    assert image.sha256 == hashlib.sha256(large).hexdigest()
    assert image.data == large
    assert server.calls.last.request.ByteSize() < 1000


def test_images_by_url(server, caller, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    server.urls["https://e.x/a.png"] = tmp_path / "a.png"
    server.urls["https://e.x/b.jpg"] = jpeg()
    server.urls["https://e.x/c.jpg"] = lambda: jpeg()
    server.urls["https://e.x/slow"] = TimeoutError("5 s")
    assert "PNG, 640x400" in caller.text(image_part("https://e.x/a.png"))
    assert "JPEG" in caller.text(image_part("https://e.x/b.jpg"), image_part("https://e.x/c.jpg"))
    assert server.urls.fetch_count("https://e.x/a.png") == 1
    status, details = caller.expect_error(image_part("https://e.x/other.png"))
    assert status == "DATA_LOSS"
    assert "https://e.x/other.png" in details
    assert caller.expect_error(image_part("https://e.x/slow"))[0] == "DATA_LOSS"


def test_images_by_file_id(server, caller):
    server.files["file-1"] = jpeg()
    content = chat_pb2.Content()
    content.image_url.file_id = "file-1"
    assert "JPEG" in caller.text("What?", content)
    content.image_url.file_id = "file-2"
    assert caller.expect_error("What?", content) == ("NOT_FOUND", "File not found: file-2")


def test_a_text_model_rejects_images(caller):
    assert "No image" in caller.text("Hi", model="grok-3")
    assert caller.expect_error("Hi", image_part(jpeg()), model="grok-3") == (
        "INVALID_ARGUMENT",
        "Image inputs are not supported by the model grok-3.",
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_images_are_accepted_by_their_content(caller, name):
    data = sample(name)
    if detect_format(data) in ("JPEG", "PNG"):
        assert "Image 1" in caller.text(image_part(data))
    else:
        status, details = caller.expect_error(image_part(data))
        assert status == "INVALID_ARGUMENT"
        assert "Invalid JPEG image" in details or "Unsupported image format" in details


def test_chained_responses(server, caller):
    first = caller.sample("What?", image_part(jpeg()), store_messages=True)
    second = caller.sample("And its colors?", previous_response_id=first.id, store_messages=True)
    text = second.outputs[0].message.content
    assert "Image 1 (from an earlier turn): JPEG, 640x480" in text
    assert second.usage.prompt_image_tokens == first.usage.prompt_image_tokens
    assert second.usage.prompt_tokens > first.usage.prompt_tokens
    third = caller.sample(image_part(png()), previous_response_id=second.id)
    assert "Image 2: PNG" in third.outputs[0].message.content
    assert [i.format for i in server.calls.last.images] == ["PNG"]
    assert [i.format for i in server.calls.last.earlier_images] == ["JPEG"]
    assert caller.expect_error("more", previous_response_id=third.id) == (
        "NOT_FOUND",
        "Response not found",
    )


def test_the_log_records_calls(server, caller):
    caller.sample(
        chat_message("a"),
        messages=[
            chat_message("first"),
            chat_message("An answer", role=2),
            chat_message("Then", "this?"),
        ],
    )
    call = server.calls.last
    assert call.method == "GetCompletion"
    assert call.service == "xai_api.Chat"
    assert call.prompt == "Then\nthis?"
    assert call.model == "grok-4"
    assert len(call.messages) == 3
    assert call.response.outputs[0].message.content.startswith('You asked: "Then this?"')
    assert (call.status, call.stream, call.attempt, call.cancelled) == ("OK", False, 1, False)
    assert call.header("authorization") == "Bearer ***"
    assert 0 < call.duration < LIMIT
    assert server.api_key not in repr([getattr(call, name) for name in call.__slots__])
    list(caller.stream("x", image_part(jpeg(), "low")))
    assert server.calls.last.stream
    assert server.calls.last.images[0].detail == "low"
    assert server.calls.last.images[0].pil().size == (640, 480)
    assert len(server.calls) == server.calls.total == 2
    assert [c.stream for c in server.calls] == [False, True]
    server.calls.clear()
    assert len(server.calls) == 0
    with pytest.raises(LookupError, match="was not called"):
        _ = server.calls.last


def test_concurrent_calls(server, caller):
    texts = []
    threads = [
        threading.Thread(target=lambda n=n: texts.append(caller.text(f"number {n}")))
        for n in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(set(texts)) == 60
    assert len(server.calls) == 60


async def test_async_context_manager():
    async with FakeServer() as server:
        channel = grpc.aio.insecure_channel(server.target)
        call = channel.unary_unary(
            "/xai_api.Chat/GetCompletion",
            request_serializer=chat_pb2.GetCompletionsRequest.SerializeToString,
            response_deserializer=chat_pb2.GetChatCompletionResponse.FromString,
        )
        response = await call(
            request("Hi"), metadata=(("authorization", f"Bearer {server.api_key}"),)
        )
        assert "Hi" in response.outputs[0].message.content
        await channel.close()
    assert not server.running


def test_the_states_of_a_server():
    server = FakeServer()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.target
    server.start()
    assert server.start().running
    server.stop()
    server.stop()
    assert "not running" in repr(server)
    with pytest.raises(TypeError):
        FakeServer(max_image_byte=3)
    with pytest.raises(ValueError, match="stored_images"):
        FakeServer(stored_images="maybe")
