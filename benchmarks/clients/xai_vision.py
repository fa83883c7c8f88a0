"""This project."""

from __future__ import annotations

import time

from xai_vision import AsyncClient, Client
from xai_vision.chat import image, user


class Blocking:
    def __init__(self, where):
        self._client = Client(where.key, api_host=where.target, root_certificates=where.root)

    def ask(self, text):
        return self._client.chat.create("grok-4").append(user(text)).sample().content

    def look(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, image(source)))
        return chat.sample().content

    def converse(self, text, sources):
        chat = self._client.chat.create("grok-4")
        took = []
        for source in sources:
            began = time.perf_counter()
            chat.append(user(text, image(source)))
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
        self._client = AsyncClient(where.key, api_host=where.target)

    async def ask(self, text):
        return (await self._client.chat.create("grok-4").append(user(text)).sample()).content

    async def look(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, image(source)))
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
