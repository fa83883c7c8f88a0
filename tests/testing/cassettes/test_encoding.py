"""Messages as values of JSON and back: nothing is lost, and nothing secret is kept."""

from __future__ import annotations

import base64
import json
import os
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.testing.cassettes.images import jpeg_bytes, png_bytes
from xai_vision.proto import auth_pb2, chat_pb2, files_pb2, image_pb2
from xai_vision.testing import ServiceError
from xai_vision.testing._cassettes.cassette import Cassette
from xai_vision.testing._cassettes.cassette_file import join_lines, split_lines
from xai_vision.testing._cassettes.encoding import Decoder, Encoder, request_seed
from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed
from xai_vision.testing._cassettes.image_table import ImageTable

KEY = "xai-" + "k3Y" * 20
BASE64_RUN = re.compile(r"[A-Za-z0-9+/_=-]{201,}")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


class Session:
    def __init__(self, form="colors", scrub=None):
        self.images = ImageTable(form)
        self.encoder = Encoder(self.images, IdNames(), scrub)

    def request(self, *messages, secret=""):
        return json.loads(json.dumps(self.encoder.request(messages, secret)))

    def response(self, message):
        return json.loads(json.dumps(self.encoder.response(message, IdSeed("seed"))))

    def replay(self, values, message_type):
        entries = json.loads(json.dumps(self.images.entries))
        return Decoder(ImageTable("colors", entries)).response(values, message_type)


def completion(text="", **fields):
    message = chat_pb2.CompletionMessage(content=text, role=chat_pb2.ROLE_ASSISTANT)
    outputs = [chat_pb2.CompletionOutput(message=message, index=0)]
    return chat_pb2.GetChatCompletionResponse(outputs=outputs, model="grok-4.5", **fields)


def user_request(*content):
    message = chat_pb2.Message(role=chat_pb2.ROLE_USER, content=content)
    return chat_pb2.GetCompletionsRequest(model="grok-4.5", messages=[message])


def image_content(data, media_type="jpeg", detail=image_pb2.DETAIL_HIGH):
    url = f"data:image/{media_type};base64,{base64.b64encode(data).decode()}"
    return chat_pb2.Content(image_url=image_pb2.ImageUrlContent(image_url=url, detail=detail))


@given(TEXTS)
def test_a_text_of_a_response_is_replayed_as_it_was(text):
    session = Session()
    values = session.response(completion(text))
    assert session.replay(values, chat_pb2.GetChatCompletionResponse) == completion(text)


@given(st.one_of(TEXTS, st.binary(min_size=120).map(lambda data: base64.b64encode(data).decode())))
def test_a_split_text_has_no_long_run_of_base64(text):
    split = split_lines(text)
    assert join_lines(split) == text
    assert not BASE64_RUN.search(json.dumps(split, ensure_ascii=False))


def test_all_kinds_of_fields_survive():
    response = completion("a\nb", system_fingerprint="fp", citations=["https://x.ai"])
    response.created.FromJsonString("2026-11-29T10:00:00.5Z")
    response.usage.prompt_tokens = 2**31 - 1
    output = response.outputs[0]
    output.logprobs.content.add(token="é", logprob=-0.25, bytes="é".encode())
    tool = output.message.tool_calls.add(id="c")
    tool.function.name, tool.function.arguments = "f", '{"a": 1}'
    response.settings.temperature = 0.7
    mcp = response.settings.tools.add().mcp
    mcp.server_url, mcp.authorization = "https://e.x", "secret of the MCP server"
    mcp.extra_headers["X-Token"] = "also secret"
    session = Session()
    values = session.response(response)
    assert "secret" not in json.dumps(values)
    replayed = session.replay(values, chat_pb2.GetChatCompletionResponse)
    mcp.authorization = mcp.extra_headers["X-Token"] = "***"
    tool.id = replayed.outputs[0].message.tool_calls[0].id
    assert tool.id.startswith("call_")
    assert replayed == response


def test_the_ids_of_two_recordings_have_the_same_names():
    def record():
        session, response_id = Session(), str(uuid.uuid4())
        first = session.response(completion(f"I am {response_id}", id=response_id))
        request = user_request(chat_pb2.Content(text="Go on"))
        request.previous_response_id = response_id
        return first, session.request(request), response_id

    first, second = record(), record()
    assert first[:2] == second[:2]
    assert first[2] not in json.dumps(first[:2])
    assert first[1]["previous_response_id"] == first[0]["id"]
    assert first[0]["outputs"][0]["message"]["content"] == f"I am {first[0]['id']}"


def test_an_image_of_a_request_is_described():
    data = jpeg_bytes((200, 30, 30), (64, 48))
    session = Session()
    values = session.request(user_request(image_content(data)))
    part = values["messages"][0]["content"][0]["image_url"]
    entry = session.images.entries[part["image_url"]["image"]]
    assert part["detail"] == "DETAIL_HIGH"
    assert (entry["format"], entry["width"], entry["height"]) == ("JPEG", 64, 48)
    assert entry["size"] == len(data)
    assert base64.b64encode(data).decode()[:60] not in json.dumps([values, entry])


