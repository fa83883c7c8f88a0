"""One program over all services, run with xai_sdk and with only its imports changed.

Both clients talk to the fake server. Their results and their requests are equal.
"""

from __future__ import annotations

import asyncio
import re
import textwrap

import pytest

from tests.sample_images import data_url, jpeg, png
from xai_vision.testing import FakeServer

pytestmark = pytest.mark.peer

FILES = """
    def progress(done, total):
        results.append((done, total))

    uploaded = AWAIT client.files.upload(photo, filename="photo.jpg", on_progress=progress)
    named = AWAIT client.files.upload(path)
    results += [(file.filename, file.size) for file in (uploaded, named)]
    question = user("What's in them?", file(uploaded.id), file(named.id))
    response = AWAIT client.chat.create("grok-4", messages=[question]).sample()
    results += [response.content, response.usage.prompt_tokens]
    results.append((AWAIT client.files.content(uploaded.id)) == photo)
    public = AWAIT client.files.create_public_url(uploaded.id, expires_after=timedelta(hours=2))
    results.append(bool(public.public_url))
    results.append((AWAIT client.files.revoke_public_url(uploaded.id)).revoked)
    page = AWAIT client.files.list(limit=1, order="desc", sort_by="size")
    results += [page.data[0].filename, bool(page.pagination_token)]
    results.append((AWAIT client.files.delete(uploaded.id)).deleted)
    several = AWAIT client.files.batch_upload([path, path], batch_size=2)
    results.append(sorted((number, file.filename) for number, file in several.items()))
"""
BATCH = """
    batch = AWAIT client.batch.create("animals")
    chats = [
        client.chat.create(
            "grok-4",
            messages=[user(f"Describe number {number}", image(small_url))],
            batch_request_id=f"photo-{number}",
        )
        for number in range(200)
    ]
    for start in range(0, 200, 50):
        AWAIT client.batch.add(batch_id=batch.batch_id, batch_requests=chats[start : start + 50])
    while (AWAIT client.batch.get(batch.batch_id)).state.num_pending:
        pass
    answers, token = {}, None
    while True:
        page = AWAIT client.batch.list_batch_results(
            batch_id=batch.batch_id, limit=64, pagination_token=token
        )
        results.append((len(page.succeeded), len(page.failed)))
        for result in page.results:
            answers[result.batch_request_id] = result.response.content
        token = page.pagination_token
        if token is None:
            break
    results.append(answers)
    metadata = AWAIT client.batch.list_batch_requests(batch.batch_id, 3)
    results += [item.batch_request_id for item in metadata.batch_request_metadata]

    mixed = AWAIT client.batch.create("mixed")
    AWAIT client.batch.add(
        mixed.batch_id,
        [
            client.image.prepare("a cat", "grok-imagine-image", batch_request_id="image"),
            client.video.prepare("a cat", "grok-imagine-video", batch_request_id="video"),
        ],
    )
    while (AWAIT client.batch.get(mixed.batch_id)).state.num_pending:
        pass
    page = AWAIT client.batch.list_batch_results(mixed.batch_id)
    by_id = {result.batch_request_id: result for result in page.results}
    results += [by_id["image"].image_response.model, by_id["video"].video_response.duration]
    results += [result.is_success for result in by_id.values()]
    cancelled = AWAIT client.batch.create("cancelled")
    AWAIT client.batch.add(cancelled.batch_id, chats[:2])
    state = (AWAIT client.batch.cancel(cancelled.batch_id)).state
    results += [state.num_cancelled, state.num_pending]
    page = AWAIT client.batch.list_batch_results(cancelled.batch_id)
    results += [(result.has_error, bool(result.error_message)) for result in page.results]
    results.append(len((AWAIT client.batch.list(limit=10)).batches))
"""
GENERATION = """
    model = "grok-imagine-image"
    response = AWAIT client.image.sample(
        "a cat", model, image_format="base64", aspect_ratio="16:9", quality="low"
    )
    results += [AWAIT response.image, response.model, response.cost_usd]
    response = AWAIT client.image.sample("a cat", model, image_url=small_url)
    data = AWAIT response.image
    results += [len(data), data[:2], bool(response.url), response.respect_moderation]
    responses = AWAIT client.image.sample_batch("a cat", model, 3, resolution="2k")
    results += [len(responses), len({response.url for response in responses})]
    stored = AWAIT client.image.sample(
        "a cat", model, storage_options={"filename": "cat.jpg", "public_url": True}
    )
    results += [stored.file_output.filename, bool(stored.public_url), stored.storage_error]

    started = AWAIT client.video.start("a cat", "grok-imagine-video", duration=5)
    pending = deferred_pb2.DeferredStatus.PENDING
    while (AWAIT client.video.get(started.request_id)).status == pending:
        pass
    soon = timedelta(milliseconds=1)
    video = AWAIT client.video.generate(
        "a cat", "grok-imagine-video", duration=4, resolution="480p", interval=soon
    )
    results += [video.duration, video.model, video.cost_usd, bool(video.url)]
    longer = AWAIT client.video.extend(
        "it sleeps", "grok-imagine-video", video.url, duration=3, interval=soon
    )
    results.append(longer.duration)
    try:
        AWAIT client.image.sample("a cat", model, aspect_ratio="7:1")
    except ValueError:
        results.append("refused")
"""
COLLECTIONS = """
    collection = AWAIT client.collections.create(
        "manuals",
        chunk_configuration={
            "chars_configuration": {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5}
        },
        field_definitions=[
            {"key": "year", "required": True, "inject_into_chunk": True, "unique": False}
        ],
        description="About pumps",
    )
    name = collection.collection_id
    document = AWAIT client.collections.upload_document(
        name,
        "pump.txt",
        b"The pump has a pressure of 5 bar. " * 4,
        {"year": "2024"},
        wait_for_indexing=True,
        poll_interval=timedelta(milliseconds=1),
    )
    file_id = document.file_metadata.file_id
    results += [document.file_metadata.name, document.status]
    found = AWAIT client.collections.search("pressure", [name], limit=2, retrieval_mode="keyword")
    results += [(match.chunk_content, match.score) for match in found.matches]
    changed = AWAIT client.collections.update(
        name,
        "handbooks",
        field_definitions=[
            {
                "field_definition": {
                    "key": "author", "required": False, "inject_into_chunk": False, "unique": False
                },
                "operation": "add",
            }
        ],
    )
    results.append(changed.collection_name)
    AWAIT client.collections.update_document(name, file_id, fields={"year": "2025"})
    AWAIT client.collections.reindex_document(name, file_id)
    got = AWAIT client.collections.get_document(file_id, name)
    results += [dict(got.fields), (AWAIT client.collections.get(name)).documents_count]
    page = AWAIT client.collections.list_documents(name, order="asc", sort_by="name")
    results.append(len(page.documents))
    page = AWAIT client.collections.batch_get_documents(name, [file_id])
    results.append(len(page.documents))
    results.append(AWAIT client.collections.generate_description(name))
    more = AWAIT client.files.upload(b"Pumps are loud.", filename="more.txt")
    AWAIT client.collections.add_existing_document(name, more.id, {"year": "2020"})
    AWAIT client.collections.remove_document(name, more.id)
    page = AWAIT client.collections.list(filter='collection_name:"handbooks"')
    results.append(len(page.collections))
    AWAIT client.collections.delete(name)
    results.append(len((AWAIT client.collections.list()).collections))
"""
# Generated files have random addresses.
ADDRESS = re.compile(r"http://127.0.0.1:\d+/[\w-]+")
PROGRAM = """
from datetime import timedelta

from xai_sdk import AsyncClient, Client
from xai_sdk.chat import file, image, user
from xai_sdk.proto import deferred_pb2


ASYNC def main(keys, photo, small_url, path):
    results = []
    client = CLIENT(**keys)
{part}
    AWAIT client.close()
    return results
"""
PARTS = {
    "files": FILES,
    "batch": BATCH,
    "generation": GENERATION,
    "collections": COLLECTIONS,
}


