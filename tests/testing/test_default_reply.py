"""Small parts on their own: threads, patterns, odd messages, odd pictures."""

from __future__ import annotations

import re
import threading

import pytest

from examples.images import encode, photo
from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import connected, picture, said
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, ServiceError
from xai_vision.testing._service.default_reply import regex_example as patterns
from xai_vision.testing._service.response import encrypted_content as opaque


def test_a_server_with_few_threads_answers_all_the_same():
    with FakeServer(max_threads=2) as server, connected(server) as ask:
        server.fault(Fault.latency(0.02))
        answers = []
        work = [threading.Thread(target=lambda: answers.append(ask.text("Hi"))) for _ in range(8)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join(10)
        assert len(answers) == 8
        assert server.threads == 2


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}\d{4}$",
        r"^(red|green)-\w+\s\W\D\S$",
        r"^[^a-z]+?.$",
        r"^(\w)x\1$",
        r"^[\d_-]{3,}$",
        r"^[^x]$|^y$",
        "",
    ],
)
def test_a_string_for_a_pattern(pattern):
    made = {patterns.example(pattern, nth=nth) for nth in range(3)}
    assert all(re.search(pattern, text) for text in made)
    assert len(patterns.example(r"^\d+$", least=12)) >= 12


@pytest.mark.parametrize("pattern", ["(", r"^(?!a)b$", "a^"])
def test_a_pattern_too_clever(pattern):
    with pytest.raises(ServiceError, match="cannot be met"):
        patterns.example(pattern)


def test_what_is_sealed_by_others_cannot_be_read():
    assert opaque.decode(opaque.encode({"a": 1})) == {"a": 1}
    assert opaque.decode("fake-???") == opaque.decode("other") == {}
    assert opaque.decode("fake-" + opaque.encode({})[5:-4]) == {}


def file(**fields):
    return chat_pb2.Content(file=chat_pb2.FileContent(**fields))


def test_files(server, ask):
    server.files["file-1"] = b"x" * 400
    server.urls["https://e.x/a.pdf"] = b"x"
    text = ask.text(
        "Sum up.",
        file(file_id="file-1"),
        file(data=b"12345", filename="a.txt"),
        file(url="https://e.x/a.pdf"),
    )
    assert "Files: file-1 (400 bytes), a.txt (5 bytes), https://e.x/a.pdf (1 bytes)." in text
    assert ask.refusal(file(filename="b")) == (
        "INVALID_ARGUMENT",
        "File 'b' in message 0 is empty.",
    )


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (said("x", role=chat_pb2.INVALID_ROLE), "Message 0 has no role"),
        (said(chat_pb2.Content()), "Content 0 of message 0 is empty"),
    ],
)
def test_odd_messages(ask, message, words):
    status, details = ask.refusal(messages=[message])
    assert status == "INVALID_ARGUMENT"
    assert words in details


def test_webp_where_a_deployment_takes_it(server, ask):
    webp = encode(photo(), "WEBP")
    status, words = ask.refusal(picture(webp))
    assert (status, "Unsupported image format WEBP" in words) == ("INVALID_ARGUMENT", True)
    tenant = server.tenant(image_formats=("JPEG", "PNG", "WEBP"))
    with connected(tenant) as other:
        assert "WEBP, 640x480" in other.text(picture(webp))


def test_too_many_pixels(server):
    with connected(server.tenant(max_pixels=1000)) as ask:
        assert "640x480 pixels are too many" in ask.refusal(picture(jpeg()))[1]


def test_a_picture_fetched_from_a_url_may_be_smaller(server):
    tenant = server.tenant(max_url_image_bytes=100)
    tenant.urls["https://e.x/a.png"] = bytearray(png())
    with connected(tenant) as ask:
        status, words = ask.refusal(picture("https://e.x/a.png"))
    assert status == "DATA_LOSS"
    assert "exceed the limit of 100 bytes" in words


def test_a_table_answers_like_a_service_that_fails(server, ask):
    server.urls["https://e.x/a.png"] = ServiceError("ABORTED", "gone fishing")
    assert ask.refusal(picture("https://e.x/a.png")) == ("ABORTED", "gone fishing")
    del server.urls["https://e.x/a.png"]
    assert list(server.urls) == []
