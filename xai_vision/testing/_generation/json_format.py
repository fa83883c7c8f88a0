"""The JSON of images and videos over REST, and in the input files of batches."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from xai_vision.openai_compat._values import (
    TranslationError,
    boolean,
    check_type,
    enum,
    integer,
    number,
    read_object,
    sequence,
    string,
)
from xai_vision.proto import deferred_pb2, image_pb2, video_pb2
from xai_vision.testing._generation.images import RATIOS
from xai_vision.testing._generation.videos import RATIOS as VIDEO_RATIOS

_FORMATS: Final = {"url": image_pb2.IMG_FORMAT_URL, "b64_json": image_pb2.IMG_FORMAT_BASE64}
# None: the field is left out, which means "auto".
_IMAGE_WORDS: Final[dict[str, dict[str, int | None]]] = {
    "aspect_ratio": {**{word: number for number, word in RATIOS.items()}, "auto": None},
    "resolution": {"1k": image_pb2.IMG_RESOLUTION_1K, "2k": image_pb2.IMG_RESOLUTION_2K},
    "quality": {
        "low": image_pb2.IMG_QUALITY_LOW,
        "medium": image_pb2.IMG_QUALITY_MEDIUM,
        "high": image_pb2.IMG_QUALITY_HIGH,
        "auto": None,
    },
}
_VIDEO_WORDS: Final[dict[str, dict[str, int | None]]] = {
    "aspect_ratio": {word: number for number, word in VIDEO_RATIOS.items()},
    "resolution": {
        "480p": video_pb2.VIDEO_RESOLUTION_480P,
        "720p": video_pb2.VIDEO_RESOLUTION_720P,
        "1080p": video_pb2.VIDEO_RESOLUTION_1080P,
    },
}
_IMAGE_KEYS: Final = (
    *("prompt", "model", "n", "response_format", "user", "storage_options", *_IMAGE_WORDS),
)
_EDIT_KEYS: Final = (*_IMAGE_KEYS, "image", "images")
_VIDEO_KEYS: Final = (
    *("prompt", "model", "duration", "generate_audio", "storage_options", *_VIDEO_WORDS),
    *("image", "image_url", "last_frame", "keyframes", "video", "video_url"),
    *("reference_images", "reference_audios"),
)
_REASONS: Final = {
    "size": "use aspect_ratio and resolution",
    "style": "describe the style in the prompt",
}
_STATUSES: Final = {
    deferred_pb2.PENDING: "pending",
    deferred_pb2.DONE: "done",
    deferred_pb2.EXPIRED: "expired",
    deferred_pb2.FAILED: "failed",
}


def to_image_request(
    body: Mapping[str, Any], *, edit: bool = False
) -> image_pb2.GenerateImageRequest:
    """Convert the JSON of a request for images.

    Args:
        body: The JSON.
        edit: Whether the request edits images.

    Raises:
        TranslationError: A value is not valid; the message names its path.
    """
    body = read_object("", body, _EDIT_KEYS if edit else _IMAGE_KEYS, _REASONS)
    request = image_pb2.GenerateImageRequest(
        prompt=string("prompt", body.get("prompt")),
        model=string("model", body.get("model", "")),
        user=string("user", body.get("user", "")),
        format=enum("response_format", body.get("response_format", "url"), _FORMATS),
    )
    if "n" in body:
        request.n = integer("n", body["n"])
    _read_words(request, body, _IMAGE_WORDS)
    if "storage_options" in body:
        request.storage_options.CopyFrom(_storage(body["storage_options"]))
    if "image" in body:
        request.image.CopyFrom(_image("image", body["image"]))
    for index, image in enumerate(sequence("images", body.get("images", ()))):
        request.images.append(_image(f"images[{index}]", image))
    if edit and not request.HasField("image") and not request.images:
        raise TranslationError("image is missing: the request has no image to edit", key="image")
    return request


def to_video_request(body: Mapping[str, Any]) -> video_pb2.GenerateVideoRequest:
    """Convert the JSON of a request for a video.

    Raises:
        TranslationError: A value is not valid; the message names its path.
    """
    body = read_object("", body, _VIDEO_KEYS)
    request = video_pb2.GenerateVideoRequest(
        prompt=string("prompt", body.get("prompt", "")), model=string("model", body.get("model"))
    )
    for name in ("image", "video"):
        if name in body and f"{name}_url" in body:
            raise TranslationError(f"{name} and {name}_url exclude each other", key=name)
    if "duration" in body:
        request.duration = integer("duration", body["duration"])
    if "generate_audio" in body:
        request.generate_audio = boolean("generate_audio", body["generate_audio"])
    _read_words(request, body, _VIDEO_WORDS)
    if "storage_options" in body:
        request.storage_options.CopyFrom(_storage(body["storage_options"]))
    if "image_url" in body:
        request.image.image_url = string("image_url", body["image_url"])
    for name in ("image", "last_frame"):
        if name in body:
            getattr(request, name).CopyFrom(_image(name, body[name]))
    if "video_url" in body:
        request.video.url = string("video_url", body["video_url"])
    if "video" in body:
        key, value = _source("video", body["video"], ("url", "file_id"))
        setattr(request.video, key, value)
    _read_references(request, body)
    return request


def _read_references(request: video_pb2.GenerateVideoRequest, body: Mapping[str, Any]) -> None:
    for index, image in enumerate(sequence("reference_images", body.get("reference_images", ()))):
        request.reference_images.append(_image(f"reference_images[{index}]", image))
    for index, audio in enumerate(sequence("reference_audios", body.get("reference_audios", ()))):
        path = f"reference_audios[{index}]"
        voice = read_object(path, audio, ("voice_id",)).get("voice_id")
        request.reference_audios.add(voice_id=string(f"{path}.voice_id", voice))
    for index, frame in enumerate(sequence("keyframes", body.get("keyframes", ()))):
        path = f"keyframes[{index}]"
        entries = read_object(path, frame, ("image", "timestamp"))
        request.keyframes.add(
            image=_image(f"{path}.image", entries.get("image")),
            timestamp_s=number(f"{path}.timestamp", entries.get("timestamp")),
        )


def _read_words(
    request: Any, body: Mapping[str, Any], words: Mapping[str, Mapping[str, int | None]]
) -> None:
    for name, values in words.items():
        value = enum(name, body[name], values) if name in body else None
        if value is not None:
            setattr(request, name, value)


def _image(path: str, value: Any) -> image_pb2.ImageUrlContent:
    key, source = _source(path, value, ("url", "file_id"))
    content = image_pb2.ImageUrlContent(detail=image_pb2.DETAIL_AUTO)
    setattr(content, "image_url" if key == "url" else key, source)
    return content


def _source(path: str, value: Any, keys: tuple[str, ...]) -> tuple[str, str]:
    """Return the key and the value of the only source in an object such as ``{"url": ...}``."""
    entries = read_object(path, value, (*keys, "type"))
    if "type" in entries and keys[0] in entries:
        check_type(entries, "image_url", path)
    sources = [key for key in keys if key in entries]
    if len(sources) != 1:
        raise TranslationError(f"{path} must have one of {', '.join(keys)}", key=path)
    return sources[0], string(f"{path}.{sources[0]}", entries[sources[0]])


def _storage(value: Any) -> image_pb2.StorageOptions:
    path = "storage_options"
    entries = read_object(path, value, ("filename", "expires_after", "public_url"))
    options = image_pb2.StorageOptions(filename=string(f"{path}.filename", entries.get("filename")))
    if "expires_after" in entries:
        options.expires_after = integer(f"{path}.expires_after", entries["expires_after"])
    public = entries.get("public_url", False)
    if isinstance(public, Mapping):
        path = f"{path}.public_url"
        options.public_url.SetInParent()
        lifetime = read_object(path, public, ("expires_after",)).get("expires_after")
        if lifetime is not None:
            options.public_url.expires_after = integer(f"{path}.expires_after", lifetime)
    elif boolean(f"{path}.public_url", public):
        options.public_url.SetInParent()
    return options


def images_json(response: image_pb2.ImageResponse, created: float) -> dict[str, Any]:
    """Return the JSON of generated images.

    Args:
        response: The response.
        created: Seconds since the epoch.
    """
    data = []
    for image in response.images:
        entry: dict[str, Any] = {"revised_prompt": ""}
        if image.url:
            entry["url"], entry["mime_type"] = image.url, mimetypes.guess_type(image.url)[0]
        if image.base64:
            # A data URL: the JSON has its media type and its data apart.
            head, _, entry["b64_json"] = image.base64.partition(",")
            entry["mime_type"] = head.removeprefix("data:").removesuffix(";base64")
        data.append({**entry, **_storage_json(image)})
    result: dict[str, Any] = {
        "created": int(created),
        "data": data,
        "model": response.model,
        "usage": {"cost_in_usd_ticks": response.usage.cost_in_usd_ticks},
    }
    if not all(image.respect_moderation for image in response.images):
        result["block_reason"] = "moderation"
    return result


def video_json(response: video_pb2.VideoResponse) -> dict[str, Any]:
    """Return the JSON of a video without a state."""
    result: dict[str, Any] = {"model": response.model, "progress": response.progress}
    if response.HasField("video"):
        video = response.video
        result["video"] = {
            "url": video.url,
            "duration": video.duration,
            "respect_moderation": video.respect_moderation,
            **_storage_json(video),
        }
        result["usage"] = {"cost_in_usd_ticks": response.usage.cost_in_usd_ticks}
    if response.HasField("error"):
        result["error"] = {"code": response.error.code, "message": response.error.message}
    return result


def deferred_video_json(state: video_pb2.GetDeferredVideoResponse) -> dict[str, Any]:
    """Return the JSON of the state of a video."""
    return {"status": _STATUSES.get(state.status, ""), **video_json(state.response)}


def _storage_json(result: Any) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    if result.HasField("file_output"):
        entries["file_output"] = MessageToDict(result.file_output, preserving_proto_field_name=True)
    if result.HasField("storage_error"):
        entries["storage_error"] = result.storage_error
    return entries
