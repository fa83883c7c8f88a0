"""A local gRPC server with the three services, and clients of it."""

from __future__ import annotations

import threading
from concurrent import futures

import grpc
import pytest

from tests.services.service_driver import Driver
from xai_vision import AsyncClient, Client
from xai_vision.proto import auth_pb2, models_pb2, tokenize_pb2
from xai_vision.proto.auth_pb2_grpc import add_AuthServicer_to_server
from xai_vision.proto.models_pb2_grpc import add_ModelsServicer_to_server
from xai_vision.proto.tokenize_pb2_grpc import add_TokenizeServicer_to_server

SLOW = "slow"
"""The name of a model whose description never arrives: its call ends at the client's deadline."""


class Models:
    """One model of each kind."""

    def ListLanguageModels(self, request, context):
        return models_pb2.ListLanguageModelsResponse(models=[LANGUAGE, TEXT_ONLY])

    def ListEmbeddingModels(self, request, context):
        return models_pb2.ListEmbeddingModelsResponse(models=[EMBEDDING])

    def ListImageGenerationModels(self, request, context):
        return models_pb2.ListImageGenerationModelsResponse(models=[IMAGE_GENERATION])

    def GetLanguageModel(self, request, context):
        if request.name == SLOW:
            ended = threading.Event()
            if context.add_callback(ended.set):
                ended.wait(60)
        if request.name not in (LANGUAGE.name, *LANGUAGE.aliases):
            context.abort(grpc.StatusCode.NOT_FOUND, f"model {request.name} not found")
        return LANGUAGE

    def GetEmbeddingModel(self, request, context):
        return models_pb2.EmbeddingModel(name=request.name)

    def GetImageGenerationModel(self, request, context):
        return models_pb2.ImageGenerationModel(name=request.name)


LANGUAGE = models_pb2.LanguageModel(
    name="grok-4",
    aliases=["grok-4-latest"],
    input_modalities=[models_pb2.TEXT, models_pb2.IMAGE],
    prompt_image_token_price=20_000,
)
TEXT_ONLY = models_pb2.LanguageModel(name="grok-code", input_modalities=[models_pb2.TEXT])
EMBEDDING = models_pb2.EmbeddingModel(name="embed")
IMAGE_GENERATION = models_pb2.ImageGenerationModel(name="draw")
KEY = auth_pb2.ApiKey(redacted_api_key="xai-...cret", name="mine", acls=["api-key:model:*"])


class Auth:
    def get_api_key_info(self, request, context):
        sent = dict(context.invocation_metadata())
        if sent["authorization"] != "Bearer xai-secret":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such key")
        return KEY


class Tokenize:
    """Makes a token of each byte."""

    def TokenizeText(self, request, context):
        data = request.text.encode()
        tokens = [
            tokenize_pb2.Token(token_id=byte, token_bytes=bytes([byte]), string_token=chr(byte))
            for byte in data
        ]
        return tokenize_pb2.TokenizeTextResponse(tokens=tokens, model=request.model)


@pytest.fixture(scope="session")
def address():
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)]
    )
    add_ModelsServicer_to_server(Models(), server)
    add_AuthServicer_to_server(Auth(), server)
    add_TokenizeServicer_to_server(Tokenize(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"localhost:{port}"
    server.stop(0).wait()


@pytest.fixture
def client(address):
    with Client("xai-secret", api_host=address) as client:
        yield client


@pytest.fixture
async def aclient(address):
    async with AsyncClient("xai-secret", api_host=address) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def driver(request, server):
    """A client of the fake server, with both keys."""
    driver = Driver(
        request.param,
        api_key=server.api_key,
        management_api_key=server.management_key,
        api_host=server.target,
        management_api_host=server.target,
    )
    yield driver
    driver.close()


@pytest.fixture
def collection_id(driver):
    """The id of a collection."""
    return driver.collections.create("manuals").collection_id
