"""The method tables, and calls with the stubs that use them."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from collections.abc import Iterator
from concurrent import futures

import grpc
import grpc.aio
import pytest

from tests.proto.filler import SERVICES, module
from xai_vision.proto import auth_pb2, chat_pb2, chat_pb2_grpc, empty_pb2, files_pb2
from xai_vision.proto._method import Method
from xai_vision.proto._pool import POOL
from xai_vision.proto.auth_pb2_grpc import AsyncAuthStub, AuthStub, add_AuthServicer_to_server
from xai_vision.proto.chat_pb2_grpc import (
    AsyncChatStub,
    Chat,
    ChatStub,
    add_ChatServicer_to_server,
)
from xai_vision.proto.files_pb2_grpc import AsyncFilesStub, FilesStub, add_FilesServicer_to_server


@pytest.mark.parametrize("name", SERVICES)
def test_a_table_matches_its_descriptor(name):
    grpc_module = importlib.import_module(f"xai_vision.proto.{name}_pb2_grpc")
    (service,) = module(name).DESCRIPTOR.services_by_name.values()
    table = getattr(grpc_module, service.name)
    assert service.full_name == table.SERVICE
    assert [m.name for m in table.METHODS] == [m.name for m in service.methods]
    for method, descriptor in zip(table.METHODS, service.methods, strict=True):
        assert getattr(table, method.name) is method
        assert method.path == f"/{service.full_name}/{descriptor.name}"
        assert method.service == service.full_name
        assert method.request.DESCRIPTOR is descriptor.input_type
        assert method.response.DESCRIPTOR is descriptor.output_type
        assert method.client_streaming == descriptor.client_streaming
        assert method.server_streaming == descriptor.server_streaming


def test_methods_are_values():
    method = Chat.GetCompletion
    assert method == Method(method.path, method.request, method.response)
    assert len(set(Chat.METHODS)) == 7
    assert pickle.loads(pickle.dumps(method)) == copy.deepcopy(method) == method
    assert Chat.GetCompletionChunk.shape == "unary_stream"
    with pytest.raises(AttributeError):
        method.path = "/elsewhere"


class AuthServicer:
    def get_api_key_info(self, request: empty_pb2.Empty, context: object) -> auth_pb2.ApiKey:
        assert type(request) is empty_pb2.Empty
        return auth_pb2.ApiKey(name="key")


class ChatServicer:
    GetStoredCompletion = None  # explicitly not implemented

    def GetCompletion(
        self, request: chat_pb2.GetCompletionsRequest, context: object
    ) -> chat_pb2.GetChatCompletionResponse:
        return chat_pb2.GetChatCompletionResponse(model=request.model)

    def GetCompletionChunk(
        self, request: chat_pb2.GetCompletionsRequest, context: object
    ) -> Iterator[chat_pb2.GetChatCompletionChunk]:
        for chunk_id in ("a", "b"):
            yield chat_pb2.GetChatCompletionChunk(id=chunk_id)


class FilesServicer:
    def UploadFile(
        self, chunks: Iterator[files_pb2.UploadFileChunk], context: object
    ) -> files_pb2.File:
        return files_pb2.File(size=sum(len(chunk.data) for chunk in chunks))


UPLOAD = [
    files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.png")),
    files_pb2.UploadFileChunk(data=b"123"),
    files_pb2.UploadFileChunk(data=b"45"),
]


@pytest.fixture
def target() -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    add_AuthServicer_to_server(AuthServicer(), server)
    add_ChatServicer_to_server(ChatServicer(), server)
    add_FilesServicer_to_server(FilesServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_calls(target):
    request = chat_pb2.GetCompletionsRequest(model="grok-4")
    with grpc.insecure_channel(target) as channel:
        chat = ChatStub(channel)
        assert chat.GetCompletion(request).model == "grok-4"
        assert [c.id for c in chat.GetCompletionChunk(request)] == ["a", "b"]
        assert AuthStub(channel).get_api_key_info(empty_pb2.Empty()).name == "key"
        assert FilesStub(channel).UploadFile(iter(UPLOAD)).size == 5


@pytest.mark.parametrize("method", ["GetStoredCompletion", "DeleteStoredCompletion"])
def test_missing_methods_are_unimplemented(target, method):
    with grpc.insecure_channel(target) as channel:
        call = getattr(ChatStub(channel), method)
        request = getattr(Chat, method).request()
        with pytest.raises(grpc.RpcError) as raised:
            call(request)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_async_calls(target):
    request = chat_pb2.GetCompletionsRequest(model="grok-4")
    async with grpc.aio.insecure_channel(target) as channel:
        chat = AsyncChatStub(channel)
        assert (await chat.GetCompletion(request)).model == "grok-4"
        assert [c.id async for c in chat.GetCompletionChunk(request)] == ["a", "b"]
        assert (await AsyncAuthStub(channel).get_api_key_info(empty_pb2.Empty())).name == "key"
        assert (await AsyncFilesStub(channel).UploadFile(iter(UPLOAD))).size == 5


async def test_an_async_server():
    class Servicer:
        async def GetCompletion(
            self, request: chat_pb2.GetCompletionsRequest, context: object
        ) -> chat_pb2.GetChatCompletionResponse:
            return chat_pb2.GetChatCompletionResponse(model=request.model)

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    add_ChatServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            request = chat_pb2.GetCompletionsRequest(model="grok-4")
            assert (await AsyncChatStub(channel).GetCompletion(request)).model == "grok-4"
    finally:
        await server.stop(None)


class PartialChat(chat_pb2_grpc.ChatServicer):
    def GetCompletion(self, request, context):
        return chat_pb2.GetChatCompletionResponse(model=request.model)


@pytest.mark.parametrize("method", [m for m in Chat.METHODS if m is not Chat.GetCompletion])
def test_methods_that_a_servicer_does_not_override(method):
    server = grpc.server(futures.ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
    add_ChatServicer_to_server(PartialChat(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = ChatStub(channel)
        request = chat_pb2.GetCompletionsRequest(model="grok-4")
        assert stub.GetCompletion(request).model == "grok-4"
        with pytest.raises(grpc.RpcError, match="Method not implemented!") as error:
            reply = getattr(stub, method.name)(method.request())
            list(reply) if method.server_streaming else None
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    server.stop(None).wait()


@pytest.mark.peer
@pytest.mark.parametrize("name", SERVICES)
def test_modules_have_the_names_of_xai_sdk(name):
    import xai_sdk.proto

    theirs = getattr(xai_sdk.proto, f"{name}_pb2_grpc")
    ours = importlib.import_module(f"xai_vision.proto.{name}_pb2_grpc")
    names = [name for name in dir(theirs) if name[0].isupper() or name.startswith("add_")]
    assert len(names) >= 4
    for name in names:
        assert hasattr(ours, name), name
        if name.endswith("Servicer"):
            methods = [method for method in vars(getattr(theirs, name)) if method[0] != "_"]
            for method in methods:
                parameters = inspect.signature(getattr(getattr(ours, name), method)).parameters
                peer = inspect.signature(getattr(getattr(theirs, name), method)).parameters
                assert list(parameters) == list(peer)


@pytest.mark.peer
def test_reflection_reads_our_pool():
    from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

    server = grpc.server(futures.ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
    reflection.enable_server_reflection([Chat.SERVICE], server, pool=POOL)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    request = reflection_pb2.ServerReflectionRequest
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            listing, result, missing = stub.ServerReflectionInfo(
                iter(
                    [
                        request(list_services=""),
                        request(file_containing_symbol=Chat.SERVICE),
                        request(file_containing_symbol="xai_api.Nothing"),
                    ]
                )
            )
    finally:
        server.stop(None).wait()
    assert [s.name for s in listing.list_services_response.service] == ["xai_api.Chat"]
    files = b"".join(result.file_descriptor_response.file_descriptor_proto)
    for name in (b"xai/api/v1/chat.proto", b"xai/api/v1/usage.proto", b"GetCompletionsRequest"):
        assert name in files
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
