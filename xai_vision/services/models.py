"""``client.models``: which models there are, what they take and what they cost."""

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
    """The six calls, described."""

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
    """The catalogue of models.

    Each method takes the keywords of ``CallParameters`` (timeout and retries of that call) and
    raises APIError when the call fails.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_language_models(self, **call: Unpack[CallParameters]) -> list[LanguageModel]:
        """List the models that write.

        Those with ``models_pb2.IMAGE`` among their ``input_modalities`` take images.

        Example:
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
        """Describe a model that writes: what it takes, its longest prompt, its prices.

        Args:
            name: Its name or one of its aliases, such as "grok-4".
            **call: See ``CallParameters``: timeout and retries of this call.

        Returns:
            A ``models_pb2.LanguageModel``; prices are per token, in the service's own unit.

        Raises:
            InvalidRequestError: ``name`` is empty.
            NotFoundError: There is no such model.
            APIError: The call failed otherwise.
        """
        return self._transport.unary(self._language(name, call))

    def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the models that turn text or images into vectors."""
        return self._transport.unary(self._list_embedding(call))

    def get_embedding_model(self, name: str, **call: Unpack[CallParameters]) -> EmbeddingModel:
        """Describe a model that makes vectors; errors as in ``get_language_model``."""
        return self._transport.unary(self._embedding(name, call))

    def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the models that draw."""
        return self._transport.unary(self._list_image_generation(call))

    def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Describe a model that draws; errors as in ``get_language_model``."""
        return self._transport.unary(self._image_generation(name, call))


class AsyncModelsService(_Calls):
    """The catalogue of models; see ``ModelsService``, whose methods these are, to be awaited."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list_language_models(self, **call: Unpack[CallParameters]) -> list[LanguageModel]:
        """List the models that write."""
        return await self._transport.unary(self._list_language(call))

    async def get_language_model(self, name: str, **call: Unpack[CallParameters]) -> LanguageModel:
        """Describe a model that writes."""
        return await self._transport.unary(self._language(name, call))

    async def list_embedding_models(self, **call: Unpack[CallParameters]) -> list[EmbeddingModel]:
        """List the models that turn text or images into vectors."""
        return await self._transport.unary(self._list_embedding(call))

    async def get_embedding_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> EmbeddingModel:
        """Describe a model that makes vectors."""
        return await self._transport.unary(self._embedding(name, call))

    async def list_image_generation_models(
        self, **call: Unpack[CallParameters]
    ) -> list[ImageGenerationModel]:
        """List the models that draw."""
        return await self._transport.unary(self._list_image_generation(call))

    async def get_image_generation_model(
        self, name: str, **call: Unpack[CallParameters]
    ) -> ImageGenerationModel:
        """Describe a model that draws."""
        return await self._transport.unary(self._image_generation(name, call))
