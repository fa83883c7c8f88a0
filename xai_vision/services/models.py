"""``client.models``: the available models, their inputs and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import Res, RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.proto import empty_pb2, models_pb2
from xai_vision.proto._method import Method
from xai_vision.proto.models_pb2_grpc import Models as Rpc
from xai_vision.services._rpcs import Call, describe, unchanged

if TYPE_CHECKING:
    from typing_extensions import Unpack

LanguageModel: TypeAlias = models_pb2.LanguageModel
EmbeddingModel: TypeAlias = models_pb2.EmbeddingModel
ImageGenerationModel: TypeAlias = models_pb2.ImageGenerationModel


def _list(method: Method[empty_pb2.Empty, Any], call: Call) -> RpcCall[Any, list[Any]]:
    return describe(method, empty_pb2.Empty(), lambda reply: list(reply.models), call)


def _get(
    method: Method[models_pb2.GetModelRequest, Res], name: str, call: Call
) -> RpcCall[Res, Res]:
    request = models_pb2.GetModelRequest(name=checks.string("name", name, empty=False))
    return describe(method, request, unchanged, call)


class ModelsService:
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
        return self._transport.unary(_list(Rpc.ListLanguageModels, call))

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
        return self._transport.unary(_get(Rpc.GetLanguageModel, name, call))

    def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the embedding models."""
        return self._transport.unary(_list(Rpc.ListEmbeddingModels, call))

    def get_embedding_model(self, name: str, **call: Unpack[CallParameters]) -> EmbeddingModel:
        """Return an embedding model; errors as in ``get_language_model``."""
        return self._transport.unary(_get(Rpc.GetEmbeddingModel, name, call))

    def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the image generation models."""
        return self._transport.unary(_list(Rpc.ListImageGenerationModels, call))

    def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Return an image generation model; errors as in ``get_language_model``."""
        return self._transport.unary(_get(Rpc.GetImageGenerationModel, name, call))


class AsyncModelsService:
    """The available models; see ``ModelsService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_language_models(self, **call: Unpack[CallParameters]) -> list[LanguageModel]:
        """List the language models."""
        return await self._transport.unary(_list(Rpc.ListLanguageModels, call))

    async def get_language_model(self, name: str, **call: Unpack[CallParameters]) -> LanguageModel:
        """Return a language model."""
        return await self._transport.unary(_get(Rpc.GetLanguageModel, name, call))

    async def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the embedding models."""
        return await self._transport.unary(_list(Rpc.ListEmbeddingModels, call))

    async def get_embedding_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> EmbeddingModel:
        """Return an embedding model."""
        return await self._transport.unary(_get(Rpc.GetEmbeddingModel, name, call))

    async def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the image generation models."""
        return await self._transport.unary(_list(Rpc.ListImageGenerationModels, call))

    async def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Return an image generation model."""
        return await self._transport.unary(_get(Rpc.GetImageGenerationModel, name, call))
