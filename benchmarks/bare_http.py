"""A process with a bare HTTP/1.1 server whose responses are written before the first call.

    python -m benchmarks.bare_http [CHAIN KEY]      prints "ready PORT [TLS PORT]"

For clients of the REST API: responses of Chat Completions, complete or as server-sent events, and
``POST /received``, which reports the received requests like ``benchmarks.bare``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import sys
from typing import ClassVar

from benchmarks.bare import CHUNK, WORDS

_ROLES = {"user": 1, "assistant": 2, "system": 3}  # The numbers of xai_api.MessageRole.


def _head(content_type, header):
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%s\r\n\r\n" % (content_type, header)


def _response():
    message = {"role": "assistant", "content": WORDS, "refusal": None}
    body = json.dumps(
        {
            "id": "bench-1",
            "object": "chat.completion",
            "created": 1,
            "model": "bench",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 17, "total_tokens": 1017},
        }
    ).encode()
    return _head(b"application/json", b"content-length: %d" % len(body)) + body


def _event(delta, reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk = {"id": "bench-1", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
    return _chunk(b"data: %s\n\n" % json.dumps(chunk | {"choices": [choice]}).encode())


def _chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


ANSWER = _response()
STREAM = _head(b"text/event-stream", b"transfer-encoding: chunked")
FIRST = _event({"role": "assistant", "content": CHUNK})
LAST = _event({"content": CHUNK}, "stop") + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
BATCH = 64  # Chunks that are written together, as in flood.py.


class Connection(asyncio.Protocol):
    """A connection; its requests are sequential."""

    received: ClassVar[dict[bytes, tuple[int, int, bytes]]] = {}  # Shared by all connections.

    def connection_made(self, transport):
        self._transport = transport
        self._data = bytearray()
        self._needed = 0
        self._may_write = asyncio.Event()
        self._may_write.set()

    def pause_writing(self):
        self._may_write.clear()

    def resume_writing(self):
        self._may_write.set()

    def data_received(self, data):
        self._data += data
        while len(self._data) >= self._needed:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            line, *fields = bytes(self._data[:end]).split(b"\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (field.partition(b":") for field in fields)
            }
            size = int(headers.get(b"content-length", 0))
            if len(self._data) < end + 4 + size:
                self._needed = end + 4 + size
                return
            body = bytes(self._data[end + 4 : end + 4 + size])
            del self._data[: end + 4 + size]
            self._needed = 0
            self._respond(line.split()[1], headers.get(b"authorization", b""), body)

    def _respond(self, path, key, body):
        if path == b"/received":
            report = json.dumps(_report(self.received.pop(b"Bearer " + body, None))).encode()
            head = _head(b"application/json", b"content-length: %d" % len(report))
            self._transport.write(head + report)
            return
        calls, total, _ = self.received.get(key, (0, 0, b""))
        self.received[key] = calls + 1, total + len(body), body
        if len(body) < 4096 and b'"bench/' in body:
            _, count, pause = json.loads(body)["model"].split("/")
            self._task = asyncio.ensure_future(self._stream(int(count), float(pause)))
        else:
            self._transport.write(ANSWER)

    async def _stream(self, count, pause):
        self._transport.write(STREAM)
        left, step = count - 1, 1 if pause else BATCH
        while left > 0:
            await self._may_write.wait()
            self._transport.write(FIRST * min(step, left))
            left -= step
            await asyncio.sleep(pause)
        self._transport.write(LAST)


def _report(entry):
    if entry is None:
        return None
    calls, total, last = entry
    return {"calls": calls, "bytes": total, "digest": _digest(json.loads(last))}


def _digest(request):
    """Return the same digest as ``benchmarks.bare``."""
    digest = hashlib.sha256(request["model"].encode())
    for message in request["messages"]:
        digest.update(b"\0%d" % _ROLES[message["role"]])
        content = message["content"]
        for part in [{"text": content}] if isinstance(content, str) else content:
            url = part.get("image_url", {}).get("url", "")
            digest.update(b"\0" + part.get("text", "").encode() + b"\0" + url.encode())
    return digest.hexdigest()


async def _serve(tls):
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Connection, "127.0.0.1", 0)]
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
        servers.append(await loop.create_server(Connection, "127.0.0.1", 0, ssl=context))
    print("ready", *(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1:]))
