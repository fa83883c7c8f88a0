"""Asking, streaming, refusing, storing and chaining, over a bare channel."""

from __future__ import annotations

import hashlib
import re
import threading
import time

import grpc
import pytest

from tests.sample_images import MIB, SAMPLES, jpeg, jpeg_of, png, sample
from tests.testing.grpc_calls import connected, data_url, picture, request, said
from xai_vision.proto import chat_pb2, sample_pb2
from xai_vision.testing import FakeServer
from xai_vision.testing._service.image_inspection import detect_format

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_answer_tells_what_arrived(ask):
    answer = ask("What's in it?", picture(jpeg(), "high"), picture(png()), "Really?")
    text = answer.outputs[0].message.content
    assert '"What\'s in it? Really?"' in text
    assert f"Image 1: JPEG, 640x480 pixels, {len(jpeg()):,} bytes, detail high" in text
    assert "Image 2: PNG, 640x400 pixels" in text
    assert "detail auto, mostly white" in text
    assert UUID.fullmatch(answer.id)
    assert answer.model == "grok-4-0709"
    assert answer.system_fingerprint
    assert abs(answer.created.seconds - time.time()) < 60
    assert answer.outputs[0].finish_reason == sample_pb2.REASON_STOP
    assert answer.outputs[0].message.role == chat_pb2.ROLE_ASSISTANT


def test_the_same_question_gets_the_same_words(server, ask):
    first = ask.text("What?", picture(jpeg()))
    assert ask.text("What?", picture(jpeg())) == first
    with FakeServer() as other, connected(other) as ask_other:
        assert ask_other.text("What?", picture(jpeg())) == first


def test_usage_counts_text_and_pictures_apart(ask):
    usage = ask("What?", picture(jpeg(640, 480), "high"), picture(jpeg(), "low")).usage
    # 640x480 is 2x2 tiles and the overview; low detail is one tile.
    assert usage.prompt_image_tokens == 5 * 256 + 256
    assert 0 < usage.prompt_text_tokens < 20
    assert usage.prompt_tokens == usage.prompt_text_tokens + usage.prompt_image_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.cost_in_usd_ticks == usage.prompt_tokens * 30_000 + (
        usage.completion_tokens * 150_000
    )


def test_a_stream_says_the_same_as_one_answer(ask):
    whole = ask("What?", picture(jpeg()))
    chunks = list(ask.stream("What?", picture(jpeg())))
    assert len(chunks) > 10
    assert "".join(c.outputs[0].delta.content for c in chunks) == whole.outputs[0].message.content
    assert {c.id for c in chunks} == {chunks[0].id}
    assert chunks[0].outputs[0].delta.role == chat_pb2.ROLE_ASSISTANT
    assert [c.outputs[0].finish_reason for c in chunks[:-1]] == [0] * (len(chunks) - 1)
    assert chunks[-1].outputs[0].finish_reason == sample_pb2.REASON_STOP
    assert chunks[-1].usage == whole.usage
    assert not any(c.HasField("usage") for c in chunks[:-1])


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "No API key"), ("xai-wrong-key-1234", "Incorrect API key provided: xa***34")],
)
def test_a_stranger_is_refused(server, key, words):
    with connected(server, key) as ask:
        status, details = ask.refusal("Hi")
        assert status == "UNAUTHENTICATED"
        assert words in details
        with pytest.raises(grpc.RpcError) as caught:
            list(ask.stream("Hi"))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert server.calls.last.status == "UNAUTHENTICATED"
    assert "xai-wrong-key-1234" not in repr(server.calls.last.metadata)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"model": "grok-99"}, "NOT_FOUND", "The model grok-99 does not exist"),
        ({"model": ""}, "INVALID_ARGUMENT", "does not name a model"),
        ({"messages": [chat_pb2.Message()]}, "INVALID_ARGUMENT", "Message 0 has no role"),
        ({"messages": [said()]}, "INVALID_ARGUMENT", "Message 0 has no content"),
        ({"previous_response_id": "nope"}, "NOT_FOUND", "Response not found"),
    ],
)
def test_a_request_that_cannot_be_served(ask, fields, status, words):
    got, details = ask.refusal("Hi", **fields)
    assert got == status
    assert words in details


def test_no_messages(ask):
    assert ask.refusal() == (
        "INVALID_ARGUMENT",
        "The request has no messages. Send at least one.",
    )


