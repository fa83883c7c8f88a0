"""Short ways to ask a fake server over a bare gRPC channel, for these tests."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import Any

import grpc

from xai_vision.proto import chat_pb2, image_pb2
from xai_vision.proto.chat_grpc import ChatStub

UNLIMITED = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Each test is to see its own connection, not one that an earlier test left in the process.
    ("grpc.use_local_subchannel_pool", 1),
)
DETAILS = {
    "auto": image_pb2.DETAIL_AUTO,
    "low": image_pb2.DETAIL_LOW,
    "high": image_pb2.DETAIL_HIGH,
}


def data_url(data: bytes, label: str = "image/jpeg") -> str:
    return f"data:{label};base64,{base64.b64encode(data).decode()}"


def picture(url: str | bytes, detail: str = "auto") -> chat_pb2.Content:
    url = data_url(url) if isinstance(url, bytes) else url
    return chat_pb2.Content(
        image_url=image_pb2.ImageUrlContent(image_url=url, detail=DETAILS[detail])
    )


def said(*parts: str | chat_pb2.Content, role: int = chat_pb2.ROLE_USER) -> chat_pb2.Message:
    contents = [chat_pb2.Content(text=p) if isinstance(p, str) else p for p in parts]
    return chat_pb2.Message(role=role, content=contents)


def request(
    *parts: str | chat_pb2.Content, model: str = "grok-4", **fields: Any
) -> chat_pb2.GetCompletionsRequest:
    messages = fields.pop("messages", None) or ([said(*parts)] if parts else [])
    return chat_pb2.GetCompletionsRequest(model=model, messages=messages, **fields)


@contextmanager
def connected(server: Any, key: str | None = None):
    """A function that calls a method of the server's Chat service."""
    with grpc.insecure_channel(server.target, options=UNLIMITED) as channel:
        yield Asker(channel, server.api_key if key is None else key)


class Asker:
    """Calls methods with a key."""

    def __init__(self, channel: grpc.Channel, key: str) -> None:
        self.channel = channel
        self.chat = ChatStub(channel)
        self.metadata = (("authorization", f"Bearer {key}"),) if key else ()

    def __call__(self, *parts: Any, timeout: float = 20, **fields: Any) -> Any:
        return self.chat.GetCompletion(
            request(*parts, **fields), metadata=self.metadata, timeout=timeout
        )

    def stream(self, *parts: Any, timeout: float = 20, **fields: Any) -> Any:
        return self.chat.GetCompletionChunk(
            request(*parts, **fields), metadata=self.metadata, timeout=timeout
        )

    def text(self, *parts: Any, **fields: Any) -> str:
        return self(*parts, **fields).outputs[-1].message.content

    def refusal(self, *parts: Any, **fields: Any) -> tuple[str, str]:
        """The status and the words of a call that must fail."""
        try:
            self(*parts, **fields)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        raise AssertionError("the call was answered")


def streamed(ask, **fields):
    """The texts that came, and the error that ended them."""
    said = []
    try:
        for chunk in ask.stream("Hi", **fields):
            said.append(chunk.outputs[0].delta.content)
    except grpc.RpcError as error:
        return said, error
    return said, None
