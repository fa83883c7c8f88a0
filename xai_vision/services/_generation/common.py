"""Arguments and results that image and video generation share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar

from xai_vision import _validation as checks
from xai_vision._transport.tracing import captures_content
from xai_vision.chat._response.proto_decorator import ProtoDecorator
from xai_vision.cost import cost_usd_from_usage
from xai_vision.errors import GenerationError, InvalidRequestError
from xai_vision.imaging import PreparedImage
from xai_vision.proto import image_pb2, usage_pb2, video_pb2
from xai_vision.proto._convert import adopt

if TYPE_CHECKING:
    from typing_extensions import NotRequired


class PublicUrlOptions(TypedDict, total=False):
    """How long a stored file is public: ``expires_after`` in seconds or as a timedelta."""

    expires_after: int | timedelta


class StorageOptions(TypedDict):
    """How a generated image or video is stored as a file of the caller.

    ``public_url`` is True for a public URL that ends with the file, or a dict with its lifetime.
    """

    filename: str
    expires_after: NotRequired[int | timedelta]
    public_url: NotRequired[bool | PublicUrlOptions]


def image_content(name: str, url: Any, file_id: Any) -> image_pb2.ImageUrlContent | None:
    """Return an input image, or None if neither is set.

    Args:
        name: The common start of the arguments' names, such as "image" or "last_frame".
        url: A URL, a data URL, or a PreparedImage.
        file_id: The id of an uploaded file.

    Raises:
        InvalidRequestError: Both are set, or one is not valid.
    """
    if url is not None and file_id is not None:
        raise InvalidRequestError(f"{name}_url and {name}_file_id exclude each other. Pass one")
    if url is not None:
        return _from_url(f"{name}_url", url)
    if file_id is not None:
        return _from_file(f"{name}_file_id", file_id)
    return None


def image_contents(name: str, urls: Any, file_ids: Any) -> list[image_pb2.ImageUrlContent]:
    """Return several input images: the files first, as in xai_sdk.

    Raises:
        InvalidRequestError: A value is not valid.
    """
    files = checks.strings(f"{name}_file_ids", () if file_ids is None else file_ids)
    images = () if urls is None else urls
    if isinstance(images, (str, bytes)) or not isinstance(images, Sequence):
        raise InvalidRequestError(f"{name}_urls must be a list, not {checks.short_repr(images)}")
    return [
        *(_from_file(f"{name}_file_ids[{i}]", file_id) for i, file_id in enumerate(files)),
        *(_from_url(f"{name}_urls[{i}]", url) for i, url in enumerate(images)),
    ]


def _from_url(name: str, url: Any) -> image_pb2.ImageUrlContent:
    if isinstance(url, PreparedImage):
        url = url.url()
    elif not isinstance(url, str):
        raise InvalidRequestError(
            f"{name} must be a URL or a prepared image, not {checks.short_repr(url)}. "
            "Pass prepare_image(...) for a file or other data"
        )
    url = media_url(name, url, "Pass prepare_image(Path(...)) for a file")
    return image_pb2.ImageUrlContent(image_url=url, detail=image_pb2.DETAIL_AUTO)


def media_url(name: str, url: Any, remedy: str) -> str:
    """Return the URL of an input image or video.

    Args:
        name: The argument's name in the error.
        url: The URL.
        remedy: What to pass for a file, as a sentence of the error.

    Raises:
        InvalidRequestError: It is neither an http(s) URL nor a data URL.
    """
    text = checks.string(name, url, empty=False)
    if not text.lstrip()[:8].lower().startswith(("http://", "https://", "data:")):
        raise InvalidRequestError(
            f"{name} must be an http(s) URL or a data URL, not {checks.short_repr(text)}. {remedy}"
        )
    return text


def _from_file(name: str, file_id: Any) -> image_pb2.ImageUrlContent:
    file_id = checks.string(name, file_id, empty=False)
    return image_pb2.ImageUrlContent(file_id=file_id, detail=image_pb2.DETAIL_AUTO)


def word(name: str, value: Any, words: Mapping[str, int]) -> Any:
    """Return the enum value of a word.

    Raises:
        InvalidRequestError: The word is unknown.
    """
    return words[checks.enum(name, value, words)]


def storage_options(value: Any) -> image_pb2.StorageOptions:
    """Return storage options as a message.

    Args:
        value: A ``StorageOptions`` dict, or the message.

    Raises:
        InvalidRequestError: A key or value is not valid.
    """
    if not isinstance(value, Mapping):
        try:
            return adopt(value, image_pb2.StorageOptions)
        except TypeError:
            raise InvalidRequestError(
                f"storage_options must be a dict with a filename, not {checks.short_repr(value)}"
            ) from None
    known = ("filename", "expires_after", "public_url")
    checks.check_names("storage_options", value, known)
    if "filename" not in value:
        raise InvalidRequestError("storage_options: 'filename' is missing")
    name = checks.string("storage_options['filename']", value["filename"], empty=False)
    options = image_pb2.StorageOptions(filename=name)
    if value.get("expires_after") is not None:
        options.expires_after = seconds("storage_options['expires_after']", value["expires_after"])
    public_url = value.get("public_url")
    if isinstance(public_url, Mapping):
        checks.check_names("storage_options['public_url']", public_url, ("expires_after",))
        options.public_url.SetInParent()
        if public_url.get("expires_after") is not None:
            options.public_url.expires_after = seconds(
                "storage_options['public_url']['expires_after']", public_url["expires_after"]
            )
    elif public_url is not None and checks.boolean("storage_options['public_url']", public_url):
        options.public_url.SetInParent()
    return options


def seconds(name: str, value: Any) -> int:
    """Return a lifetime in whole seconds.

    Args:
        name: The argument's name in the error.
        value: Seconds, or a timedelta, of which a fraction of a second is cut off.

    Raises:
        InvalidRequestError: The value is neither, or is not positive.
    """
    number = int(value.total_seconds()) if isinstance(value, timedelta) else value
    return checks.integer(name, number, 1)


def request_attributes(
    operation: str, output: str, request: Any, settings: Sequence[str]
) -> dict[str, Any]:
    """Return the span attributes of a request.

    Args:
        operation: The operation's name in the semantic conventions.
        output: The type of the result: "image" or "video".
        request: The request.
        settings: The optional fields to record.
    """
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": request.model,
        "gen_ai.output.type": output,
    }
    for field in settings:
        if request.HasField(field):
            attributes[f"gen_ai.request.{output}.{field}"] = getattr(request, field)
    if captures_content():
        attributes["gen_ai.prompt"] = request.prompt
    return attributes


ReplyT = TypeVar("ReplyT", image_pb2.ImageResponse, video_pb2.VideoResponse)
ItemT = TypeVar("ItemT", image_pb2.GeneratedImage, video_pb2.GeneratedVideo)


class Generated(ProtoDecorator[ReplyT], Generic[ReplyT, ItemT]):
    """A generated image or video."""

    _kind = "image"

    @property
    def _item(self) -> ItemT:
        raise NotImplementedError

    @property
    def model(self) -> str:
        """The model."""
        return self._proto.model

    @property
    def usage(self) -> usage_pb2.SamplingUsage:
        """The usage of the whole request."""
        return self._proto.usage

    @property
    def cost_usd(self) -> float | None:
        """The cost of the whole request in US dollars; None if the service does not report it."""
        return cost_usd_from_usage(self.usage)

    @property
    def respect_moderation(self) -> bool:
        """Whether the result respects the moderation rules; otherwise it is withheld."""
        return self._item.respect_moderation

    @property
    def file_output(self) -> image_pb2.FileOutput | None:
        """The stored file, with ``storage_options``; None if there is none."""
        return self._item.file_output if self._item.HasField("file_output") else None

    @property
    def storage_error(self) -> str | None:
        """Why the result was not stored; None if it was."""
        return self._item.storage_error or None

    @property
    def public_url(self) -> str | None:
        """The public URL of the stored file; None if there is none."""
        file = self.file_output
        return (file.public_url or None) if file is not None else None

    @property
    def public_url_error(self) -> str | None:
        """Why the requested public URL is missing; None if it is not."""
        file = self.file_output
        return (file.public_url_error or None) if file is not None else None

    def _require(self, value: str, remedy: str) -> str:
        if value:
            return value
        if not self.respect_moderation:
            raise GenerationError(
                f"the {self._kind} was withheld, because it did not respect moderation rules. "
                "Change the prompt"
            )
        raise GenerationError(f"the response has no {remedy}")
