"""Files, images and messages of a request that are unusual or invalid."""

from __future__ import annotations

import pytest

from examples.images import encode, photo
from tests.sample_images import jpeg, png
from tests.testing.grpc_calls import chat_message, image_part, open_caller
from xai_vision.proto import chat_pb2
from xai_vision.testing import ServiceError


def file(**fields):
    return chat_pb2.Content(file=chat_pb2.FileContent(**fields))


def test_the_reply_describes_files(server, caller):
    server.files["file-1"] = b"x" * 400
    server.urls["https://e.x/a.pdf"] = b"x"
    text = caller.text(
        "Sum up.",
        file(file_id="file-1"),
        file(data=b"12345", filename="a.txt"),
        file(url="https://e.x/a.pdf"),
    )
    assert "Files: file-1 (400 bytes), a.txt (5 bytes), https://e.x/a.pdf (1 bytes)." in text
    assert caller.expect_error(file(filename="b")) == (
        "INVALID_ARGUMENT",
        "File 'b' in message 0 is empty.",
    )


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (chat_message("x", role=chat_pb2.INVALID_ROLE), "Message 0 has no role"),
        (chat_message(chat_pb2.Content()), "Content 0 of message 0 is empty"),
    ],
)
def test_messages_without_role_or_content(caller, message, error):
    status, details = caller.expect_error(messages=[message])
    assert status == "INVALID_ARGUMENT"
    assert error in details


def test_webp_is_accepted_if_the_tenant_allows_it(server, caller):
    webp = encode(photo(), "WEBP")
    status, details = caller.expect_error(image_part(webp))
    assert (status, "Unsupported image format WEBP" in details) == ("INVALID_ARGUMENT", True)
    tenant = server.tenant(image_formats=("JPEG", "PNG", "WEBP"))
    with open_caller(tenant) as other:
        assert "WEBP, 640x480" in other.text(image_part(webp))


def test_too_many_pixels(server):
    with open_caller(server.tenant(max_pixels=1000)) as caller:
        assert "640x480 pixels are too many" in caller.expect_error(image_part(jpeg()))[1]


def test_images_from_urls_have_a_limit_of_their_own(server):
    tenant = server.tenant(max_url_image_bytes=100)
    tenant.urls["https://e.x/a.png"] = bytearray(png())
    with open_caller(tenant) as caller:
        status, details = caller.expect_error(image_part("https://e.x/a.png"))
    assert status == "DATA_LOSS"
    assert "exceed the limit of 100 bytes" in details


def test_a_url_that_fails_with_a_service_error(server, caller):
    server.urls["https://e.x/a.png"] = ServiceError("ABORTED", "gone fishing")
    assert caller.expect_error(image_part("https://e.x/a.png")) == ("ABORTED", "gone fishing")
    del server.urls["https://e.x/a.png"]
    assert list(server.urls) == []
