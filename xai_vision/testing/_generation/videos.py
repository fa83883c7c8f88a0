"""The methods of the service Video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from xai_vision.proto import deferred_pb2, video_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._generation.images import URL_HOURS, check_prompt
from xai_vision.testing._generation.media import image_size, make_video
from xai_vision.testing._generation.storage import store_result
from xai_vision.testing._service.model_choice import choose_model
from xai_vision.testing._service.models import VIDEO_MODELS, Model

if TYPE_CHECKING:
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_WITH_FRAMES: Final = "grok-imagine-video-1.5"
_MAX_KEYFRAMES: Final = 4
_MAX_AUDIOS: Final = 3
_KEYFRAME_DISTANCE: Final = 1 / 3
"""The least number of seconds between two keyframes (documented)."""
_DEFAULT_SECONDS: Final = 8
_DEFAULT_EXTENSION_SECONDS: Final = 6
RATIOS: Final = {
    number: name.removeprefix("VIDEO_ASPECT_RATIO_").replace("_", ":")
    for name, number in video_pb2.VideoAspectRatio.items()
    if number
}
"""The words of aspect ratios by their numbers."""
_RESOLUTIONS: Final = {
    video_pb2.VIDEO_RESOLUTION_720P: "720p",
    video_pb2.VIDEO_RESOLUTION_1080P: "1080p",
}


def make_response(
    engine: Engine,
    request: Any,
    caller: ApiKey,
    call: ActiveCall,
    *,
    url_hours: float = URL_HOURS,
) -> Callable[[], video_pb2.VideoResponse]:
    """Check a request, and return a function that makes its response.

    Args:
        engine: The engine.
        request: A GenerateVideoRequest or an ExtendVideoRequest.
        caller: The API key of the client.
        call: The call.
        url_hours: The hours for which the video can be downloaded.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    record = call.record
    record.request, record.prompt = request, request.prompt
    model = choose_model(VIDEO_MODELS, request.model, caller, record)
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
            response.video.url = engine.downloads.add(
                engine, engine.new_id(), data, "video/quicktime", engine.clock, url_hours
            )
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
    _check_keyframes([frame.timestamp_s for frame in request.keyframes], seconds)
    if len(request.reference_audios) > _MAX_AUDIOS:
        raise invalid_argument(
            f"The request has {len(request.reference_audios)} audio references; the maximum is "
            f"{_MAX_AUDIOS}."
        )
    resolution = _RESOLUTIONS.get(request.resolution, "480p")
    if resolution == "1080p" and model.name != _WITH_FRAMES:
        raise invalid_argument(f"The model {model.name} does not support the resolution 1080p.")
    if request.HasField("image"):
        frames.append(request.image)
    check_prompt(request.prompt, model, optional=bool(frames))
    images = [*frames, *request.reference_images]
    call.record.images = [engine.read_image(image) for image in images]
    _check_video(engine, request)
    return seconds, image_size(RATIOS.get(request.aspect_ratio, "16:9"), resolution)


def _check_keyframes(times: Sequence[float], seconds: int) -> None:
    if len(times) > _MAX_KEYFRAMES:
        raise invalid_argument(
            f"The request has {len(times)} keyframes; the maximum is {_MAX_KEYFRAMES}."
        )
    for time in times:
        if not 0 < time < seconds:
            raise invalid_argument(
                f"The keyframe at {time:g} s is not within the video of {seconds} s."
            )
    ordered = sorted(times)
    for earlier, later in pairwise(ordered):
        # The wire has 32-bit floats, whose differences are not exact.
        if later - earlier < _KEYFRAME_DISTANCE - 1e-4:
            raise invalid_argument(
                f"The keyframes at {earlier:g} s and {later:g} s are less than 1/3 s apart."
            )


def _extension(
    engine: Engine, request: video_pb2.ExtendVideoRequest, call: ActiveCall, model: Model
) -> tuple[int, tuple[int, int]]:
    seconds = request.duration if request.HasField("duration") else _DEFAULT_EXTENSION_SECONDS
    if not 1 <= seconds <= 10:
        raise invalid_argument(f"duration must be from 1 to 10 seconds, but it is {seconds}.")
    if not request.video.WhichOneof("source"):
        raise invalid_argument("The request has no video to extend.")
    check_prompt(request.prompt, model, optional=True)
    _check_video(engine, request)
    return seconds, image_size("16:9", "480p")


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
