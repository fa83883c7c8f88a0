"""A process with a bare grpc server whose responses are serialized before the first call.

    python -m benchmarks.bare sync|aio [CHAIN KEY]      prints "ready PORT [TLS PORT]"

It records the received calls of each API key. ``/bench/Received`` returns their number, their
smallest, largest and total size, and a digest of the last one, which is computed only then, so that
recording costs little during a measurement.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from xai_vision.proto import chat_pb2, files_pb2, sample_pb2, usage_pb2

OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10),
]
WORDS = "The image shows a red bicycle that leans on a white wall next to a door. "
CHUNK = "a few words "


def _response():
    reply = chat_pb2.GetChatCompletionResponse(id="bench-1", model="bench")
    reply.created.GetCurrentTime()
    reply.usage.CopyFrom(usage_pb2.SamplingUsage(prompt_tokens=1000, completion_tokens=17))
    output = reply.outputs.add(finish_reason=sample_pb2.REASON_STOP)
    output.message.role = chat_pb2.ROLE_ASSISTANT
    output.message.content = WORDS
    return reply.SerializeToString()


def _chunk(last):
    chunk = chat_pb2.GetChatCompletionChunk(id="bench-1", model="bench")
    chunk.created.GetCurrentTime()
    output = chunk.outputs.add()
    output.delta.role = chat_pb2.ROLE_ASSISTANT
    output.delta.content = CHUNK
    if last:
        output.finish_reason = sample_pb2.REASON_STOP
        chunk.usage.CopyFrom(usage_pb2.SamplingUsage(prompt_tokens=1000, completion_tokens=17))
    return chunk.SerializeToString()


ANSWER, FIRST, LAST = _response(), _chunk(last=False), _chunk(last=True)


class CallRecorder:
    """The received calls of each API key."""

    def __init__(self):
        self._by_key = {}

    def record(self, request, context):
        key = dict(context.invocation_metadata())["authorization"]
        calls, smallest, largest, total, _ = self._by_key.get(key, (0, 1 << 62, 0, 0, None))
        size = len(request)
        self._by_key[key] = (
            calls + 1,
            min(smallest, size),
            max(largest, size),
            total + size,
            request,
        )

    def report(self, request):
        entry = self._by_key.pop(f"Bearer {request.decode()}", None)
        if entry is None:
            return b"null"
        calls, smallest, largest, total, last = entry
        sizes = {"smallest": smallest, "largest": largest, "bytes": total}
        return json.dumps({"calls": calls, **sizes, "digest": _digest(last)}).encode()


def _digest(body):
    """Return a digest of the request's model, roles, text and images."""
    request = chat_pb2.GetCompletionsRequest.FromString(body)
    digest = hashlib.sha256(request.model.encode())
    for message in request.messages:
        digest.update(b"\0%d" % message.role)
        for part in message.content:
            digest.update(b"\0" + part.text.encode() + b"\0" + part.image_url.image_url.encode())
    return digest.hexdigest()


def chunk_options(request):
    """Return the number of chunks and the seconds between them, which the model's name contains."""
    model = chat_pb2.GetCompletionsRequest.FromString(request).model
    _, count, pause = model.split("/")
    return int(count), float(pause)


def _data_size(chunk):
    return len(files_pb2.UploadFileChunk.FromString(chunk).data)


def _file(size):
    return files_pb2.File(id="bench-1", size=size).SerializeToString()


def handlers(recorder):
    def response(request, context):
        recorder.record(request, context)
        return ANSWER

    def stream(request, context):
        recorder.record(request, context)
        count, pause = chunk_options(request)
        for _ in range(count - 1):
            yield FIRST
            if pause:
                time.sleep(pause)
        yield LAST

    def upload(chunks, _):
        return _file(sum(map(_data_size, chunks)))

    return response, stream, upload, lambda request, _: recorder.report(request)


def aio_handlers(recorder):
    async def response(request, context):
        recorder.record(request, context)
        return ANSWER

    async def stream(request, context):
        recorder.record(request, context)
        count, pause = chunk_options(request)
        for _ in range(count - 1):
            yield FIRST
            if pause:
                await asyncio.sleep(pause)
        yield LAST

    async def upload(chunks, _):
        size = 0
        async for chunk in chunks:
            size += _data_size(chunk)
        return _file(size)

    async def report(request, _):
        return recorder.report(request)

    return response, stream, upload, report


def _open(server, functions, tls):
    response, stream, upload, report = functions
    by_path = {
        "/xai_api.Chat/GetCompletion": grpc.unary_unary_rpc_method_handler(response),
        "/xai_api.Chat/GetCompletionChunk": grpc.unary_stream_rpc_method_handler(stream),
        "/xai_api.Files/UploadFile": grpc.stream_unary_rpc_method_handler(upload),
        "/bench/Received": grpc.unary_unary_rpc_method_handler(report),
    }

    class Paths(grpc.GenericRpcHandler):
        def service(self, details):
            return by_path.get(details.method)

    server.add_generic_rpc_handlers((Paths(),))
    ports = [server.add_insecure_port("localhost:0")]
    if tls:
        chain, key = (Path(name).read_bytes() for name in tls)
        credentials = grpc.ssl_server_credentials([(key, chain)])
        ports.append(server.add_secure_port("127.0.0.1:0", credentials))
    return ports


def open_sync(tls=()):
    server = grpc.server(ThreadPoolExecutor(64), options=OPTIONS)
    ports = _open(server, handlers(CallRecorder()), tls)
    server.start()
    return server, ports


async def open_aio(tls=()):
    server = grpc.aio.server(options=OPTIONS)
    ports = _open(server, aio_handlers(CallRecorder()), tls)
    await server.start()
    return server, ports


async def _serve(tls):
    server, ports = await open_aio(tls)
    print("ready", *ports, flush=True)
    await server.wait_for_termination()


def main():
    kind, *tls = sys.argv[1:]
    if kind == "aio":
        asyncio.run(_serve(tls))
    server, ports = open_sync(tls)
    print("ready", *ports, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
