"""The methods of the gRPC services, each with the function that handles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from xai_vision.proto import chat_pb2, models_pb2
from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.proto.tokenize_pb2_grpc import Tokenize
from xai_vision.proto.video_pb2_grpc import Video
from xai_vision.testing._batches import methods as batches
from xai_vision.testing._collections import methods as collections
from xai_vision.testing._files import methods as files
from xai_vision.testing._generation import images, videos
from xai_vision.testing._service import completions, model_protos
from xai_vision.testing._service.active_call import ActiveCall
from xai_vision.testing._service.api_keys import ApiKey
from xai_vision.testing._service.engine import Engine
from xai_vision.testing._service.models import EMBEDDING_MODELS, IMAGE_MODELS
from xai_vision.testing._upstream import completions as passed_completions
from xai_vision.testing._upstream import passing
from xai_vision.testing._upstream.local_data import is_local

if TYPE_CHECKING:
    from xai_vision.proto._method import Method


MethodHandler: TypeAlias = Callable[[Engine, Any, ApiKey, ActiveCall], Any]
"""Returns the response to a request."""
StreamHandler: TypeAlias = Callable[[Engine, Any, ApiKey, ActiveCall], Iterator[Any]]
"""Returns the messages of a streamed response, after it has applied the faults. Each message is
yielded when it is due."""


def _delete_stored(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    engine.store.delete(request.response_id)
    return chat_pb2.DeleteStoredCompletionResponse(response_id=request.response_id)


def _tokenize(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
    call.record.model, call.record.prompt = request.model, request.text
    model = engine.models.resolve(request.model)
    return model_protos.tokenize_response(request.text, model.name)


def _stream_completion(
    engine: Engine, request: Any, caller: ApiKey, call: ActiveCall
) -> Iterator[Any]:
    return passed_completions.stream(engine, request, caller, call).chunks


def _with_faults(handler: MethodHandler) -> MethodHandler:
    """Apply faults before a handler that uses no rules; completions do it later."""

    def handle(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
        engine.apply_faults(call)
        return handler(engine, request, caller, call)

    return handle


def _or_upstream(
    methods: Mapping[Method[Any, Any], MethodHandler],
    pass_on: Callable[[Engine, Method[Any, Any], Any, ActiveCall], Any] = passing.respond,
) -> dict[Method[Any, Any], MethodHandler]:
    """Let the upstream of a tenant handle the methods, except for what a test has set."""

    def wrap(method: Method[Any, Any], handler: MethodHandler) -> MethodHandler:
        def handle(engine: Engine, request: Any, caller: ApiKey, call: ActiveCall) -> Any:
            if is_local(engine, method, request):
                return handler(engine, request, caller, call)
            return pass_on(engine, method, request, call)

        return handle

    return {method: wrap(method, handler) for method, handler in methods.items()}


_WITHOUT_RULES: Final[dict[Method[Any, Any], MethodHandler]] = {
    Chat.GetDeferredCompletion: lambda engine, request, *_: engine.deferred.poll(
        request.request_id
    ),
    Chat.GetStoredCompletion: lambda engine, request, *_: (
        engine.store.get(request.response_id).response
    ),
    Chat.DeleteStoredCompletion: _delete_stored,
    Auth.get_api_key_info: lambda engine, request, caller, call: model_protos.api_key(caller),
    Models.ListLanguageModels: lambda engine, *_: models_pb2.ListLanguageModelsResponse(
        models=map(model_protos.language_model, engine.models)
    ),
    Models.ListEmbeddingModels: lambda *_: models_pb2.ListEmbeddingModelsResponse(
        models=map(model_protos.embedding_model, EMBEDDING_MODELS)
    ),
    Models.ListImageGenerationModels: lambda *_: models_pb2.ListImageGenerationModelsResponse(
        models=map(model_protos.image_model, IMAGE_MODELS)
    ),
    Models.GetLanguageModel: lambda engine, request, *_: model_protos.language_model(
        engine.models.resolve(request.name)
    ),
    Models.GetEmbeddingModel: lambda engine, request, *_: model_protos.embedding_model(
        EMBEDDING_MODELS.resolve(request.name)
    ),
    Models.GetImageGenerationModel: lambda engine, request, *_: model_protos.image_model(
        IMAGE_MODELS.resolve(request.name)
    ),
    Tokenize.TokenizeText: _tokenize,
    Video.GetDeferredVideo: lambda engine, request, *_: engine.videos.poll(request.request_id),
}
_WITH_FAULTS: Final[dict[Method[Any, Any], MethodHandler]] = {
    Chat.CompactContext: completions.compact,
    Image.GenerateImage: images.generate,
    Video.GenerateVideo: videos.start,
    Video.ExtendVideo: videos.start,
}
_FAULTS_BEFORE: Final[dict[Method[Any, Any], MethodHandler]] = {
    **_WITHOUT_RULES,
    **files.UNARY,
    **batches.UNARY,
    **collections.UNARY,
}
UNARY_METHODS: Final[dict[Method[Any, Any], MethodHandler]] = {
    Chat.GetCompletion: passed_completions.complete,
    Chat.StartDeferredCompletion: passed_completions.defer,
    **_or_upstream(
        {
            **_WITH_FAULTS,
            **{method: _with_faults(handler) for method, handler in _FAULTS_BEFORE.items()},
        }
    ),
}
UPLOAD_METHODS: Final[dict[Method[Any, Any], MethodHandler]] = _or_upstream(
    files.UPLOADS, passing.upload
)
STREAM_METHODS: Final[dict[Method[Any, Any], StreamHandler]] = {
    Chat.GetCompletionChunk: _stream_completion,
    **_or_upstream(files.STREAMS, passing.stream),
}


def pass_on(engine: Engine, method: Method[Any, Any], request: Any, call: ActiveCall) -> Any:
    """Return the response of the upstream to a request over REST, whose faults were applied.

    Returns:
        The response; None if the tenant has no upstream, or answers the request itself.

    Raises:
        ServiceError: The upstream refused the call, or failed.
        ClientDisconnected: The client cancelled the call.
    """
    if is_local(engine, method, request):
        return None
    return passing.respond_after_faults(engine, method, request.SerializeToString(), call)


def invoke(
    engine: Engine, method: Method[Any, Any], request: Any, caller: ApiKey, call: ActiveCall
) -> Any:
    """Return the response to a request over REST.

    The faults of the call were applied, unless the method is one for images or videos.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
        ClientDisconnected: The client cancelled the call.
    """
    if method in _WITH_FAULTS:
        return UNARY_METHODS[method](engine, request, caller, call)
    response = pass_on(engine, method, request, call)
    if response is None:
        response = _FAULTS_BEFORE[method](engine, request, caller, call)
    return response
