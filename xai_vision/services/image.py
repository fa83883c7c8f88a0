"""``client.image``: generate and edit images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar

from xai_vision import _validation as checks
from xai_vision._transport.aio import AsyncTransport
from xai_vision._transport.options import CallParameters
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.sync import Transport
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import batch_pb2, image_pb2
from xai_vision.proto.image_pb2_grpc import Image as Rpc
from xai_vision.services._generation.common import (
    StorageOptions,
    image_content,
    image_contents,
    request_attributes,
    storage_options,
    word,
)
from xai_vision.services._generation.image_response import AsyncImageResponse, ImageResponse
from xai_vision.services._rpcs import Call, describe, split_keywords

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.imaging import PreparedImage
    from xai_vision.types.image import (
        ImageAspectRatio,
        ImageFormat,
        ImageQuality,
        ImageResolution,
    )

ImageFormatMap: Final = {
    "base64": image_pb2.IMG_FORMAT_BASE64,
    "url": image_pb2.IMG_FORMAT_URL,
}
ImageAspectRatioMap: Final = {
    # IMG_ASPECT_RATIO_9_19_5 is 9:19.5.
    name.removeprefix("IMG_ASPECT_RATIO_").replace("19_5", "19.5").replace("_", ":"): number
    for name, number in image_pb2.ImageAspectRatio.items()
    if number and not name.endswith("_AUTO")
}
ImageResolutionMap: Final = {
    "1k": image_pb2.IMG_RESOLUTION_1K,
    "2k": image_pb2.IMG_RESOLUTION_2K,
}
ImageQualityMap: Final = {
    "low": image_pb2.IMG_QUALITY_LOW,
    "medium": image_pb2.IMG_QUALITY_MEDIUM,
}
MAX_IMAGES: Final = 10
"""The largest number of images of a request (contract)."""


class ImageParameters(TypedDict, total=False):
    """The settings of image generation. All are optional; None is the default.

    ``ImageService.sample`` documents them.
    """

    image_url: str | PreparedImage | None
    image_file_id: str | None
    image_urls: Sequence[str | PreparedImage] | None
    image_file_ids: Sequence[str] | None
    user: str | None
    image_format: ImageFormat | None
    aspect_ratio: ImageAspectRatio | None
    resolution: ImageResolution | None
    quality: ImageQuality | None
    storage_options: StorageOptions | image_pb2.StorageOptions | None


class ImageCallParameters(ImageParameters, CallParameters, total=False):
    """The settings of image generation and the options of the call."""


def _request(
    prompt: str, model: str, n: int, settings: Mapping[str, Any]
) -> image_pb2.GenerateImageRequest:
    checks.check_names("image generation", settings, ImageParameters.__annotations__)
    values = {name: value for name, value in settings.items() if value is not None}
    request = image_pb2.GenerateImageRequest(
        prompt=checks.string("prompt", prompt),
        model=checks.model_name(model),
        n=checks.integer("n", n, 1, MAX_IMAGES),
        user=checks.string("user", values.get("user", "")),
        format=word("image_format", values.get("image_format", "url"), ImageFormatMap),
        images=image_contents("image", values.get("image_urls"), values.get("image_file_ids")),
    )
    image = image_content("image", values.get("image_url"), values.get("image_file_id"))
    if image is not None:
        if request.images:
            raise InvalidRequestError(
                "image_url and image_file_id cannot be combined with image_urls or "
                "image_file_ids. Put all images into the lists"
            )
        request.image.CopyFrom(image)
    for name, words in (
        ("aspect_ratio", ImageAspectRatioMap),
        ("resolution", ImageResolutionMap),
        ("quality", ImageQualityMap),
    ):
        if name in values:
            setattr(request, name, word(name, values[name], words))
    if "storage_options" in values:
        request.storage_options.CopyFrom(storage_options(values["storage_options"]))
    return request


R = TypeVar("R")


def _generate(
    prompt: str,
    model: str,
    n: int,
    keywords: Call,
    result: Callable[[image_pb2.ImageResponse, int], R],
) -> RpcCall[image_pb2.ImageResponse, list[R]]:
    settings, call = split_keywords(keywords)
    request = _request(prompt, model, n, settings)
    return describe(
        Rpc.GenerateImage,
        request,
        # A request of several images may get fewer, for example after moderation.
        lambda reply: [result(reply, index) for index in range(len(reply.images))],
        call,
        request_attributes=lambda: request_attributes(
            "generate_image",
            "image",
            request,
            ("n", "aspect_ratio", "resolution", "quality"),
        ),
    )


def prepare(
    prompt: str,
    model: str,
    *,
    batch_request_id: str | None = None,
    **settings: Unpack[ImageParameters],
) -> batch_pb2.BatchRequest:
    """Make a request for ``client.batch.add``. Nothing is sent.

    Args:
        prompt: The description of the image, or of the edit.
        model: The model.
        batch_request_id: The id of the result in the batch.
        **settings: See ``ImageService.sample``.

    Raises:
        InvalidRequestError: An argument is not valid.
    """
    return batch_pb2.BatchRequest(
        batch_request_id=checks.optional_string("batch_request_id", batch_request_id) or "",
        image_request=_request(prompt, model, 1, settings),
    )


class ImageService:
    """Image generation."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sample(
        self, prompt: str, model: str, **settings: Unpack[ImageCallParameters]
    ) -> ImageResponse:
        """Generate an image, or edit images.

        Args:
            prompt: The description of the image, or of the edit.
            model: The model, such as "grok-imagine-image".
            **settings: The settings, and the options of ``CallParameters``.

                ``image_url`` or ``image_file_id``: the image to edit, as a URL, a prepared image
                (``prepare_image(path)``) or the id of an uploaded file.
                ``image_urls`` and ``image_file_ids``: several images; the files come first.
                ``user``: an id of the end user.
                ``image_format``: "url" (default) or "base64".
                ``aspect_ratio``: width to height, such as "16:9".
                ``resolution``: "1k" or "2k".
                ``quality``: "low" or "medium".
                ``storage_options``: store the image as a file; see ``StorageOptions``.

        Returns:
            The image.

        Raises:
            InvalidRequestError: An argument is not valid. Nothing was sent.
            GenerationError: The response has no image.
            APIError: The call failed.

        Examples:
            >>> response = client.image.sample("a red bicycle", "grok-imagine-image")
            ... # doctest: +SKIP
            >>> Path("bicycle.jpg").write_bytes(response.image)  # doctest: +SKIP
        """
        call = _generate(prompt, model, 1, settings, ImageResponse)
        return _first(self._transport.unary(call))

    def sample_batch(
        self, prompt: str, model: str, n: int, **settings: Unpack[ImageCallParameters]
    ) -> list[ImageResponse]:
        """Generate several images of one prompt.

        Args:
            prompt: As for ``sample``.
            model: As for ``sample``.
            n: The number of images, from 1 to 10.
            **settings: As for ``sample``.

        Returns:
            The images that the service returned. They may be fewer than ``n``.

        Raises:
            InvalidRequestError: An argument is not valid. Nothing was sent.
            APIError: The call failed.
        """
        return self._transport.unary(_generate(prompt, model, n, settings, ImageResponse))

    prepare = staticmethod(prepare)


class AsyncImageService:
    """Image generation; see ``ImageService``."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def sample(
        self, prompt: str, model: str, **settings: Unpack[ImageCallParameters]
    ) -> AsyncImageResponse:
        """Generate an image, or edit images."""
        call = _generate(prompt, model, 1, settings, AsyncImageResponse)
        return _first(await self._transport.unary(call))

    async def sample_batch(
        self, prompt: str, model: str, n: int, **settings: Unpack[ImageCallParameters]
    ) -> list[AsyncImageResponse]:
        """Generate several images of one prompt."""
        call = _generate(prompt, model, n, settings, AsyncImageResponse)
        return await self._transport.unary(call)

    prepare = staticmethod(prepare)


def _first(images: list[R]) -> R:
    if not images:
        from xai_vision.errors import GenerationError  # on use: the service sends an image

        raise GenerationError("the response has no image")
    return images[0]
