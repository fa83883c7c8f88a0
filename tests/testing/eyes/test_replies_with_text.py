"""Default replies contain the text and the codes of the images, over gRPC and REST."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tests.rest.http_client import ask, complete, respond
from tests.testing.eyes.scans import code_image
from tests.testing.eyes.test_reading import encoded, label
from tests.testing.grpc_calls import data_url, image_part, open_caller, request
from tests.testing.waiting import LIMIT
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FakeServer

INVOICE = encoded(label("Invoice 4711"))
LETTER = encoded(label("Dear customer"))
EMPTY = encoded(Image.new("L", (200, 100), 255))
PROMPT = "Read the text on this page."


def code_page():
    page = Image.new("L", (900, 600), 255)
    page.paste(code_image("EAN13", "4006381333931"), (60, 40))
    page.paste(code_image("QRCode", "https://example.com"), (60, 340))
    return encoded(page)


CODES = code_page()


@pytest.fixture(scope="module")
def eyes():
    with FakeServer(eyes=True) as running:
        yield running


@pytest.fixture
def server(eyes):
    with eyes.tenant() as tenant:
        yield tenant


def test_text_and_codes(caller):
    lines = caller.text(PROMPT, *map(image_part, (INVOICE, EMPTY, CODES))).splitlines()
    assert lines[0] == (
        f'You asked: "{PROMPT}" This fake model measured 3 images and read the text and codes:'
    )
    assert lines[1].startswith("Image 1: PNG, ")
    assert lines[4:] == [
        "Text of image 1:",
        "Invoice 4711",
        "Image 2 has no text and no codes.",
        "Codes of image 3:",
        "EAN-13: 4006381333931",
        "QR Code: https://example.com",
    ]


def test_streams(caller):
    chunks = list(caller.stream(PROMPT, image_part(INVOICE)))
    text = "".join(chunk.outputs[0].delta.content for chunk in chunks)
    assert len(chunks) > 2
    assert text == caller.text(PROMPT, image_part(INVOICE))
    assert text.endswith("\nText of image 1:\nInvoice 4711")


def test_rest(server):
    parts = [
        {"type": "text", "text": PROMPT},
        {"type": "image_url", "image_url": {"url": data_url(INVOICE, "image/png")}},
    ]
    content = complete(server, parts).json["choices"][0]["message"]["content"]
    assert content.endswith("\nText of image 1:\nInvoice 4711")
    parts = [
        {"type": "input_text", "text": PROMPT},
        {"type": "input_image", "image_url": data_url(LETTER, "image/png")},
    ]
    output = respond(server, [{"role": "user", "content": parts}]).json["output"][-1]
    assert output["content"][0]["text"].endswith("\nText of image 1:\nDear customer")


def test_deferred_responses(server, caller):
    server.deferred(ready_after_polls=0)
    start = caller.chat.StartDeferredCompletion(
        request(PROMPT, image_part(INVOICE)), metadata=caller.metadata, timeout=LIMIT
    )
    reply = caller.chat.GetDeferredCompletion(
        deferred_pb2.GetDeferredRequest(request_id=start.request_id),
        metadata=caller.metadata,
        timeout=LIMIT,
    )
    content = reply.response.outputs[-1].message.content
    assert content.endswith("\nText of image 1:\nInvoice 4711")


def test_images_of_earlier_turns_urls_and_files(server, caller):
    server.urls["https://e.x/letter.png"] = LETTER
    server.files["file-1"] = CODES
    first = caller.sample(PROMPT, image_part(INVOICE), store_messages=True)
    file_part = chat_pb2.Content()
    file_part.image_url.file_id = "file-1"
    text = caller.text(
        *("And these?", image_part("https://e.x/letter.png"), file_part),
        previous_response_id=first.id,
    )
    assert "Text of image 1:\nInvoice 4711\nText of image 2:\nDear customer\nCodes of" in text


def test_a_rule_comes_first(server, caller, monkeypatch):
    monkeypatch.setattr(server._engine.image_reader, "read", lambda image: pytest.fail("read"))
    server.on(prompt=PROMPT).reply("By a rule.")
    assert caller.text(PROMPT, image_part(INVOICE)) == "By a rule."


def test_an_image_that_the_log_does_not_keep(eyes):
    image = encoded(label("Not kept"))
    with eyes.tenant(keep_image_bytes=0) as tenant, open_caller(tenant) as caller:
        text = caller.text(PROMPT, image_part(image))
    assert text.endswith("\nImage 1 was not read, because the log does not have its bytes.")


def answer(caller, schema, *images):
    fields = {"format_type": chat_pb2.FORMAT_TYPE_JSON_SCHEMA, "schema": json.dumps(schema)}
    return json.loads(
        caller.text(
            *(PROMPT, *map(image_part, images)),
            response_format=chat_pb2.ResponseFormat(**fields),
        )
    )


def test_structured_output(caller):
    page = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "language": {"type": "string"}},
    }
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "codes": {"type": "array", "items": {"type": "string"}},
            "pages": {"type": "array", "items": page},
        },
    }
    assert answer(caller, schema, INVOICE, LETTER, CODES) == {
        "text": "Invoice 4711\nDear customer",
        "codes": ["4006381333931", "https://example.com"],
        "pages": [
            {"text": "Invoice 4711", "language": "language"},
            {"text": "Dear customer", "language": "language"},
            {"text": "", "language": "language"},
        ],
    }


def test_json_objects_and_function_calls(caller):
    text = caller.text(
        *(PROMPT, image_part(INVOICE)),
        response_format=chat_pb2.ResponseFormat(format_type=chat_pb2.FORMAT_TYPE_JSON_OBJECT),
    )
    assert json.loads(text)["answer"].endswith("Text of image 1:\nInvoice 4711")
    parameters = {"type": "object", "properties": {"full_text": {"type": "string"}}}
    function = chat_pb2.Function(name="archive_page", parameters=json.dumps(parameters))
    message = (
        caller.sample(
            *("Archive this page.", image_part(INVOICE)), tools=[chat_pb2.Tool(function=function)]
        )
        .outputs[-1]
        .message
    )
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments) == {"full_text": "Invoice 4711"}


def test_eyes_of_a_tenant_only():
    with FakeServer(admin_token="the-admin-token") as server:
        with open_caller(server) as caller:
            assert "cannot see" in caller.text(PROMPT, image_part(INVOICE))
        headers = {"authorization": "Bearer the-admin-token"}
        body = {"name": "reader", "settings": {"eyes": True}}
        reply = ask(server, "POST", "/tenants", body, headers=headers, prefix="/__admin")
        with open_caller(server, reply.json["api_key"]) as caller:
            text = caller.text(PROMPT, image_part(INVOICE))
    assert text.endswith("\nText of image 1:\nInvoice 4711")


def test_an_image_is_checked_before_it_is_read(caller):
    broken = io.BytesIO(INVOICE).read(len(INVOICE) // 2)
    status, details = caller.expect_error(PROMPT, image_part(broken))
    assert status == "INVALID_ARGUMENT"
    assert "Invalid PNG image" in details
