"""The method GenerateImage."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from xai_vision.proto import image_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._generation.media import image_size, make_jpeg, media_type
from xai_vision.testing._generation.storage import store_result
from xai_vision.testing._service.model_choice import choose_model
from xai_vision.testing._service.models import IMAGE_MODELS, Model
from xai_vision.testing._service.response import tokens

if TYPE_CHECKING:
    from xai_vision.testing._calls.images import CallImage
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

URL_HOURS: Final = 24
"""The hours for which generated files can be downloaded (documented for videos)."""
RATIOS: Final = {
    number: name.removeprefix("IMG_ASPECT_RATIO_").replace("19_5", "19.5").replace("_", ":")
    for name, number in image_pb2.ImageAspectRatio.items()
    if number and not name.endswith("_AUTO")
}
"""The words of aspect ratios by their numbers."""
_RESOLUTIONS: Final = {
    0: "1k",
    image_pb2.IMG_RESOLUTION_1K: "1k",
    image_pb2.IMG_RESOLUTION_2K: "2k",
}


def generate(
    engine: Engine,
    request: image_pb2.GenerateImageRequest,
    caller: ApiKey,
    call: ActiveCall,
    *,
    url_hours: float = URL_HOURS,
) -> image_pb2.ImageResponse:
    """Return the images of a request.

    Args:
        engine: The engine.
        request: The request.
        caller: The API key of the client.
        call: The call.
        url_hours: The hours for which the images can be downloaded.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    record = call.record
    record.request, record.prompt = request, request.prompt
    model = choose_model(IMAGE_MODELS, request.model, caller, record)
    count = request.n if request.HasField("n") else 1
    sources = [*([request.image] if request.HasField("image") else []), *request.images]
    _check(engine, request, model, count, len(sources))
    record.images = [engine.read_image(source) for source in sources]
    engine.apply_faults(call)
    plan = engine.image_plan
    response = image_pb2.ImageResponse(model=model.name)
    size = image_size(_ratio(request, record.images), _RESOLUTIONS.get(request.resolution, "1k"))
    for index in range(max(count - plan.missing, 0)):
        data = plan.data[index % len(plan.data)] if plan.data else None
        data = data or make_jpeg(request.prompt, size, index)
        image = response.images.add(respect_moderation=not plan.withheld)
        if plan.withheld:
            continue
        kind = media_type(data, "image/jpeg")
        if request.format == image_pb2.IMG_FORMAT_BASE64:
            image.base64 = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        else:
            image.url = engine.downloads.add(
                engine, engine.new_id(), data, kind, engine.clock, url_hours
            )
        if request.HasField("storage_options"):
            store_result(engine, image, request.storage_options, data, plan.storage_error)
    usage = response.usage
    usage.prompt_image_tokens = sum(image.tokens for image in record.images)
    usage.cost_in_usd_ticks = model.image_price * (len(response.images) + len(sources))
    return response


def _check(
    engine: Engine,
    request: image_pb2.GenerateImageRequest,
    model: Model,
    count: int,
    sources: int,
) -> None:
    settings = engine.settings
    if not 1 <= count <= settings.max_generated_images:
        raise invalid_argument(
            f"n must be from 1 to {settings.max_generated_images}, but it is {count}."
        )
    check_prompt(request.prompt, model)
    if request.HasField("image") and request.images:
        raise invalid_argument("image and images exclude each other.")
    if sources > settings.max_source_images:
        raise invalid_argument(
            f"The request has {sources} source images; the maximum is {settings.max_source_images}."
        )


def check_prompt(prompt: str, model: Model, *, optional: bool = False) -> None:
    """Check the prompt of an image or a video.

    Args:
        prompt: The prompt.
        model: The model.
        optional: Whether the prompt may be empty.

    Raises:
        ServiceError: INVALID_ARGUMENT if it is empty or too long.
    """
    if not prompt.strip() and not optional:
        raise invalid_argument("The prompt is empty.")
    length = tokens.count(prompt)
    if length > model.max_prompt_length:
        raise invalid_argument(
            f"This model's maximum prompt length is {model.max_prompt_length} but the request "
            f"contains {length} tokens."
        )


def _ratio(request: image_pb2.GenerateImageRequest, sources: Sequence[CallImage]) -> str:
    """Return the aspect ratio: that of a single source image unless the request has one."""
    if request.aspect_ratio in RATIOS:
        return RATIOS[request.aspect_ratio]
    if len(sources) == 1 and sources[0].width and sources[0].height:
        return f"{sources[0].width}:{sources[0].height}"
    return "1:1"
