"""The types of batches, generation and collections, as editors infer them."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import assert_type

from xai_vision import AsyncClient, Client
from xai_vision.batch import AsyncBatchResult, BatchResult, ListBatchResultsResponse
from xai_vision.chat import Response
from xai_vision.image import AsyncImageResponse, ImageResponse
from xai_vision.proto import batch_pb2, collections_pb2, deferred_pb2, documents_pb2
from xai_vision.testing import FakeServer
from xai_vision.video import VideoResponse


def batches(client: Client) -> None:
    batch = client.batch.create("a", timeout=5)
    assert_type(batch, batch_pb2.Batch)
    chat = client.chat.create("grok-4", batch_request_id="a")
    client.batch.add(batch.batch_id, [chat, client.image.prepare("a dog", "grok-imagine-image")])
    assert_type(client.batch.wait("b", on_progress=lambda b: print(b.state)), batch_pb2.Batch)
    assert_type(client.batch.results("b"), Iterator[BatchResult])
    assert_type(client.batch.list_batch_results("b"), ListBatchResultsResponse)
    result = client.batch.get_result("b", "a")
    assert_type(result.response, Response)
    assert_type(result.video_response, VideoResponse)
    assert_type(result.error_message, str | None)
    client.batch.list_batch_requests("b", status="failed")
    client.batch.list_batch_requests("b", status="fail")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.batch.add("b", ["chat"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def generation(client: Client) -> None:
    image = client.image.sample("a dog", "grok-imagine-image", aspect_ratio="16:9", timeout=5)
    assert_type(image, ImageResponse)
    assert_type(image.image, bytes)
    assert_type(image.cost_usd, float | None)
    video = client.video.generate("x", "grok-imagine-video", resolution="480p", interval=1)
    assert_type(video, VideoResponse)
    assert_type(video.duration, int)
    assert_type(client.video.start("x", "m"), deferred_pb2.StartDeferredResponse)
    assert_type(client.video.prepare("x", "m", batch_request_id="a"), batch_pb2.BatchRequest)
    client.image.sample("x", "m", aspect_ratio="5:7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.image.sample("x", "m", size="1k")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def collections(client: Client) -> None:
    document = client.collections.upload_document("c", "a.txt", b"x", wait_for_indexing=True)
    assert_type(document, collections_pb2.DocumentMetadata)
    found = client.collections.search("q", ["c"], retrieval_mode="keyword")
    assert_type(found, documents_pb2.SearchResponse)
    client.collections.search("q", ["c"], retrieval_mode="fuzzy")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def asynchronous(client: AsyncClient) -> None:
    assert_type(await client.batch.get("b"), batch_pb2.Batch)
    async for result in client.batch.results("b"):
        assert_type(result, AsyncBatchResult)
        assert_type(await result.image_response.image, bytes)
    image = await client.image.sample("a dog", "grok-imagine-image")
    assert_type(image, AsyncImageResponse)
    assert_type(await image.image, bytes)
    assert_type(await client.video.generate("x", "m"), VideoResponse)
    assert_type(await client.collections.generate_description("c"), str)


def fake(server: FakeServer) -> None:
    server.batches(ready_after=2, fail=["a"], cancel="why", models_refused=["grok-4"])
    server.images(data=[b"x"], missing=1, withheld=True, storage_error="full")
    server.videos(ready_after_polls=2, failed=("internal_error", "broken"))
    server.indexing(ready_after=2, failed="broken")
    assert_type(server.management_key, str)
    server.batches(after=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