def run(package, kind, part, path):
    """Run the program; return its results and the requests that the server received."""
    code = PROGRAM.format(part=textwrap.indent(textwrap.dedent(PARTS[part]), "    "))
    words = ("async ", "await ", "AsyncClient") if kind == "async" else ("", "", "Client")
    for name, word in zip(("ASYNC ", "AWAIT ", "CLIENT"), words, strict=True):
        code = code.replace(name, word)
    namespace = {}
    exec(code.replace("xai_sdk", package), namespace)
    with FakeServer(fixed_ids=True) as server:
        keys = {
            "api_key": server.api_key,
            "management_api_key": server.management_key,
            "api_host": server.target,
            "management_api_host": server.target,
        }
        results = namespace["main"](keys, jpeg(), data_url(png()), str(path))
        if kind == "async":
            results = asyncio.run(results)
        # The addresses of generated files are random.
        requests = [
            (
                call.method,
                re.sub(r"http://127.0.0.1:\d+/[\w-]+", "http://fake/x", str(call.request)),
            )
            for call in server.calls
        ]
    return results, requests


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("part", PARTS)
def test_the_program_does_the_same(part, kind, tmp_path):
    path = tmp_path / "chart.png"
    path.write_bytes(png())
    theirs, their_requests = run("xai_sdk", kind, part, path)
    ours, our_requests = run("xai_vision", kind, part, path)
    assert ours == theirs
    assert our_requests == their_requests
    if part == "batch":
        [answers] = [result for result in ours if isinstance(result, dict)]
        assert len(answers) == 200
        assert "number 7" in answers["photo-7"]
