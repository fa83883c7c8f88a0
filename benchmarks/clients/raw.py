"""Bare gRPC multicallables and protobuf messages, as a program without an SDK uses them."""

from __future__ import annotations

import base64
import time

import grpc

# This loads only the messages; importing their package costs almost nothing.
from xai_vision.proto import chat_pb2, files_pb2, image_pb2

_UNARY = "/xai_api.Chat/GetCompletion"
_UPLOAD = "/xai_api.Files/UploadFile"
_STREAM = "/xai_api.Chat/GetCompletionChunk"


def _multicallables(channel):
    response = chat_pb2.GetChatCompletionResponse.FromString
    chunk = chat_pb2.GetChatCompletionChunk.FromString
    encode = chat_pb2.GetCompletionsRequest.SerializeToString
    return (
        channel.unary_unary(_UNARY, request_serializer=encode, response_deserializer=response),
        channel.unary_stream(_STREAM, request_serializer=encode, response_deserializer=chunk),
    )


def _message(*parts, role=chat_pb2.ROLE_USER):
    return chat_pb2.Message(role=role, content=parts)


def _text(text):
    return chat_pb2.Content(text=text)


def _image(source):
    data = source if isinstance(source, bytes) else source.read_bytes()
    url = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    return chat_pb2.Content(
        image_url=image_pb2.ImageUrlContent(image_url=url, detail=image_pb2.DETAIL_AUTO)
    )


def _request(model, *messages):
    return chat_pb2.GetCompletionsRequest(model=model, messages=messages)


class Blocking:
    def __init__(self, server):
        self._call = {"metadata": [("authorization", f"Bearer {server.key}")], "timeout": 120}
        if server.root is None:
            self._channel = grpc.insecure_channel(server.target)
        else:
            trusted = grpc.ssl_channel_credentials(server.root)
            self._channel = grpc.secure_channel(server.target, trusted)
        self._sample, self._stream = _multicallables(self._channel)
        self._upload = self._channel.stream_unary(
            _UPLOAD,
            request_serializer=files_pb2.UploadFileChunk.SerializeToString,
            response_deserializer=files_pb2.File.FromString,
        )

    def ask(self, text):
        request = _request("grok-4", _message(_text(text)))
        return self._sample(request, **self._call).outputs[0].message.content

    def ask_image(self, text, source):
        request = _request("grok-4", _message(_text(text), _image(source)))
        return self._sample(request, **self._call).outputs[0].message.content

    def converse(self, text, sources):
        request = chat_pb2.GetCompletionsRequest(model="grok-4")
        times = []
        for source in sources:
            start = time.perf_counter()
            request.messages.append(_message(_text(text), _image(source)))
            response = self._sample(request, **self._call).outputs[0].message.content
            request.messages.append(_message(_text(response), role=chat_pb2.ROLE_ASSISTANT))
            times.append(time.perf_counter() - start)
        return times

    def stream(self, model, read_each):
        text, count = "", 0
        for chunk in self._stream(_request(model, _message(_text("Go on"))), **self._call):
            text += chunk.outputs[0].delta.content
            if read_each:
                count += len(text) > 0
        return len(text)

    def upload(self, path):
        def chunks():
            yield files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name=path.name))
            with path.open("rb") as file:
                while data := file.read(3 * 1024 * 1024):
                    yield files_pb2.UploadFileChunk(data=data)

        return self._upload(chunks(), **self._call).size

    def close(self):
        self._channel.close()


class Asyncio:
    def __init__(self, server):
        self._call = {"metadata": [("authorization", f"Bearer {server.key}")], "timeout": 120}
        self._channel = grpc.aio.insecure_channel(server.target)
        self._sample, self._stream = _multicallables(self._channel)

    async def ask(self, text):
        request = _request("grok-4", _message(_text(text)))
        return (await self._sample(request, **self._call)).outputs[0].message.content

    async def ask_image(self, text, source):
        request = _request("grok-4", _message(_text(text), _image(source)))
        return (await self._sample(request, **self._call)).outputs[0].message.content

    async def stream(self, model, read_each):
        text, count = "", 0
        async for chunk in self._stream(_request(model, _message(_text("Go on"))), **self._call):
            text += chunk.outputs[0].delta.content
            if read_each:
                count += len(text) > 0
        return len(text)

    async def close(self):
        await self._channel.close()
