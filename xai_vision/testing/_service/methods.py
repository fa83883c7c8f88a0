"""Which method of the API is answered how."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xai_vision.proto import chat_pb2, models_pb2
from xai_vision.proto.auth_grpc import Auth
from xai_vision.proto.chat_grpc import Chat
from xai_vision.proto.models_grpc import Models
from xai_vision.proto.tokenize_grpc import Tokenize
from xai_vision.testing._service import model_protos as listing
from xai_vision.testing._service.models import EMBEDDING_MODELS, IMAGE_MODELS, ModelCatalog

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine


MethodHandler: TypeAlias = "Callable[[Engine, Any, ApiKey, ActiveCall], Any]"

_EMBEDDING: Final = ModelCatalog(EMBEDDING_MODELS)
_IMAGE: Final = ModelCatalog(IMAGE_MODELS)


def _stored(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    return engine.store.get(request.response_id).response


def _delete(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    engine.store.delete(request.response_id)
    return chat_pb2.DeleteStoredCompletionResponse(response_id=request.response_id)


def _languages(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    shown = [listing.language_model(model) for model in engine.models]
    return models_pb2.ListLanguageModelsResponse(models=shown)


def _embeddings(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    shown = [listing.embedding_model(model) for model in _EMBEDDING]
    return models_pb2.ListEmbeddingModelsResponse(models=shown)


def _images(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    shown = [listing.image_model(model) for model in _IMAGE]
    return models_pb2.ListImageGenerationModelsResponse(models=shown)


def _tokens(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    call.record.model, call.record.prompt = request.model, request.text
    return listing.tokenize_response(request.text, engine.models.resolve(request.model).name)


def _plain(ask: MethodHandler) -> MethodHandler:
    """A method that is not about a conversation: faults happen before it, rules do not."""

    def disturbed(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
        engine.apply_faults(call)
        return ask(engine, request, caller, call)

    return disturbed


_CHAT: Final[dict[Method[Any, Any], MethodHandler]] = {
    Chat.GetCompletion: lambda engine, *asked: engine.complete(*asked),
    Chat.StartDeferredCompletion: lambda engine, *asked: engine.defer(*asked),
    Chat.CompactContext: lambda engine, *asked: engine.compact(*asked),
}
_PLAIN: Final[dict[Method[Any, Any], MethodHandler]] = {
    Chat.GetDeferredCompletion: lambda engine, request, *_: engine.deferred.poll(
        request.request_id
    ),
    Chat.GetStoredCompletion: _stored,
    Chat.DeleteStoredCompletion: _delete,
    Auth.get_api_key_info: lambda engine, request, caller, call: listing.api_key(caller),
    Models.ListLanguageModels: _languages,
    Models.ListEmbeddingModels: _embeddings,
    Models.ListImageGenerationModels: _images,
    Models.GetLanguageModel: lambda engine, request, *_: listing.language_model(
        engine.models.resolve(request.name)
    ),
    Models.GetEmbeddingModel: lambda engine, request, *_: listing.embedding_model(
        _EMBEDDING.resolve(request.name)
    ),
    Models.GetImageGenerationModel: lambda engine, request, *_: listing.image_model(
        _IMAGE.resolve(request.name)
    ),
    Tokenize.TokenizeText: _tokens,
}
UNARY_METHODS: Final[dict[Method[Any, Any], MethodHandler]] = {
    **_CHAT,
    **{method: _plain(ask) for method, ask in _PLAIN.items()},
}
