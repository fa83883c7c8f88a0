"""Files over REST, with the openai package and with plain HTTP."""

from __future__ import annotations

import json

import pytest

from tests.sample_images import png
from xai_vision.testing import FakeServer, Fault

pytestmark = pytest.mark.peer
openai = pytest.importorskip("openai")


@pytest.fixture
def post(filled):
    """Return a function that posts a form, and returns the status and the JSON."""
    import httpx2

    def post(fields, file=("a.txt", b"abc"), after=()):
        boundary = "b-o-u-n-d"
        parts = [("", name, value) for name, value in fields]
        if file is not None:
            parts.append((f'; filename="{file[0]}"', "file", file[1]))
        parts += [("", name, value) for name, value in after]
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
            + (value if isinstance(value, bytes) else value.encode())
            + b"\r\n"
            for extra, name, value in parts
        )
        response = httpx2.post(
            f"{filled.http_url}/files",
            content=body + f"--{boundary}--\r\n".encode(),
            headers={
                "authorization": f"Bearer {filled.api_key}",
                "content-type": f"multipart/form-data; boundary={boundary}",
            },
        )
        return response.status_code, response.json()

    return post


def test_the_openai_package(rest, filled):
    data = bytes(range(256)) * 4000 + b"\r\n--\r\n"
    created = rest.files.create(file=("a.bin", data), purpose="assistants")
    assert (created.bytes, created.filename, created.purpose) == (len(data), "a.bin", "assistants")
    assert (created.object, created.status, created.expires_at) == ("file", "processed", None)
    call = filled.calls.last
    assert (call.method, call.upload.size) == ("POST /v1/files", len(data))
    assert call.request.init.name == "a.bin"
    assert rest.files.retrieve(created.id) == created
    assert rest.files.content(created.id).read() == data
    assert [file.id for file in rest.files.list()] == [created.id]
    deleted = rest.files.delete(created.id)
    assert (deleted.id, deleted.deleted) == (created.id, True)
    # The package does not read the message of xAI's errors.
    with pytest.raises(openai.NotFoundError) as caught:
        rest.files.retrieve(created.id)
    assert created.id in caught.value.response.text
    assert not filled.files


async def test_the_async_openai_package(arest):
    created = await arest.files.create(file=("a.txt", b"abc"), purpose="batch")
    assert (await arest.files.content(created.id)).read() == b"abc"
    assert [file.filename async for file in arest.files.list(purpose="batch")] == ["a.txt"]


def test_an_expiry(rest, filled):
    expiry = {"anchor": "created_at", "seconds": 3600}
    created = rest.files.create(file=("a", b"x"), purpose="assistants", expires_after=expiry)
    assert created.expires_at - created.created_at in (3600, 3601)
    filled.clock.skip(seconds=3601)
    with pytest.raises(openai.NotFoundError):
        rest.files.content(created.id)


def test_pages_of_the_openai_package(rest, filled):
    for number in range(7):
        filled.files.add(f"{number}", b"x")
    assert [f.filename for f in rest.files.list(limit=3)] == list("0123456")
    assert len(filled.calls) == 3
    assert [f.filename for f in rest.files.list(limit=3, order="desc")] == list("6543210")


def test_both_apis_have_the_same_files(rest, filled):
    from xai_vision import Client
    from xai_vision.chat import image, user

    created = rest.files.create(file=("a.png", png()), purpose="vision")
    with Client(api_key=filled.api_key, api_host=filled.target) as client:
        assert client.files.get(created.id).filename == "a.png"
        client.chat.create("grok-4").append(user("?", image(file_id=created.id))).sample()
        (seen,) = filled.calls.last.images
        uploaded = client.files.upload(png(), filename="b.png")
    assert rest.files.content(uploaded.id).read() == png()
    content = [{"type": "input_image", "file_id": created.id}]
    rest.responses.create(model="grok-4", input=[{"role": "user", "content": content}])
    assert [image.facts.sha256 for image in filled.calls.last.images] == [seen.facts.sha256]


def test_the_form_of_xai(post, filled):
    status, body = post([("expires_after", "7200"), ("purpose", "")])
    assert (status, body["bytes"], body["object"]) == (200, 3, "file")
    assert filled.calls.last.request.init.expires_after == 7200
    assert filled.calls.last.body == {"expires_after": "7200", "purpose": ""}


@pytest.mark.parametrize(
    ("fields", "arguments", "status", "words"),
    [
        ([], {"file": None}, 422, "The form has no file"),
        ([], {"after": [("expires_after", "7200")]}, 400, "must come before the file"),
        ([("expires_after", "soon")], {}, 422, "expires_after must be a number of seconds"),
        ([("expires_after", "5")], {}, 400, "expires_after must be from 3600"),
        ([("purpos", "x")], {}, 400, "Argument not supported: purpos"),
        ([], {"file": ("a;b", b"x")}, 400, "contains ';'"),
        ([], {"file": ("", b"x")}, 400, "The file has no name."),
    ],
)
def test_bad_forms(post, filled, fields, arguments, status, words):
    got, body = post(fields, **arguments)
    assert got == status, body
    assert words in json.dumps(body, ensure_ascii=False)
    assert not filled.files


@pytest.mark.parametrize(
    ("content_type", "status", "words"),
    [
        ("application/json", 415, "multipart/form-data"),
        ("multipart/form-data", 400, "Failed to parse the multipart form"),
        ("multipart/form-data; boundary=x", 400, "Failed to parse the multipart form|no file"),
    ],
)
def test_bodies_that_are_not_forms(filled, content_type, status, words):
    import httpx2

    response = httpx2.post(
        f"{filled.http_url}/files",
        content=b"not a form",
        headers={"authorization": f"Bearer {filled.api_key}", "content-type": content_type},
    )
    assert response.status_code in (status, 422)
    assert any(word in response.text for word in words.split("|"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"order": "up"}, "order must be one of asc, desc"),
        ({"sort_by": "x"}, "sort_by must be one of"),
        ({"limit": "many"}, "limit must be an integer"),
        ({"filter": "x"}, "Invalid filter at position 0"),
        ({"pagination_token": "x"}, "Invalid pagination_token"),
        ({"x": "1"}, "Argument not supported"),
    ],
)
def test_bad_queries(rest, query, words):
    with pytest.raises(openai.BadRequestError) as caught:
        rest.files.list(extra_query=query)
    assert words in caught.value.response.text


def test_limits_and_faults():
    with (
        FakeServer(http=True, max_file_bytes=10) as server,
        openai.OpenAI(api_key=server.api_key, base_url=server.http_url) as rest,
    ):
        with pytest.raises(openai.APIStatusError) as caught:
            rest.files.create(file=("a", bytes(11)), purpose="batch")
        assert caught.value.status_code == 413
        assert "exceeds the maximum of 10 bytes" in caught.value.response.text
        server.fault(Fault.unavailable(), next=1)
        assert rest.files.create(file=("a", b"x"), purpose="batch").bytes == 1
        assert server.calls.last.status == "OK"
        assert len(server.files) == 1
