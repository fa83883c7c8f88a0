"""The methods of the service Video."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import deferred_pb2, video_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._generation.media import image_size, make_video
from xai_vision.testing._generation.storage import store_result
from xai_vision.testing._service.models import Model, ModelCatalog

if TYPE_CHECKING:
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

VIDEO_MODELS: Final = ModelCatalog(
    [
        Model("grok-imagine-video", image_price=500_000_000),
        Model("grok-imagine-video-1.5", image_price=1_000_000_000),
    ]
)
"""``image_price`` is the price of a second of video."""
_WITH_FRAMES: Final = "grok-imagine-video-1.5"
_DEFAULT_SECONDS: Final = 8
_DEFAULT_EXTENSION_SECONDS: Final = 6
_RATIOS: Final = {
    number: name.removeprefix("VIDEO_ASPECT_RATIO_").replace("_", ":")
    for name, number in video_pb2.VideoAspectRatio.items()
    if number
}


def make_response(
    engine: Engine, request: Any, caller: ApiKey, call: ActiveCall
) -> Callable[[], video_pb2.VideoResponse]:
    """Check a request, and return a function that makes its response.

    Args:
        engine: The engine.
        request: A GenerateVideoRequest or an ExtendVideoRequest.
        caller: The API key of the client.
        call: The call.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    record = call.record
    record.request, record.model, record.prompt = request, request.model, request.prompt
    model = VIDEO_MODELS.resolve(request.model)
    record.model_names = (request.model, model.name, *model.aliases)
    extension = isinstance(request, video_pb2.ExtendVideoRequest)
    seconds, size = (_extension if extension else _new_video)(engine, request, call, model)
    engine.apply_faults(call)
    plan = engine.videos.plan

    def finish() -> video_pb2.VideoResponse:
        response = video_pb2.VideoResponse(model=model.name, progress=100)
        response.usage.cost_in_usd_ticks = model.image_price * seconds
        response.video.respect_moderation = not plan.withheld
        if not plan.withheld:
            data = plan.data or make_video(request.prompt, size, seconds)
            response.video.duration = seconds
            response.video.url = engine.downloads.add(engine, data, "video/quicktime")
            if request.HasField("storage_options"):
                options = request.storage_options
                store_result(engine, response.video, options, data, plan.storage_error)
        return response

    return finish


def _new_video(
    engine: Engine, request: video_pb2.GenerateVideoRequest, call: ActiveCall, model: Model
) -> tuple[int, tuple[int, int]]:
    seconds = request.duration if request.HasField("duration") else _DEFAULT_SECONDS
    if not 1 <= seconds <= 15:
        raise invalid_argument(f"duration must be from 1 to 15 seconds, but it is {seconds}.")
    frames = [frame.image for frame in request.keyframes]
    if request.HasField("last_frame"):
        frames.append(request.last_frame)
    if (frames or request.reference_audios) and model.name != _WITH_FRAMES:
        raise invalid_argument(
            f"The model {model.name} does not support keyframes, a last frame or audio references."
        )
    for frame in request.keyframes:
        if not 0 < frame.timestamp_s < seconds:
            raise invalid_argument(
                f"The keyframe at {frame.timestamp_s:g} s is not within the video of {seconds} s."
            )
    if request.HasField("image"):
        frames.append(request.image)
    if not request.prompt.strip() and not frames:
        raise invalid_argument("The prompt is empty.")
    images = [*frames, *request.reference_images]
    call.record.images = [engine.read_image(image) for image in images]
    _check_video(engine, request)
    return seconds, image_size(_RATIOS.get(request.aspect_ratio, "16:9"), "1k")


def _extension(
    engine: Engine, request: video_pb2.ExtendVideoRequest, call: ActiveCall, model: Model
) -> tuple[int, tuple[int, int]]:
    seconds = request.duration if request.HasField("duration") else _DEFAULT_EXTENSION_SECONDS
    if not 1 <= seconds <= 10:
        raise invalid_argument(f"duration must be from 1 to 10 seconds, but it is {seconds}.")
    if not request.HasField("video"):
        raise invalid_argument("The request has no video to extend.")
    _check_video(engine, request)
    return seconds, image_size("16:9", "1k")


def _check_video(engine: Engine, request: Any) -> None:
    if request.HasField("video") and request.video.file_id:
        engine.files.entry(request.video.file_id)


def start(
    engine: Engine, request: Any, caller: ApiKey, call: ActiveCall
) -> deferred_pb2.StartDeferredResponse:
    """Start a video or an extension.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    finish = make_response(engine, request, caller, call)
    request_id = engine.new_id()
    engine.videos.put(request_id, finish)
    return deferred_pb2.StartDeferredResponse(request_id=request_id)
