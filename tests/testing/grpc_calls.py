"""Helpers that call a fake server over a plain gRPC channel."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import Any

import grpc

from tests.testing.waiting import LIMIT
from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.proto.chat_pb2_grpc import ChatStub

UNLIMITED = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Each test opens its own connection: gRPC otherwise reuses that of an earlier test.
    ("grpc.use_local_subchannel_pool", 1),
)
DETAILS = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}


def data_url(data: bytes, label: str = "image/jpeg") -> str:
    return f"data:{label};base64,{base64.b64encode(data).decode()}"


def image_part(url: str | bytes, detail: str = "auto") -> chat_pb2.Content:
    url = data_url(url) if isinstance(url, bytes) else url
    return chat_pb2.Content(
        image_url=image_pb2.ImageUrlContent(image_url=url, detail=DETAILS[detail])
    )


def chat_message(
    *parts: str | chat_pb2.Content, role: int = chat_pb2.ROLE_USER
) -> chat_pb2.Message:
    contents = [chat_pb2.Content(text=p) if isinstance(p, str) else p for p in parts]
    return chat_pb2.Message(role=role, content=contents)


def request(
    *parts: str | chat_pb2.Content, model: str = "grok-4", **fields: Any
) -> chat_pb2.GetCompletionsRequest:
    messages = fields.pop("messages", None) or ([chat_message(*parts)] if parts else [])
    return chat_pb2.GetCompletionsRequest(model=model, messages=messages, **fields)


@contextmanager
def open_caller(server: Any, key: str | None = None):
    """Open a channel to the server, and yield a caller with the server's key or another."""
    with grpc.insecure_channel(server.target, options=UNLIMITED) as channel:
        yield GrpcCaller(channel, server.api_key if key is None else key)


class GrpcCaller:
    """Calls the Chat service with an API key."""

    def __init__(self, channel: grpc.Channel, key: str) -> None:
        self.channel = channel
        self.chat = ChatStub(channel)
        self.metadata = (("authorization", f"Bearer {key}"),) if key else ()

    def sample(self, *parts: Any, timeout: float = LIMIT, **fields: Any) -> Any:
        return self.chat.GetCompletion(
            request(*parts, **fields), metadata=self.metadata, timeout=timeout
        )

    def stream(self, *parts: Any, timeout: float = LIMIT, **fields: Any) -> Any:
        return self.chat.GetCompletionChunk(
            request(*parts, **fields), metadata=self.metadata, timeout=timeout
        )

    def text(self, *parts: Any, **fields: Any) -> str:
        return self.sample(*parts, **fields).outputs[-1].message.content

    def expect_error(self, *parts: Any, **fields: Any) -> tuple[str, str]:
        """Make a call that must fail; return its status and details."""
        try:
            self.sample(*parts, **fields)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        raise AssertionError("the call did not fail")


def read_stream(caller, **fields):
    """Return the text of each chunk received, and the error that ended the stream, or None."""
    texts = []
    try:
        for chunk in caller.stream("Hi", **fields):
            texts.append(chunk.outputs[0].delta.content)
    except grpc.RpcError as error:
        return texts, error
    return texts, None
