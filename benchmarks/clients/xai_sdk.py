"""xAI's own SDK, where it is installed."""

from __future__ import annotations

import base64
import time

from xai_sdk import AsyncClient, Client
from xai_sdk.chat import image, user

# It trusts the test's certificate by way of the environment variable that gRPC itself reads.
# Its own limit to a request is 20 MiB, which large work here is over.
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def _image(source):
    data = source if isinstance(source, bytes) else source.read_bytes()
    return image("data:image/jpeg;base64," + base64.b64encode(data).decode())


class Blocking:
    def __init__(self, where):
        self._client = Client(api_key=where.key, api_host=where.target, channel_options=_OPTIONS)

    def ask(self, text):
        return self._client.chat.create("grok-4").append(user(text)).sample().content

    def look(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, _image(source)))
        return chat.sample().content

    def converse(self, text, sources):
        chat = self._client.chat.create("grok-4")
        took = []
        for source in sources:
            began = time.perf_counter()
            chat.append(user(text, _image(source)))
            chat.append(chat.sample())
            took.append(time.perf_counter() - began)
        return took

    def stream(self, model, each):
        response, count = None, 0
        chat = self._client.chat.create(model).append(user("Go on"))
        for response, _ in chat.stream():
            if each:
                count += len(response.content) > 0
        return len(response.content)

    def close(self):
        self._client.close()


class Asyncio:
    def __init__(self, where):
        self._client = AsyncClient(
            api_key=where.key, api_host=where.target, channel_options=_OPTIONS
        )

    async def ask(self, text):
        return (await self._client.chat.create("grok-4").append(user(text)).sample()).content

    async def look(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, _image(source)))
        return (await chat.sample()).content

    async def stream(self, model, each):
        response, count = None, 0
        chat = self._client.chat.create(model).append(user("Go on"))
        async for response, _ in chat.stream():
            if each:
                count += len(response.content) > 0
        return len(response.content)

    async def close(self):
        await self._client.close()
