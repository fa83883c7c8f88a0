"""What editors and type checkers see. Checked by mypy and Pyright, never run.

``assert_type`` states what is inferred. A line that must be an error ignores exactly that error,
once for each checker: mypy reads "type: ignore", Pyright reads "pyright: ignore". Both report an
ignore that is not needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc
from pydantic import BaseModel
from typing_extensions import assert_type

from xai_vision import AsyncClient, Client, prepare_image, prepare_pages
from xai_vision.chat import (
    AsyncChat,
    AsyncStream,
    Chat,
    Chunk,
    CompactContextResponse,
    Message,
    Response,
    Stream,
    image,
    user,
)
from xai_vision.errors import ImageError, RateLimitError
from xai_vision.imaging import PreparedImage, TokenEstimate
from xai_vision.tools import web_search


class Animal(BaseModel):
    legs: int


def weather(city: str) -> str:
    """Tell the weather."""
    return city


def places(answer: list[float]) -> None:
    prepared = prepare_image(Path("a.jpg"))
    assert_type(prepared.to_source((1, 2)), tuple[float, float])
    assert_type(prepared.to_source((1, 2, 3, 4), 1), tuple[float, float, float, float])
    assert_type(prepared.to_source(answer, None, upright=False), tuple[float, ...])
    assert_type(prepared.tiles(512, 0.2, max_bytes=9), Iterator[PreparedImage])
    prepared.draw([answer, (1, 2)], ["a", None], scale="pixels").save("check.png")
    prepared.to_source("1, 2")  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pages = prepare_pages("a.pdf", 200, range(1, 3), max_side=9, detail="low")
    assert_type(pages, Iterator[PreparedImage])
    prepare_pages("a.pdf", page=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def sync(client: Client) -> None:
    chat = client.chat.create("grok-4", temperature=0.2, stop="END", store_messages=True)
    assert_type(chat, Chat)
    message = user("What?", image("https://example.com/a.png", detail="high"))
    assert_type(message, Message)
    assert_type(chat.append(message), Chat)
    response = chat.sample(timeout=5)
    assert_type(response, Response)
    assert_type(response.content, str)
    assert_type(response.cost_usd, float | None)
    assert_type(response.usage.prompt_image_tokens, int)
    assert_type(chat.ask("Hi", image(b"")), Response)
    assert_type(chat.sample_batch(2), Sequence[Response])
    assert_type(chat.parse(Animal), tuple[Response, Animal])
    assert_type(chat.defer(interval=1, timeout=5, retries=0, wait_for_ready=True), Response)
    assert_type(chat.defer_batch(2, interval=1, retries=0), Sequence[Response])
    assert_type(chat.compact(), CompactContextResponse)
    assert_type(chat.fork(), Chat)
    assert_type(chat.estimate(), TokenEstimate)
    assert_type(chat.messages[0], Message)
    assert_type(chat.messages[0].name, str)
    assert_type(chat.proto.model, str)
    assert_type(chat.ask_stream("Hi", idle_timeout=3), Stream[tuple[Response, Chunk]])
    assert_type(client.models.get_language_model("grok-4").name, str)
    assert_type(client.tokenize.tokenize_text("a", "grok-4")[0].token_id, int)
    client.chat.create(
        "grok-4",
        tools=[{"type": "web_search"}, web_search(enable_image_understanding=True), weather],
        messages=[user("Hi"), {"role": "user", "content": "Hi"}],
        response_format=Animal,
    )
    assert_type(chat.stream(), Stream[tuple[Response, Chunk]])
    for answer, chunk in chat.stream():
        assert_type(answer.content, str)
        assert_type(chunk.content, str)
    with Client() as entered:
        assert_type(entered, Client)


async def asynchronous(client: AsyncClient) -> None:
    chat = client.chat.create("grok-4", reasoning_effort="low", include=["inline_citations"])
    assert_type(chat, AsyncChat)
    assert_type(chat.append(user("Hi")), AsyncChat)
    assert_type(await chat.sample(retries=0, wait_for_ready=True), Response)
    assert_type(await chat.ask("Hi"), Response)
    assert_type(await chat.parse(Animal), tuple[Response, Animal])
    assert_type(await chat.sample_batch(2), Sequence[Response])
    assert_type(await client.chat.delete_stored_completion("id"), str)
    assert_type(chat.stream(), AsyncStream[tuple[Response, Chunk]])
    async for answer, chunk in chat.stream():
        assert_type(answer, Response)
        assert_type(chunk, Chunk)
    async with AsyncClient() as entered:
        assert_type(entered, AsyncClient)


def errors() -> None:
    try:
        Client().chat.create("grok-4").ask("Hi")
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.code(), grpc.StatusCode)
    except ImageError as error:
        assert_type(error.remedy, str)


def rejected(client: Client) -> None:
    image("https://example.com/a.png", detail="ultra")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", temprature=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.chat.create("grok-4", temperature="hot")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", reasoning_effort="huge")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.chat.create("grok-4").sample(idle_timeout=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.chat.create("grok-4", tools=[3])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    user(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = user("Hi").contents  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    Client(api_hots="localhost:1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4").sample(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    for _ in AsyncClient().chat.create("grok-4").stream():  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        pass
