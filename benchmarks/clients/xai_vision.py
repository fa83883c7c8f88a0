"""xai_vision, the package of this project."""

from __future__ import annotations

import time

from xai_vision import AsyncClient, Client
from xai_vision.chat import image, user


class Blocking:
    def __init__(self, server):
        self._client = Client(server.key, api_host=server.target, root_certificates=server.root)

    def ask(self, text):
        return self._client.chat.create("grok-4").append(user(text)).sample().content

    def ask_image(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, image(source)))
        return chat.sample().content

    def converse(self, text, sources):
        chat = self._client.chat.create("grok-4")
        times = []
        for source in sources:
            start = time.perf_counter()
            chat.append(user(text, image(source)))
            chat.append(chat.sample())
            times.append(time.perf_counter() - start)
        return times

    def stream(self, model, read_each):
        response, count = None, 0
        chat = self._client.chat.create(model).append(user("Go on"))
        for response, _ in chat.stream():
            if read_each:
                count += len(response.content) > 0
        return len(response.content)

    def upload(self, path):
        return self._client.files.upload(path).size

    def close(self):
        self._client.close()


class Asyncio:
    def __init__(self, server):
        self._client = AsyncClient(server.key, api_host=server.target)

    async def ask(self, text):
        return (await self._client.chat.create("grok-4").append(user(text)).sample()).content

    async def ask_image(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, image(source)))
        return (await chat.sample()).content

    async def stream(self, model, read_each):
        response, count = None, 0
        chat = self._client.chat.create(model).append(user("Go on"))
        async for response, _ in chat.stream():
            if read_each:
                count += len(response.content) > 0
        return len(response.content)

    async def close(self):
        await self._client.close()
