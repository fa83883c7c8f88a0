"""The same calls with each SDK. Each function returns what a program sees of the answers."""

from __future__ import annotations

import importlib
from datetime import timedelta

import pydantic

from tests.testing.cassettes.images import encode, scene
from tests.testing.grpc_calls import data_url
from xai_vision.testing import FunctionCall, match


class Animal(pydantic.BaseModel):
    name: str
    legs: int


INTERVAL = timedelta(milliseconds=5)
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}


def prepare(service):
    """Give the service answers that differ from its default replies."""
    service.on(prompt="Count").reply("one two three", chunks=3)
    service.on(prompt="Weather?", turn=1).reply(
        tool_calls=[FunctionCall("get_weather", {"city": "Bern"})]
    )
    service.on(tool_result=match.contains("12 C")).reply("Cold.")
    service.on(prompt="An animal").reply_json({"name": "cat", "legs": 4})
    service.on(prompt="The total?").reply("42 EUR")
    service.on(prompt="Later").reply("Here I am.")


def _question(sdk, quality):
    image = data_url(encode(scene(), quality=quality))
    return sdk.user("What is it?", sdk.image(image, detail="high"))


def talk(package, server, quality=90):
    """Make the calls with a package's Client.

    Args:
        package: "xai_sdk" or "xai_vision".
        server: The server to call.
        quality: The JPEG quality of the image.
    """
    sdk = importlib.import_module(f"{package}.chat")
    client = importlib.import_module(package).Client(api_key=server.api_key, api_host=server.target)
    chats, seen = client.chat, {}
    first = chats.create("grok-4", messages=[_question(sdk, quality)], store_messages=True)
    answer = first.sample()
    seen["unary"] = answer.content
    chained = chats.create("grok-4", previous_response_id=answer.id, messages=[sdk.user("Why?")])
    seen["chained"] = chained.sample().content
    seen["stored"] = [item.content for item in chats.get_stored_completion(answer.id)]
    seen["deleted"] = chats.delete_stored_completion(answer.id) == answer.id
    counting = chats.create("grok-4", messages=[sdk.user("Count")])
    seen["stream"] = [chunk.content for _, chunk in counting.stream()]
    tools = [sdk.tool("get_weather", "The weather.", PARAMETERS)]
    chat = chats.create("grok-4", messages=[sdk.user("Weather?")], tools=tools)
    response = chat.sample()
    call = response.tool_calls[0]
    seen["call"] = call.function.name, call.function.arguments
    chat.append(response).append(sdk.tool_result("12 C", tool_call_id=call.id))
    seen["tools"] = chat.sample().content
    parsed = chats.create("grok-4", messages=[sdk.user("An animal")]).parse(Animal)[1]
    seen["parsed"] = parsed.model_dump()
    deferred = chats.create("grok-4", messages=[sdk.user("Later")])
    seen["deferred"] = deferred.defer(interval=INTERVAL).content
    file = client.files.upload(b"Total: 42 EUR", filename="invoice.txt")
    question = sdk.user("The total?", sdk.file(file.id))
    seen["file"] = chats.create("grok-4", messages=[question]).sample().content
    seen["content"] = client.files.content(file.id)
    seen["files"] = [item.filename for item in client.files.list().data]
    seen["file deleted"] = client.files.delete(file.id).deleted
    client.close()
    return seen


async def talk_async(package, server, quality=90):
    """Make the calls with a package's AsyncClient; see ``talk``."""
    sdk = importlib.import_module(f"{package}.chat")
    client = importlib.import_module(package).AsyncClient(
        api_key=server.api_key, api_host=server.target
    )
    chats, seen = client.chat, {}
    first = chats.create("grok-4", messages=[_question(sdk, quality)], store_messages=True)
    answer = await first.sample()
    seen["unary"] = answer.content
    chained = chats.create("grok-4", previous_response_id=answer.id, messages=[sdk.user("Why?")])
    seen["chained"] = (await chained.sample()).content
    seen["stored"] = [item.content for item in await chats.get_stored_completion(answer.id)]
    seen["deleted"] = await chats.delete_stored_completion(answer.id) == answer.id
    counting = chats.create("grok-4", messages=[sdk.user("Count")])
    seen["stream"] = [chunk.content async for _, chunk in counting.stream()]
    tools = [sdk.tool("get_weather", "The weather.", PARAMETERS)]
    chat = chats.create("grok-4", messages=[sdk.user("Weather?")], tools=tools)
    response = await chat.sample()
    call = response.tool_calls[0]
    seen["call"] = call.function.name, call.function.arguments
    chat.append(response).append(sdk.tool_result("12 C", tool_call_id=call.id))
    seen["tools"] = (await chat.sample()).content
    parsed = await chats.create("grok-4", messages=[sdk.user("An animal")]).parse(Animal)
    seen["parsed"] = parsed[1].model_dump()
    deferred = chats.create("grok-4", messages=[sdk.user("Later")])
    seen["deferred"] = (await deferred.defer(interval=INTERVAL)).content
    file = await client.files.upload(b"Total: 42 EUR", filename="invoice.txt")
    question = sdk.user("The total?", sdk.file(file.id))
    seen["file"] = (await chats.create("grok-4", messages=[question]).sample()).content
    seen["content"] = await client.files.content(file.id)
    seen["files"] = [item.filename for item in (await client.files.list()).data]
    seen["file deleted"] = (await client.files.delete(file.id)).deleted
    await client.close()
    return seen
