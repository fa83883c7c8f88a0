"""What editors see of messages, images, streams, shapes and clients.

Checked like ``seen_by_editors.py``, never run.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, Optional, TextIO, TypeAlias

import numpy as np
import openai
import PIL.Image
from pydantic import BaseModel, Field
from typing_extensions import assert_type

from xai_vision import AsyncClient, Client, RetryPolicy
from xai_vision.chat import (
    AsyncChat,
    AsyncStream,
    Chat,
    Chunk,
    CreateParameters,
    ImageContent,
    Message,
    Response,
    Stream,
    assistant,
    chat_pb2,
    file,
    image,
    required_tool,
    system,
    tool_result,
    user,
)
from xai_vision.imaging import ImageSource, PreparedImage, prepare_image

Size: TypeAlias = Literal["small", "large"] | None


class Animal(BaseModel):
    legs: int


def append(chat: Chat, dumped: dict[str, str], completion: openai.OpenAI) -> None:
    assert_type(chat.append(user("Hi")), Chat)
    chat.append(system("Be brief")).append(assistant("Yes")).append(tool_result("12 C", "call-1"))
    chat.append(chat.sample()).append(chat.compact()).append(chat_pb2.Message())
    chat.append({"role": "user", "content": "Hi"}).append(dumped)
    answer = completion.chat.completions.create(model="m", messages=[]).choices[0].message
    assert_type(chat.append(answer), Chat)
    chat.append(123)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append("Hi")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append([user("Hi")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append(image(b""))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append(user("Hi"), user("Hi"))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    chat.append()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def append_async(chat: AsyncChat) -> None:
    assert_type(chat.append(user("Hi")), AsyncChat)
    chat.append(await chat.sample()).append(await chat.compact())
    chat.append(3.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.append(chat.sample())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # needs await


def images(
    pixels: PIL.Image.Image,
    prepared: PreparedImage,
    source: ImageSource,
    binary: BinaryIO,
    text_file: TextIO,
) -> None:
    array = np.zeros((2, 2, 3), np.uint8)
    assert_type(image("https://example.com/a.png"), ImageContent)
    for data in (b"", bytearray(), memoryview(b""), Path("a.png"), io.BytesIO(), binary):
        assert_type(image(data), ImageContent)
    assert_type(image(pixels, detail="low"), ImageContent)
    assert_type(image(array, max_side=1024, fit=True), ImageContent)
    assert_type(image(prepared, detail=None), ImageContent)
    assert_type(image(source), ImageContent)
    assert_type(image(file_id="f-1"), chat_pb2.Content)
    assert_type(user("x", image(array), file("f-1"), pixels, array, b"", Path("a")), Message)
    image(3.5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    image(None)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    image(["a.png"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    image(text_file)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]  # not in binary mode
    image()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    image(b"", max_sied=5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    image("https://example.com/a.png", file_id="f-1")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    user("x", image(3.5))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    user("x", 3.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def prepared_images(pixels: PIL.Image.Image) -> None:
    prepared = prepare_image(Path("a.png"), max_side=1024, detail="low", strip_metadata=True)
    assert_type(prepared, PreparedImage)
    assert_type(prepare_image(prepared), PreparedImage)
    prepare_image(pixels, upright=True, orientation="ignore", mode="RGB", max_pixels=None)
    image(pixels, upright=True, orientation="ignore", mode="RGB", max_pixels=None)
    prepare_image(pixels, orientation="obey")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    image(pixels, mode="L")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    assert_type(prepare_image(pixels, name="a"), PreparedImage)
    assert_type(prepare_image(np.zeros((2, 2), np.uint8)), PreparedImage)
    assert_type(prepared.tokens.high, int)
    prepare_image(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    prepare_image(Path("a.png"), detail="ultra")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    prepare_image(Path("a.png"), max_size=1024)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    prepare_image(Path("a.png"), 1024)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]


def create(client: Client, aclient: AsyncClient, untyped: dict[str, Any]) -> None:
    parameters: CreateParameters = {"temperature": 0.2, "stop": ["END"], "user": None}
    assert_type(client.chat.create("grok-4", **parameters), Chat)
    assert_type(aclient.chat.create("grok-4", **parameters), AsyncChat)
    assert_type(client.chat.create("grok-4", **untyped), Chat)
    assert_type(client.chat.create(model="grok-4", max_tokens=None), Chat)
    assert_type(client.chat.from_openai(model="grok-4", messages=[]), Chat)
    assert_type(aclient.chat.from_openai(model="grok-4", messages=[]), AsyncChat)
    client.chat.create("grok-4", messages=[user("Hi"), chat_pb2.Message(), {"role": "user"}])
    client.chat.create("grok-4", tool_choice=required_tool("f"), agent_count=16)
    client.chat.create("grok-4", response_format={"type": "json_object"}, include=[])
    client.chat.create("grok-4", guidelines=[{"category": "nsfw", "behavior": "decline"}])
    client.chat.create("grok-4", 0.2)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    client.chat.create(4)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", max_completion_tokens=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.chat.create("grok-4", messages=["Hi"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", messages=user("Hi"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", include=["links"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", response_format="yaml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", response_format=int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.chat.create("grok-4", agent_count=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aclient.chat.create("grok-4", max_tokens="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    aclient.chat.create("grok-4", temprature=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    misspelled: CreateParameters = {"temprature": 1}  # type: ignore[typeddict-unknown-key]  # pyright: ignore[reportAssignmentType]
    client.chat.create("grok-4", **misspelled)


def stream(chat: Chat) -> None:
    stream = chat.stream(idle_timeout=timedelta(seconds=3), timeout=5, retries=RetryPolicy())
    assert_type(stream, Stream[tuple[Response, Chunk]])
    for response, chunk in stream:
        assert_type(response, Response)
        assert_type(chunk, Chunk)
    stream.cancel()
    batch = chat.stream_batch(2, metadata={"x-trace": "7"})
    assert_type(batch, Stream[tuple[Sequence[Response], Sequence[Chunk]]])
    for responses, chunks in batch:
        assert_type(responses[0].content + chunks[0].content, str)
    assert_type(chat.ask_stream("Hi", image(b"")), Stream[tuple[Response, Chunk]])
    chat.stream(idle_timeout="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.stream(idle_timeot=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    chat.stream_batch()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    chat.ask_stream(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def stream_async(chat: AsyncChat) -> None:
    stream = chat.stream(idle_timeout=3)
    assert_type(stream, AsyncStream[tuple[Response, Chunk]])
    async for response, chunk in stream:
        assert_type(response, Response)
        assert_type(chunk, Chunk)
    stream.cancel()
    batch = chat.stream_batch(2)
    assert_type(batch, AsyncStream[tuple[Sequence[Response], Sequence[Chunk]]])
    assert_type(chat.ask_stream("Hi"), AsyncStream[tuple[Response, Chunk]])
    for _ in stream:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        pass
    await chat.stream()  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    chat.stream(idle_timeout="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def parse(chat: Chat) -> None:
    assert_type(chat.parse(Animal), tuple[Response, Animal])
    assert_type(chat.parse(list[Animal]), tuple[Response, list[Animal]])
    assert_type(chat.parse(dict[str, int], timeout=5), tuple[Response, dict[str, int]])
    assert_type(chat.parse(int), tuple[Response, int])
    assert_type(chat.parse(int | None), tuple[Response, Any])
    assert_type(chat.parse(Optional[Animal]), tuple[Response, Any])  # noqa: UP045  # older form
    assert_type(chat.parse(Literal["a", "b"]), tuple[Response, Any])
    assert_type(chat.parse(Annotated[int, Field(ge=2)]), tuple[Response, Any])
    assert_type(chat.parse(Size), tuple[Response, Any])
    response, animal = chat.parse(Animal | list[Animal], tools=[])
    assert_type(response, Response)
    assert_type(animal, Any)
    chat.parse()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    chat.parse(Animal, idle_timeout=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    chat.parse(int | None, timeout="5")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    _ = chat.parse(Animal)[1].arms  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


async def parse_async(chat: AsyncChat) -> None:
    assert_type(await chat.parse(Animal), tuple[Response, Animal])
    assert_type(await chat.parse(list[str]), tuple[Response, list[str]])
    assert_type(await chat.parse(int | None), tuple[Response, Any])
    assert_type(await chat.parse(Literal["a", "b"]), tuple[Response, Any])
    assert_type(await chat.parse(Size, retries=0), tuple[Response, Any])
    await chat.parse()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    _, _ = chat.parse(Animal)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]


def clients(metadata: Mapping[str, str]) -> None:
    Client("xai-...", api_host="localhost:1", timeout=timedelta(minutes=1), retries=RetryPolicy())
    Client(metadata=metadata, channel_options=[("grpc.enable_retries", 0)], root_certificates=b"")
    assert_type(AsyncClient(retries=0, metadata=[("a", "b")]), AsyncClient)
    assert_type(Client().with_options(timeout=3, metadata={"a": "b"}), Client)
    assert_type(AsyncClient().with_options(retries=0), AsyncClient)
    Client(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client("xai-...", "management-...", "localhost:1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(retries=2.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(metadata={"a": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(base_url="https://api.x.ai")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncClient(max_retries=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncClient(root_certificates="a.pem")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client().with_options(api_key="xai-...")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = Client().completions  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
