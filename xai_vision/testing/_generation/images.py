"""The method GenerateImage."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from xai_vision.proto import image_pb2
from xai_vision.testing._errors import invalid_argument
from xai_vision.testing._generation.media import image_size, make_jpeg
from xai_vision.testing._generation.storage import store_result
from xai_vision.testing._service.models import IMAGE_MODELS

if TYPE_CHECKING:
    from xai_vision.testing._service.active_call import ActiveCall
    from xai_vision.testing._service.api_keys import ApiKey
    from xai_vision.testing._service.engine import Engine

_RATIOS: Final = {
    number: name.removeprefix("IMG_ASPECT_RATIO_").replace("19_5", "19.5").replace("_", ":")
    for name, number in image_pb2.ImageAspectRatio.items()
    if number and not name.endswith("_AUTO")
}
_RESOLUTIONS: Final = {
    0: "1k",
    image_pb2.IMG_RESOLUTION_1K: "1k",
    image_pb2.IMG_RESOLUTION_2K: "2k",
}


def generate(
    engine: Engine, request: image_pb2.GenerateImageRequest, caller: ApiKey, call: ActiveCall
) -> image_pb2.ImageResponse:
    """Return the images of a request.

    Raises:
        ServiceError: The request is refused, or a fault ends the call.
    """
    record, settings = call.record, engine.settings
    record.request, record.model, record.prompt = request, request.model, request.prompt
    model = IMAGE_MODELS.resolve(request.model)
    record.model_names = (request.model, model.name, *model.aliases)
    count = request.n if request.HasField("n") else 1
    if not 1 <= count <= settings.max_generated_images:
        raise invalid_argument(
            f"n must be from 1 to {settings.max_generated_images}, but it is {count}."
        )
    if not request.prompt.strip():
        raise invalid_argument("The prompt is empty.")
    sources = [*([request.image] if request.HasField("image") else []), *request.images]
    if request.HasField("image") and request.images:
        raise invalid_argument("image and images exclude each other.")
    if len(sources) > settings.max_source_images:
        raise invalid_argument(
            f"The request has {len(sources)} source images; the maximum is "
            f"{settings.max_source_images}."
        )
    record.images = [engine.read_image(source) for source in sources]
    engine.apply_faults(call)
    plan = engine.image_plan
    response = image_pb2.ImageResponse(model=model.name)
    size = image_size(
        _RATIOS.get(request.aspect_ratio, "1:1"), _RESOLUTIONS.get(request.resolution, "1k")
    )
    for index in range(max(count - plan.missing, 0)):
        data = plan.data[index % len(plan.data)] if plan.data else None
        data = data or make_jpeg(request.prompt, size, index)
        image = response.images.add(respect_moderation=not plan.withheld)
        if plan.withheld:
            continue
        if request.format == image_pb2.IMG_FORMAT_BASE64:
            image.base64 = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
        else:
            image.url = engine.downloads.add(engine, data, "image/jpeg")
        if request.HasField("storage_options"):
            store_result(engine, image, request.storage_options, data, plan.storage_error)
    usage = response.usage
    usage.prompt_image_tokens = sum(image.tokens for image in record.images)
    usage.cost_in_usd_ticks = model.image_price * (len(response.images) + len(sources))
    return response