@pytest.mark.parametrize("form", ["colors", "thumbnail"])
def test_an_image_takes_at_most_2_kb(form):
    session = Session(form)
    noise = png_bytes(os.urandom(300 * 200 * 3), (300, 200))
    session.request(user_request(image_content(noise, "png")))
    (entry,) = session.images.entries.values()
    text = json.dumps({"images": session.images.entries}, indent=1)
    assert len(text) <= 2048
    assert ("thumbnail" in entry) == (form == "thumbnail")
    assert not BASE64_RUN.search(text)


def test_a_generated_image_is_replayed_with_its_format_size_and_colors():
    from PIL import Image

    data = jpeg_bytes((20, 160, 60), (64, 48))
    encoded = base64.b64encode(data).decode()
    response = image_pb2.ImageResponse(images=[image_pb2.GeneratedImage(base64=encoded)])
    session = Session()
    values = session.response(response)
    assert encoded[:60] not in json.dumps(values)
    replayed = session.replay(values, image_pb2.ImageResponse).images[0].base64
    import io

    image = Image.open(io.BytesIO(base64.b64decode(replayed)))
    assert (image.format, image.size) == ("JPEG", (64, 48))
    assert all(
        abs(a - b) < 12 for a, b in zip(image.getpixel((32, 24)), (20, 160, 60), strict=True)
    )


@pytest.mark.parametrize("head", ["", "data:image/jpeg;base64,"])
def test_a_generated_image_is_exact_if_its_bytes_are_recorded(head):
    text = head + base64.b64encode(jpeg_bytes((20, 160, 60), (64, 48))).decode()
    response = image_pb2.ImageResponse(images=[image_pb2.GeneratedImage(base64=text)])
    session = Session("bytes")
    values = session.response(response)
    assert session.replay(values, image_pb2.ImageResponse) == response
    assert not BASE64_RUN.search(json.dumps([values, session.images.entries]))


def test_an_upload_has_the_content_of_all_messages():
    init = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.txt"))
    chunks = [files_pb2.UploadFileChunk(data=data) for data in (b"Hello, ", b"world")]
    assert Session().request(init, *chunks) == {
        "init": {"name": "a.txt"},
        "data": {"text": "Hello, world"},
    }


def test_a_binary_upload_is_a_hash():
    init = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.pdf"))
    data = b"%PDF-1.7\n\xff" + bytes(3000)
    values = Session().request(init, files_pb2.UploadFileChunk(data=data))
    assert values["data"].keys() == {"sha256", "size"}
    assert values["data"]["size"] == len(data)


@pytest.mark.parametrize("secret", [KEY, "another-kind-of-key"])
def test_no_key_is_kept(secret):
    session = Session()
    request = user_request(chat_pb2.Content(text=f"My key is {secret}."))
    assert secret not in json.dumps(session.request(request, secret=secret))
    error = ServiceError(
        "UNAUTHENTICATED", f"Incorrect key {secret}", [("key", f"Bearer {secret}")]
    )
    assert secret not in json.dumps(session.encoder.error(error, IdSeed("seed"), secret))
    if secret == KEY:
        assert secret not in json.dumps(session.response(completion(f"Key: {secret}")))


def test_the_names_of_accounts_are_hidden():
    names = ("redacted_api_key", "user_id", "name", "modified_by", "team_id", "api_key_id")
    key = auth_pb2.ApiKey(**dict.fromkeys(names, "The Smith Company"), acls=["api-key:model:*"])
    session = Session()
    values = session.response(key)
    assert "Smith" not in json.dumps(values)
    assert session.replay(values, auth_pb2.ApiKey).acls == ["api-key:model:*"]


def test_an_error_has_its_trailers_without_those_of_the_connection():
    trailing = [
        ("retry-after", "3"),
        ("x-request-id", str(uuid.uuid4())),
        ("set-cookie", "session=1"),
        ("x-team-name", "The Smith Company"),
        ("details-bin", b"\x08\xff"),
    ]
    session = Session()
    values = session.encoder.error(ServiceError("RESOURCE_EXHAUSTED", "Slow down", trailing), "s")
    error = Decoder(ImageTable()).error(json.loads(json.dumps(values)))
    assert (error.code.name, error.details) == ("RESOURCE_EXHAUSTED", "Slow down")
    assert error.trailing == (("retry-after", "3"), ("details-bin", b"\x08\xff"))


def test_scrubbing_reaches_every_string():
    scrub = Cassette("a.json", scrub={"Jane": "NAME", "Jane Doe": "PERSON"})._scrub
    session = Session(scrub=scrub)
    request = user_request(chat_pb2.Content(text="Jane Doe and Jane"))
    init = files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="Jane.txt"))
    upload = session.request(init, files_pb2.UploadFileChunk(data=b"Dear Jane"))
    response = session.response(completion("Dear Jane Doe"))
    error = session.encoder.error(
        ServiceError("INTERNAL", "No Jane", [("who", "Jane")]), IdSeed("seed")
    )
    values = json.dumps([session.request(request), upload, response, error])
    assert "Jane" not in values
    assert "PERSON and NAME" in values


def test_the_seed_of_ids_does_not_depend_on_the_encoding_of_an_image():
    requests = [
        Session().request(user_request(image_content(jpeg_bytes((9, 9, 9), (32, 32), quality))))
        for quality in (50, 90)
    ]
    assert requests[0] != requests[1]
    assert len({request_seed("m", request) for request in requests}) == 1
