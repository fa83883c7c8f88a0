"""Check the arguments of video generation and make its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import batch_pb2, image_pb2, video_pb2
from xai_vision.services._generation.common import (
    StorageOptions,
    image_content,
    image_contents,
    media_url,
    storage_options,
    word,
)
from xai_vision.types.video import VideoAspectRatioMap, VideoResolutionMap

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.imaging import PreparedImage
    from xai_vision.types.video import (
        Keyframe,
        ReferenceAudio,
        VideoAspectRatio,
        VideoResolution,
    )

# The contract's numbers.
MAX_SECONDS: Final = 15
MAX_EXTENSION_SECONDS: Final = 10
MAX_KEYFRAMES: Final = 4
MAX_REFERENCE_AUDIOS: Final = 3


class VideoParameters(TypedDict, total=False):
    """The settings of video generation. All are optional; None is the default.

    ``VideoService.generate`` documents them.
    """

    image_url: str | PreparedImage | None
    image_file_id: str | None
    last_frame_url: str | PreparedImage | None
    last_frame_file_id: str | None
    keyframes: Sequence[Keyframe] | None
    video_url: str | None
    video_file_id: str | None
    duration: int | None
    aspect_ratio: VideoAspectRatio | None
    resolution: VideoResolution | None
    reference_image_urls: Sequence[str | PreparedImage] | None
    reference_image_file_ids: Sequence[str] | None
    reference_audios: Sequence[ReferenceAudio] | None
    generate_audio: bool | None
    storage_options: StorageOptions | image_pb2.StorageOptions | None


def video_request(
    prompt: str, model: str, settings: Mapping[str, Any]
) -> video_pb2.GenerateVideoRequest:
    """Make a request for a new video, or for an edit.

    Raises:
        InvalidRequestError: An argument is not valid.
    """
    checks.check_names("video generation", settings, VideoParameters.__annotations__)
    values = {name: value for name, value in settings.items() if value is not None}
    get = values.get
    duration = None
    if "duration" in values:
        duration = checks.integer("duration", values["duration"], 1, MAX_SECONDS)
    request = video_pb2.GenerateVideoRequest(
        prompt=checks.string("prompt", prompt),
        model=checks.model_name(model),
        image=image_content("image", get("image_url"), get("image_file_id")),
        last_frame=image_content("last_frame", get("last_frame_url"), get("last_frame_file_id")),
        keyframes=_keyframes(get("keyframes", ()), duration),
        video=video_content(get("video_url"), get("video_file_id")),
        duration=duration,
        reference_images=image_contents(
            "reference_image", get("reference_image_urls"), get("reference_image_file_ids")
        ),
        reference_audios=_reference_audios(get("reference_audios", ())),
    )
    if "aspect_ratio" in values:
        request.aspect_ratio = word("aspect_ratio", values["aspect_ratio"], VideoAspectRatioMap)
    if "resolution" in values:
        request.resolution = word("resolution", values["resolution"], VideoResolutionMap)
    if "generate_audio" in values:
        request.generate_audio = checks.boolean("generate_audio", values["generate_audio"])
    if "storage_options" in values:
        request.storage_options.CopyFrom(storage_options(values["storage_options"]))
    return request


def extension_request(
    prompt: str,
    model: str,
    video_url: str | None,
    video_file_id: str | None,
    duration: int | None,
    storage: Any,
) -> video_pb2.ExtendVideoRequest:
    """Make a request to extend a video.

    Raises:
        InvalidRequestError: An argument is not valid, or there is not exactly one video.
    """
    video = video_content(video_url, video_file_id)
    if video is None:
        raise InvalidRequestError("there is no video to extend. Pass video_url or video_file_id")
    request = video_pb2.ExtendVideoRequest(
        prompt=checks.string("prompt", prompt), model=checks.model_name(model), video=video
    )
    if duration is not None:
        request.duration = checks.integer("duration", duration, 1, MAX_EXTENSION_SECONDS)
    if storage is not None:
        request.storage_options.CopyFrom(storage_options(storage))
    return request


def video_content(url: Any, file_id: Any) -> video_pb2.VideoUrlContent | None:
    """Return an input video, or None if neither is set.

    Raises:
        InvalidRequestError: Both are set, or one is not valid.
    """
    if url is not None and file_id is not None:
        raise InvalidRequestError("video_url and video_file_id exclude each other. Pass one")
    if url is not None:
        remedy = "Upload a file with client.files and pass video_file_id"
        return video_pb2.VideoUrlContent(url=media_url("video_url", url, remedy))
    if file_id is not None:
        file_id = checks.string("video_file_id", file_id, empty=False)
        return video_pb2.VideoUrlContent(file_id=file_id)
    return None


def _dicts(name: str, value: Any, max_: int) -> list[Mapping[str, Any]]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise InvalidRequestError(f"{name} must be a list of dicts, not {checks.short_repr(value)}")
    if len(value) > max_:
        raise InvalidRequestError(
            f"{name} has {len(value)} entries; the service accepts at most {max_}"
        )
    return [checks.mapping(f"{name}[{index}]", item) for index, item in enumerate(value)]


def _keyframes(value: Any, duration: int | None) -> list[video_pb2.VideoKeyframe]:
    keyframes = []
    for index, item in enumerate(_dicts("keyframes", value, MAX_KEYFRAMES)):
        name = f"keyframes[{index}]"
        checks.check_names(name, item, ("image_url", "image_file_id", "timestamp"))
        image = image_content(f"{name}: image", item.get("image_url"), item.get("image_file_id"))
        if image is None:
            raise InvalidRequestError(f"{name} has no image. Set image_url or image_file_id")
        if "timestamp" not in item:
            raise InvalidRequestError(f"{name}: 'timestamp' is missing")
        end = float(MAX_SECONDS if duration is None else duration)
        time = checks.number(f"{name}['timestamp']", item["timestamp"], positive=True)
        if time >= end:
            raise InvalidRequestError(
                f"{name}['timestamp'] must be before the end of the video at {end:g} seconds, "
                f"not {time:g}"
            )
        keyframes.append(video_pb2.VideoKeyframe(image=image, timestamp_s=time))
    return keyframes


def _reference_audios(value: Any) -> list[video_pb2.AudioUrlContent]:
    audios = []
    for index, item in enumerate(_dicts("reference_audios", value, MAX_REFERENCE_AUDIOS)):
        name = f"reference_audios[{index}]"
        checks.check_names(name, item, ("voice_id",))
        voice = checks.string(f"{name}['voice_id']", item.get("voice_id"), empty=False)
        audios.append(video_pb2.AudioUrlContent(voice_id=voice.strip()))
    return audios


def prepare(
    prompt: str,
    model: str,
    *,
    batch_request_id: str | None = None,
    **settings: Unpack[VideoParameters],
) -> batch_pb2.BatchRequest:
    """Make a request for ``client.batch.add``. Nothing is sent.

    Args:
        prompt: The description of the video, or of the edit.
        model: The model.
        batch_request_id: The id of the result in the batch.
        **settings: See ``VideoService.generate``.

    Raises:
        InvalidRequestError: An argument is not valid.
    """
    return batch_pb2.BatchRequest(
        batch_request_id=checks.optional_string("batch_request_id", batch_request_id) or "",
        video_request=video_request(prompt, model, settings),
    )


def prepare_extension(
    prompt: str,
    model: str,
    video_url: str | None = None,
    *,
    video_file_id: str | None = None,
    batch_request_id: str | None = None,
    duration: int | None = None,
    storage_options: StorageOptions | image_pb2.StorageOptions | None = None,
) -> batch_pb2.BatchRequest:
    """Make a request to extend a video, for ``client.batch.add``. Nothing is sent.

    The arguments are those of ``VideoService.extend``.

    Raises:
        InvalidRequestError: An argument is not valid.
    """
    return batch_pb2.BatchRequest(
        batch_request_id=checks.optional_string("batch_request_id", batch_request_id) or "",
        video_extension_request=extension_request(
            prompt, model, video_url, video_file_id, duration, storage_options
        ),
    )
