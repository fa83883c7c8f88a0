"""``client.models``: the available models, their inputs and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.proto import empty_pb2, models_pb2
from xai_vision.proto.models_grpc import Models as Rpc
from xai_vision.services._rpcs import Call, describe, whole

if TYPE_CHECKING:
    from typing_extensions import Unpack

LanguageModel: TypeAlias = models_pb2.LanguageModel
EmbeddingModel: TypeAlias = models_pb2.EmbeddingModel
ImageGenerationModel: TypeAlias = models_pb2.ImageGenerationModel


class _Calls:
    """The six calls."""

    def _list_language(
        self, call: Call
    ) -> RpcCall[models_pb2.ListLanguageModelsResponse, list[LanguageModel]]:
        return describe(
            Rpc.ListLanguageModels, empty_pb2.Empty(), lambda reply: list(reply.models), call
        )

    def _language(self, name: str, call: Call) -> RpcCall[LanguageModel, LanguageModel]:
        return describe(Rpc.GetLanguageModel, _named(name), whole, call)

    def _list_embedding(
        self, call: Call
    ) -> RpcCall[models_pb2.ListEmbeddingModelsResponse, list[EmbeddingModel]]:
        return describe(
            Rpc.ListEmbeddingModels, empty_pb2.Empty(), lambda reply: list(reply.models), call
        )

    def _embedding(self, name: str, call: Call) -> RpcCall[EmbeddingModel, EmbeddingModel]:
        return describe(Rpc.GetEmbeddingModel, _named(name), whole, call)

    def _list_image_generation(
        self, call: Call
    ) -> RpcCall[models_pb2.ListImageGenerationModelsResponse, list[ImageGenerationModel]]:
        return describe(
            Rpc.ListImageGenerationModels,
            empty_pb2.Empty(),
            lambda reply: list(reply.models),
            call,
        )

    def _image_generation(
        self, name: str, call: Call
    ) -> RpcCall[ImageGenerationModel, ImageGenerationModel]:
        return describe(Rpc.GetImageGenerationModel, _named(name), whole, call)


def _named(name: str) -> models_pb2.GetModelRequest:
    return models_pb2.GetModelRequest(name=checks.string("name", name, empty=False))


class ModelsService(_Calls):
    """The available models.

    Each method has the keywords of ``CallParameters`` and raises APIError if the call fails.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_language_models(self, **call: Unpack[CallParameters]) -> list[LanguageModel]:
        """List the language models.

        Models with ``models_pb2.IMAGE`` in their ``input_modalities`` accept images.

        Examples:
            >>> from xai_vision.proto import models_pb2
            >>> [
            ...     model.name
            ...     for model in client.models.list_language_models()
            ...     if models_pb2.IMAGE in model.input_modalities
            ... ]  # doctest: +SKIP
            ['grok-4', 'grok-4-fast']
        """
        return self._transport.unary(self._list_language(call))

    def get_language_model(self, name: str, **call: Unpack[CallParameters]) -> LanguageModel:
        """Return a language model: its inputs, context window and prices.

        Args:
            name: The name or an alias, such as "grok-4".
            **call: See ``CallParameters``.

        Returns:
            A ``models_pb2.LanguageModel``; prices are per token in ticks of 1e-10 US dollars.

        Raises:
            InvalidRequestError: ``name`` is empty.
            NotFoundError: The model is unknown.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(self._language(name, call))

    def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the embedding models."""
        return self._transport.unary(self._list_embedding(call))

    def get_embedding_model(self, name: str, **call: Unpack[CallParameters]) -> EmbeddingModel:
        """Return an embedding model; errors as in ``get_language_model``."""
        return self._transport.unary(self._embedding(name, call))

    def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the image generation models."""
        return self._transport.unary(self._list_image_generation(call))

    def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Return an image generation model; errors as in ``get_language_model``."""
        return self._transport.unary(self._image_generation(name, call))


class AsyncModelsService(_Calls):
    """The available models; see ``ModelsService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_language_models(self, **call: Unpack[CallParameters]) -> list[LanguageModel]:
        """List the language models."""
        return await self._transport.unary(self._list_language(call))

    async def get_language_model(self, name: str, **call: Unpack[CallParameters]) -> LanguageModel:
        """Return a language model."""
        return await self._transport.unary(self._language(name, call))

    async def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the embedding models."""
        return await self._transport.unary(self._list_embedding(call))

    async def get_embedding_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> EmbeddingModel:
        """Return an embedding model."""
        return await self._transport.unary(self._embedding(name, call))

    async def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the image generation models."""
        return await self._transport.unary(self._list_image_generation(call))

    async def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Return an image generation model."""
        return await self._transport.unary(self._image_generation(name, call))
