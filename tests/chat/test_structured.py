"""Structured output: requested by a type, and parsed as it."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Optional, TypeAlias

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from xai_vision import InvalidRequestError
from xai_vision.chat import (
    user,
)
from xai_vision.errors import (
    StructuredOutputError,
)
from xai_vision.proto import chat_pb2


class Animal(BaseModel):
    name: str
    legs: int = Field(ge=0)


def test_parse(client, server):
    server.on().reply_json({"name": "cat", "legs": 4})
    chat = client.chat.create("grok-4").append(user("Which animal?"))
    response, animal = chat.parse(Animal)
    assert animal == Animal(name="cat", legs=4)
    assert json.loads(response.content) == {"name": "cat", "legs": 4}
    response_format = server.calls.last.request.response_format
    assert response_format.format_type == chat_pb2.FORMAT_TYPE_JSON_SCHEMA
    assert json.loads(response_format.schema) == Animal.model_json_schema()
    assert chat.proto.HasField("response_format") is False, "parse() changes only its own call"


def test_fake_server_replies_to_any_schema(client):
    class Page(BaseModel):
        title: str
        animals: list[Animal]
        color: str | None

    _, page = client.chat.create("grok-4").append(user("Read it")).parse(Page)
    assert isinstance(page, Page)
    _, animals = client.chat.create("grok-4").append(user("Read it")).parse(list[Animal])
    assert all(isinstance(animal, Animal) for animal in animals)


Size: TypeAlias = Literal["small", "large"] | None
SHAPES = pytest.mark.parametrize(
    ("shape", "reply"),
    [
        (int | None, None),
        (Optional[int], 3),  # noqa: UP045  # the older form of the same
        (Literal["a", "b"], "b"),
        (Annotated[int, Field(ge=2)], 2),
        (Size, "large"),
        (str | list[str], ["a"]),
        (dict[str, int], {"a": 1}),
        (bool, True),
    ],
)


@SHAPES
def test_parse_types_that_are_not_classes(client, server, shape, reply):
    server.on().reply(json.dumps(reply))
    response, value = client.chat.create("grok-4").append(user("Which?")).parse(shape)
    assert (value, response.content) == (reply, json.dumps(reply))
    schema = json.loads(server.calls.last.request.response_format.schema)
    assert schema == TypeAdapter(shape).json_schema()


@SHAPES
async def test_async_parse_types_that_are_not_classes(aclient, server, shape, reply):
    server.on().reply(json.dumps(reply))
    _, value = await aclient.chat.create("grok-4").append(user("Which?")).parse(shape)
    assert value == reply


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name": "cat"}', "legs: Field required"),
        ('{"name": "cat", "legs": -1}', "legs: Input should be greater than or equal to 0"),
        ("a cat", "Invalid JSON"),
    ],
)
def test_response_that_does_not_match(client, server, text, message):
    server.on().reply(text, unchecked=True)
    chat = client.chat.create("grok-4").append(user("Which animal?"))
    with pytest.raises(StructuredOutputError, match=message) as caught:
        chat.parse(Animal)
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.text == error.response.content == text
    assert error.errors[0]["msg"]
    assert "in .text" in str(error)


async def test_async_parse(aclient, server):
    server.on().reply_json({"name": "cat", "legs": 4})
    chat = aclient.chat.create("grok-4").append(user("Which animal?"))
    _, animal = await chat.parse(Animal)
    assert animal.legs == 4


def test_response_format_forms(client, server):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    for form in (Animal, schema, "json_object"):
        response = client.chat.create("grok-4", response_format=form).append(user("Hi")).sample()
        assert isinstance(json.loads(response.content), dict)
    kinds = [call.request.response_format.format_type for call in server.calls]
    assert kinds == [3, 3, 2]
    with pytest.raises(InvalidRequestError, match=r"parse\(\) needs a type, not the function"):
        client.chat.create("grok-4").append(user("Hi")).parse(lambda: None)
