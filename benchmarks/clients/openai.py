"""The openai package over HTTP/1.1, where it is installed: the REST way to the same responses."""

from __future__ import annotations

import base64
import ssl
import time

from openai import AsyncOpenAI, DefaultHttpxClient, OpenAI

# Pieces of 20 MiB images and crowds take their time; nothing is to be sent twice.
_CALL = {"timeout": 120, "max_retries": 0}


def _text(text):
    return {"role": "user", "content": text}


def _image(text, source):
    data = source if isinstance(source, bytes) else source.read_bytes()
    url = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]
    return {"role": "user", "content": parts}


def _base(where):
    return f"http{'s' if where.root else ''}://{where.target}/v1"


class Blocking:
    def __init__(self, where):
        client = None
        if where.root is not None:
            trusted = ssl.create_default_context(cadata=where.root.decode())
            client = DefaultHttpxClient(verify=trusted)
        self._client = OpenAI(api_key=where.key, base_url=_base(where), http_client=client, **_CALL)
        self._create = self._client.chat.completions.create

    def _asked(self, *messages):
        return self._create(model="grok-4", messages=messages).choices[0].message.content

    def ask(self, text):
        return self._asked(_text(text))

    def look(self, text, source):
        return self._asked(_image(text, source))

    def converse(self, text, sources):
        messages, took = [], []
        for source in sources:
            began = time.perf_counter()
            messages.append(_image(text, source))
            response = self._asked(*messages)
            messages.append({"role": "assistant", "content": response})
            took.append(time.perf_counter() - began)
        return took

    def stream(self, model, each):
        whole, count = "", 0
        for chunk in self._create(model=model, messages=[_text("Go on")], stream=True):
            whole += chunk.choices[0].delta.content or ""
            if each:
                count += len(whole) > 0
        return len(whole)

    def close(self):
        self._client.close()


class Asyncio:
    def __init__(self, where):
        self._client = AsyncOpenAI(api_key=where.key, base_url=_base(where), **_CALL)
        self._create = self._client.chat.completions.create

    async def _asked(self, message):
        response = await self._create(model="grok-4", messages=[message])
        return response.choices[0].message.content

    async def ask(self, text):
        return await self._asked(_text(text))

    async def look(self, text, source):
        return await self._asked(_image(text, source))

    async def stream(self, model, each):
        whole, count = "", 0
        chunks = await self._create(model=model, messages=[_text("Go on")], stream=True)
        async for chunk in chunks:
            whole += chunk.choices[0].delta.content or ""
            if each:
                count += len(whole) > 0
        return len(whole)

    async def close(self):
        await self._client.close()
