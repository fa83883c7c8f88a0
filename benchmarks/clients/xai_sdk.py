"""xAI's own SDK, if it is installed."""

from __future__ import annotations

import base64
import time

from xai_sdk import AsyncClient, Client
from xai_sdk.chat import image, user

# An environment variable of gRPC makes it trust the certificate of the benchmark. Its default limit
# of 20 MiB for a request is too low for some items.
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def _image(source):
    data = source if isinstance(source, bytes) else source.read_bytes()
    return image("data:image/jpeg;base64," + base64.b64encode(data).decode())


class Blocking:
    def __init__(self, server):
        self._client = Client(api_key=server.key, api_host=server.target, channel_options=_OPTIONS)

    def ask(self, text):
        return self._client.chat.create("grok-4").append(user(text)).sample().content

    def ask_image(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, _image(source)))
        return chat.sample().content

    def converse(self, text, sources):
        chat = self._client.chat.create("grok-4")
        times = []
        for source in sources:
            start = time.perf_counter()
            chat.append(user(text, _image(source)))
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
        return self._client.files.upload(str(path)).size

    def close(self):
        self._client.close()


class Asyncio:
    def __init__(self, server):
        self._client = AsyncClient(
            api_key=server.key, api_host=server.target, channel_options=_OPTIONS
        )

    async def ask(self, text):
        return (await self._client.chat.create("grok-4").append(user(text)).sample()).content

    async def ask_image(self, text, source):
        chat = self._client.chat.create("grok-4").append(user(text, _image(source)))
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
