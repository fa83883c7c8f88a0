"""The openai package over HTTP/1.1, if it is installed: the same responses over REST."""

from __future__ import annotations

import base64
import ssl
import time

from openai import AsyncOpenAI, DefaultHttpxClient, OpenAI

# Large images and concurrent calls take long, and no request may be sent twice.
_CALL = {"timeout": 120, "max_retries": 0}


def _text(text):
    return {"role": "user", "content": text}


def _image(text, source):
    data = source if isinstance(source, bytes) else source.read_bytes()
    url = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    return {"role": "user", "content": parts}


def _base(server):
    return f"http{'s' if server.root else ''}://{server.target}/v1"


class Blocking:
    def __init__(self, server):
        client = None
        if server.root is not None:
            trusted = ssl.create_default_context(cadata=server.root.decode())
            client = DefaultHttpxClient(verify=trusted)
        self._client = OpenAI(
            api_key=server.key, base_url=_base(server), http_client=client, **_CALL
        )
        self._create = self._client.chat.completions.create

    def _complete(self, *messages):
        return self._create(model="grok-4", messages=messages).choices[0].message.content

    def ask(self, text):
        return self._complete(_text(text))

    def ask_image(self, text, source):
        return self._complete(_image(text, source))

    def converse(self, text, sources):
        messages, times = [], []
        for source in sources:
            start = time.perf_counter()
            messages.append(_image(text, source))
            response = self._complete(*messages)
            messages.append({"role": "assistant", "content": response})
            times.append(time.perf_counter() - start)
        return times

    def stream(self, model, read_each):
        text, count = "", 0
        for chunk in self._create(model=model, messages=[_text("Go on")], stream=True):
            text += chunk.choices[0].delta.content or ""
            if read_each:
                count += len(text) > 0
        return len(text)

    def close(self):
        self._client.close()


class Asyncio:
    def __init__(self, server):
        self._client = AsyncOpenAI(api_key=server.key, base_url=_base(server), **_CALL)
        self._create = self._client.chat.completions.create

    async def _complete(self, message):
        response = await self._create(model="grok-4", messages=[message])
        return response.choices[0].message.content

    async def ask(self, text):
        return await self._complete(_text(text))

    async def ask_image(self, text, source):
        return await self._complete(_image(text, source))

    async def stream(self, model, read_each):
        text, count = "", 0
        chunks = await self._create(model=model, messages=[_text("Go on")], stream=True)
        async for chunk in chunks:
            text += chunk.choices[0].delta.content or ""
            if read_each:
                count += len(text) > 0
        return len(text)

    async def close(self):
        await self._client.close()
