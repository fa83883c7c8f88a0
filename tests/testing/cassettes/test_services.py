"""Calls of all services are recorded and replayed; no cassette contains a key or image data."""

from __future__ import annotations

import base64
import io
import json
import os
from datetime import timedelta

import pytest
from PIL import Image

from tests.testing.cassettes.conftest import assert_publishable
from tests.testing.cassettes.images import encode, scene
from xai_vision import Client, errors
from xai_vision.chat import image, user
from xai_vision.testing import Cassette, FakeServer
from xai_vision.testing._cassettes.cassette_file import CassetteContent

FAST = {"interval": 0.001}
WAIT = {"wait_for_indexing": True, "poll_interval": timedelta(milliseconds=1)}
PHOTO = encode(scene(), quality=90)


@pytest.fixture
def service(monkeypatch):
    with FakeServer(unused="allow") as running:
        monkeypatch.setenv("XAI_API_KEY", running.api_key)
        monkeypatch.setenv("XAI_MANAGEMENT_KEY", running.management_key)
        running.batches(ready_after=0)
        running.videos(ready_after_polls=2)
        running.indexing(ready_after=0)
        yield running


@pytest.fixture
def both(service, path, monkeypatch):
    """Make the same calls against the service and the cassette; return both results."""

    def run(calls, **options):
        results = []
        for mode in ("rewrite", "none"):
            upstream = service.target if mode == "rewrite" else None
            cassette = Cassette(path, **options)
            with FakeServer(upstream=upstream, cassette=cassette, record=mode) as server:
                client = Client(
                    server.api_key,
                    server.management_key,
                    api_host=server.target,
                    management_api_host=server.target,
                )
                with client:
                    results.append(calls(client))
                if mode == "none":
                    assert server._engine.recorder.unused() == []
            if mode == "rewrite":
                keys = (service.api_key, service.management_key, server.api_key)
                assert_publishable(path, *keys)
                service.stop()
                monkeypatch.delenv("XAI_API_KEY")
                monkeypatch.delenv("XAI_MANAGEMENT_KEY")
        return results

    return run


def test_models_tokens_and_the_key(both, path):
    def calls(client):
        key = client.auth.get_api_key_info()
        return (
            [model.name for model in client.models.list_language_models()],
            client.models.get_language_model("grok-4").name,
            [model.name for model in client.models.list_image_generation_models()],
            [token.string_token for token in client.tokenize.tokenize_text("Hello you", "grok-4")],
            (list(key.acls), key.api_key_blocked),
        ), key

    (recorded, key), (replayed, hidden) = both(calls)
    assert replayed == recorded
    assert {hidden.name, hidden.team_id, hidden.user_id, hidden.redacted_api_key} == {"***"}
    text = path.read_text()
    assert key.team_id not in text
    assert key.name not in text


def test_a_batch(both):
    def calls(client):
        batch = client.batch.create("squares")
        requests = [
            client.chat.create("grok-4", batch_request_id=f"id-{number}").append(
                user("What?", image(PHOTO))
            )
            for number in range(3)
        ]
        client.batch.add(batch.batch_id, requests)
        done = client.batch.wait(batch.batch_id, **FAST)
        results = list(client.batch.results(batch.batch_id))
        listed = [item.batch_id == batch.batch_id for item in client.batch.list().batches]
        return (
            done.state.num_success,
            [(item.batch_request_id, item.response.content) for item in results],
            listed,
        )

    recorded, replayed = both(calls)
    assert replayed == recorded
    assert recorded[0] == 3


@pytest.mark.parametrize("form", ["colors", "bytes"])
def test_generated_images(both, form):
    def calls(client):
        sources = client.image.sample(
            "A dog", "grok-imagine-image", image_format="base64", image_url=_data_url(PHOTO)
        )
        return sources.image

    recorded, replayed = both(calls, images=form)
    assert (replayed == recorded) == (form == "bytes")
    pictures = [Image.open(io.BytesIO(data)) for data in (recorded, replayed)]
    assert pictures[0].format == pictures[1].format
    assert pictures[0].size == pictures[1].size


def _data_url(data):
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def test_a_video_is_polled_as_it_was_recorded(both, path):
    def calls(client):
        video = client.video.generate("A dog", "grok-imagine-video", duration=2, **FAST)
        return video.duration, video.respect_moderation

    recorded, replayed = both(calls)
    assert replayed == recorded
    interactions = CassetteContent.load(path).interactions
    polls = [item for item in interactions if item.name == "GetDeferredVideo"]
    statuses = [item.responses[0]["message"]["status"] for item in polls]
    assert statuses[-1] == "DONE"
    assert "PENDING" in statuses