@pytest.mark.parametrize(
    ("url", "words"),
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
def test_a_picture_that_is_none(ask, url, words):
    status, details = ask.refusal("What?", picture(url))
    assert status == "INVALID_ARGUMENT"
    assert words in details
    assert len(details) < 300


def test_a_picture_over_the_limit():
    with FakeServer(max_image_bytes=50_000) as server, connected(server) as ask:
        assert "JPEG" in ask.text(picture(jpeg_of(50_000)))
        assert ask.refusal(picture(jpeg_of(50_001))) == (
            "INVALID_ARGUMENT",
            "Image size of 50001 bytes exceeds the maximum of 50000 bytes.",
        )


def test_large_pictures_arrive_whole(server, ask):
    large = jpeg_of(int(19.9 * MIB))
    ask("What?", picture(large))
    image = server.calls.last.images[0]
    assert image.size == len(large)
    assert image.sha256 == hashlib.sha256(large).hexdigest()
    assert image.data == large
    assert server.calls.last.request.ByteSize() < 1000


def test_pictures_by_url(server, ask, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    server.urls["https://e.x/a.png"] = tmp_path / "a.png"
    server.urls["https://e.x/b.jpg"] = jpeg()
    server.urls["https://e.x/c.jpg"] = lambda: jpeg()
    server.urls["https://e.x/slow"] = TimeoutError("5 s")
    assert "PNG, 640x400" in ask.text(picture("https://e.x/a.png"))
    assert "JPEG" in ask.text(picture("https://e.x/b.jpg"), picture("https://e.x/c.jpg"))
    assert server.urls.fetch_count("https://e.x/a.png") == 1
    status, words = ask.refusal(picture("https://e.x/other.png"))
    assert status == "DATA_LOSS"
    assert "https://e.x/other.png" in words
    assert ask.refusal(picture("https://e.x/slow"))[0] == "DATA_LOSS"


def test_pictures_by_file_id(server, ask):
    server.files["file-1"] = jpeg()
    content = chat_pb2.Content()
    content.image_url.file_id = "file-1"
    assert "JPEG" in ask.text("What?", content)
    content.image_url.file_id = "file-2"
    assert ask.refusal("What?", content) == ("NOT_FOUND", "File not found: file-2")


def test_a_model_without_eyes(ask):
    assert "No image" in ask.text("Hi", model="grok-3")
    assert ask.refusal("Hi", picture(jpeg()), model="grok-3") == (
        "INVALID_ARGUMENT",
        "Image inputs are not supported by the model grok-3.",
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_file_is_taken_or_refused_by_its_bytes(ask, name):
    data = sample(name)
    if detect_format(data) in ("JPEG", "PNG"):
        assert "Image 1" in ask.text(picture(data))
    else:
        status, words = ask.refusal(picture(data))
        assert status == "INVALID_ARGUMENT"
        assert "Invalid JPEG image" in words or "Unsupported image format" in words


def test_chaining(server, ask):
    first = ask("What?", picture(jpeg()), store_messages=True)
    second = ask("And its colors?", previous_response_id=first.id, store_messages=True)
    text = second.outputs[0].message.content
    assert "Image 1 (from an earlier turn): JPEG, 640x480" in text
    assert second.usage.prompt_image_tokens == first.usage.prompt_image_tokens
    assert second.usage.prompt_tokens > first.usage.prompt_tokens
    third = ask(picture(png()), previous_response_id=second.id)
    assert "Image 2: PNG" in third.outputs[0].message.content
    assert [i.format for i in server.calls.last.images] == ["PNG"]
    assert [i.format for i in server.calls.last.earlier_images] == ["JPEG"]
    assert ask.refusal("more", previous_response_id=third.id) == (
        "NOT_FOUND",
        "Response not found",
    )


def test_the_log(server, ask):
    ask(said("a"), messages=[said("first"), said("An answer", role=2), said("Then", "this?")])
    call = server.calls.last
    assert call.method == "GetCompletion"
    assert call.service == "xai_api.Chat"
    assert call.prompt == "Then\nthis?"
    assert call.model == "grok-4"
    assert len(call.messages) == 3
    assert call.response.outputs[0].message.content.startswith('You asked: "Then this?"')
    assert (call.status, call.stream, call.attempt, call.cancelled) == ("OK", False, 1, False)
    assert call.header("authorization") == "Bearer ***"
    assert 0 < call.duration < 10
    assert server.api_key not in repr([getattr(call, name) for name in call.__slots__])
    list(ask.stream("x", picture(jpeg(), "low")))
    assert server.calls.last.stream
    assert server.calls.last.images[0].detail == "low"
    assert server.calls.last.images[0].pil().size == (640, 480)
    assert len(server.calls) == server.calls.total == 2
    assert [c.stream for c in server.calls] == [False, True]
    server.calls.clear()
    assert len(server.calls) == 0
    with pytest.raises(LookupError, match="was not called"):
        _ = server.calls.last


def test_many_at_once(server, ask):
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(ask.text(f"number {n}")))
        for n in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 60
    assert len(server.calls) == 60


async def test_async_context_manager():
    async with FakeServer() as server:
        channel = grpc.aio.insecure_channel(server.target)
        call = channel.unary_unary(
            "/xai_api.Chat/GetCompletion",
            request_serializer=chat_pb2.GetCompletionsRequest.SerializeToString,
            response_deserializer=chat_pb2.GetChatCompletionResponse.FromString,
        )
        answer = await call(
            request("Hi"), metadata=(("authorization", f"Bearer {server.api_key}"),)
        )
        assert "Hi" in answer.outputs[0].message.content
        await channel.close()
    assert not server.running


def test_before_and_after_its_time():
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
