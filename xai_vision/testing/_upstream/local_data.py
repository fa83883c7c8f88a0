"""What a tenant with an upstream answers itself: the data that rules and tests have made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.files_pb2_grpc import Files
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.video_pb2_grpc import Video
from xai_vision.testing._generation.plans import ImagePlan, VideoPlan

if TYPE_CHECKING:
    from xai_vision.proto._method import Method
    from xai_vision.testing._service.engine import Engine


def _is_stored(engine: Engine, request: Any) -> bool:
    return request.response_id in engine.store


def _is_deferred(engine: Engine, request: Any) -> bool:
    return request.request_id in engine.deferred


def _is_file(engine: Engine, request: Any) -> bool:
    return request.file_id in engine.files


def _has_image_plan(engine: Engine, request: Any) -> bool:
    return engine.image_plan != ImagePlan()


def _has_video_plan(engine: Engine, request: Any) -> bool:
    return engine.videos.plan != VideoPlan()


def _is_video(engine: Engine, request: Any) -> bool:
    return request.request_id in engine.videos


_IS_LOCAL: Final[dict[Method[Any, Any], Callable[[Engine, Any], bool]]] = {
    Chat.GetStoredCompletion: _is_stored,
    Chat.DeleteStoredCompletion: _is_stored,
    Chat.GetDeferredCompletion: _is_deferred,
    Files.RetrieveFile: _is_file,
    Files.DeleteFile: _is_file,
    Files.CreatePublicUrl: _is_file,
    Files.RevokePublicUrl: _is_file,
    Files.RetrieveFileContent: _is_file,
    Image.GenerateImage: _has_image_plan,
    Video.GenerateVideo: _has_video_plan,
    Video.ExtendVideo: _has_video_plan,
    Video.GetDeferredVideo: _is_video,
}


def is_local(engine: Engine, method: Method[Any, Any], request: Any) -> bool:
    """Return whether the engine of a tenant answers a request itself.

    That is so without an upstream, if the upstream does not have the method, and if the request is
    about data that a rule or a test of the tenant has made.
    """
    if engine.upstream is None or not engine.upstream.handles(method):
        return True
    check = _IS_LOCAL.get(method)
    return check is not None and check(engine, request)