def test_polls_with_the_same_answer_are_recorded_once(both, path, service):
    service.deferred(ready_after_polls=4)

    def calls(client):
        chat = client.chat.create("grok-4", messages=[user("Later")])
        return chat.defer(interval=0.001).content

    recorded, replayed = both(calls)
    assert replayed == recorded
    assert [call.method for call in service.calls].count("GetDeferredCompletion") == 5
    interactions = CassetteContent.load(path).interactions
    polls = [item.responses[0]["message"]["status"] for item in interactions[1:]]
    assert polls == ["PENDING", "DONE"]


def test_collections(both):
    def calls(client):
        collection = client.collections.create("manuals")
        document = client.collections.upload_document(
            collection.collection_id, "pump.txt", b"The pressure of the pump is 3 bar.", **WAIT
        )
        found = client.collections.search("pressure of the pump", [collection.collection_id])
        client.collections.delete(collection.collection_id)
        return (
            document.file_metadata.name,
            [match.chunk_content for match in found.matches],
            found.matches[0].file_id == document.file_metadata.file_id,
        )

    recorded, replayed = both(calls)
    assert replayed == recorded
    assert recorded[2]


def test_a_compacted_conversation(both):
    def calls(client):
        chat = client.chat.create("grok-4", messages=[user("My dog is called Rex", image(PHOTO))])
        chat.append(chat.sample())
        compacted = client.chat.compact_context("grok-4", chat.messages)
        later = client.chat.create("grok-4", messages=[user("Its name?")])
        later.append(compacted)
        later.append(user("And its age?"))
        return compacted.dropped_message_count, later.sample().content

    recorded, replayed = both(calls)
    assert replayed == recorded


FILES = {
    "image": PHOTO,
    "large binary": b"%PDF-1.7\n" + os.urandom(300_000),
    "text": "Größe: 3\n".encode() * 2000,
    "empty": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_an_uploaded_file_is_downloaded_again(both, name):
    def calls(client):
        file = client.files.upload(FILES[name], filename="a")
        again = client.files.get(file.id)
        page = client.files.list(limit=1)
        return (
            file.size,
            again.id == file.id,
            page.data[0].id == file.id,
            client.files.content(file.id),
        )

    recorded, replayed = both(calls)
    assert replayed == recorded
    assert recorded[3] == FILES[name]


@pytest.mark.parametrize("name", ["large binary", "text"])
def test_a_file_of_the_service_is_replayed_whole(both, service, name):
    service.files["file-of-the-account"] = FILES[name]

    recorded, replayed = both(lambda client: client.files.content("file-of-the-account"))
    assert recorded == replayed == FILES[name]


def test_pages_are_replayed(both, service):
    for number in range(5):
        service.files[f"file-{number}"] = b"x"

    def calls(client):
        names, token = [], None
        while True:
            page = client.files.list(limit=2, pagination_token=token)
            names += [file.filename for file in page.data]
            if not page.HasField("pagination_token"):
                return names
            token = page.pagination_token

    recorded, replayed = both(calls)
    assert recorded == replayed == [f"file-{number}" for number in range(5)]


def test_a_chat_with_an_uploaded_image(both):
    def calls(client):
        uploaded = client.files.image(PHOTO)
        chat = client.chat.create("grok-4", messages=[user("What?", uploaded)])
        return chat.sample().content

    recorded, replayed = both(calls)
    assert replayed == recorded


def test_errors_of_other_services(both):
    def calls(client):
        with pytest.raises(errors.NotFoundError) as raised:
            client.files.get("file-of-nobody")
        return raised.value.code(), raised.value.details()

    recorded, replayed = both(calls)
    assert replayed == recorded


def test_a_sent_image_costs_less_than_2_kb(both, path):
    def calls(client):
        chat = client.chat.create("grok-4")
        for number in range(4):
            data = encode(scene(300 + number), "PNG")
            chat.append(user(f"Image {number}", image(data))).append(chat.sample())
        return len(chat.messages)

    both(calls)
    content = json.loads(path.read_text())
    # Each of the four requests has the images of the earlier ones.
    assert len(content["images"]) == 4
    assert len(json.dumps(content["images"], indent=1)) < 4 * 2048
