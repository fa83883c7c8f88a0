"""Prepare an image: from any accepted source to a JPEG or PNG."""

from __future__ import annotations

from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import ImageError, ImageSourceError
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._limits import MAX_BYTES, printable, safe_repr
from xai_vision.imaging._options import ModeOption, OrientationOption, PrepareOptions
from xai_vision.imaging._prepare_file import prepare_file
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.data import ImageData
from xai_vision.imaging._sources.detect import ImageSource, resolve
from xai_vision.imaging._sources.resolved import ResolvedSource
from xai_vision.imaging._tokens import Detail, check_detail


def prepare_image(
    source: ImageSource,
    *,
    name: str | None = None,
    detail: Detail = "auto",
    convert: bool = True,
    fit: bool = False,
    max_side: int | None = None,
    max_bytes: int | None = None,
    limit: int = MAX_BYTES,
    max_pixels: int | None = None,
    strip_metadata: bool = False,
    verify: bool = False,
    upright: bool = False,
    orientation: OrientationOption = "apply",
    mode: ModeOption | None = None,
) -> PreparedImage:
    """Prepare an image, and refuse what the service would refuse.

    A JPEG or PNG is sent unchanged: only its header and its end are checked, and a file is read
    while the request is written. Other formats, Pillow images and arrays become PNG, or JPEG if
    the PNG would exceed the limit. The result's ``changes`` list what was changed.

    Args:
        source: An http(s) URL, a data URL, base64 text, bytes, a ``pathlib.Path``, a file opened
            in binary mode (read from its position), a Pillow image, a NumPy array (height, width)
            or (height, width, 3 or 4) of uint8 or of floats in 0..1, or another prepared image.
            A string is never treated as a path.
        name: The image's name in messages, of which 80 characters are shown. Default: the name
            of its file.
        detail: "auto", "low" or "high", for the result's ``tokens``.
        convert: Whether to convert formats other than JPEG and PNG instead of refusing them.
        fit: Whether to re-encode an image over the limit, with lower quality and fewer pixels as
            needed, instead of refusing it.
        max_side: Maximum length of the longest side in pixels; a larger image is resized.
        max_bytes: Maximum size in bytes; a larger image is re-encoded as with ``fit``.
        limit: Size in bytes that the service accepts; 20 MiB by its documentation.
        max_pixels: Maximum number of pixels; more are treated as a decompression bomb. Default:
            where pixels have to be decoded, 100 million of a JPEG or PNG and 64 million of other
            formats, which can take 1 GiB; otherwise 179 million, at which Pillow refuses to open
            an image.
        strip_metadata: Whether to remove EXIF (location, camera), XMP, comments and trailing
            data. No pixel changes, and the orientation is kept.
        verify: Whether to decode the whole image to check it.
        upright: Whether to apply the orientation to the pixels of a JPEG or PNG too, which are
            otherwise sent unchanged, and to remove it from the metadata. A JPEG of whole blocks
            loses nothing with the extra ``lossless``; otherwise it is encoded again at its own
            quality. An image without orientation stays unchanged.
        orientation: "apply" to obey the orientation in the metadata; "ignore" to remove it
            without turning the pixels, for example of a Pillow image that the program has turned
            already.
        mode: "RGB" to send 8 bits per channel of red, green and blue, for decoders that do not
            open CMYK, palettes, grayscale, transparency or 16 bits. A JPEG stays a JPEG.

    Returns:
        The image with format, size, changes and estimated tokens. Of a URL only the syntax is
        checked, because the service fetches the image.

    Raises:
        ImageError: The image cannot be sent; the subclass says why, ``.remedy`` what to do.
        InvalidRequestError: An option is invalid.
    """
    options = PrepareOptions(
        convert=convert,
        fit=fit,
        max_side=max_side,
        max_bytes=max_bytes,
        limit=limit,
        max_pixels=max_pixels,
        strip_metadata=strip_metadata,
        verify=verify,
        upright=upright,
        orientation=orientation,
        mode=mode,
    )
    options = options.validated()
    check_detail(detail)
    name = checked_name(name)
    try:
        resolved = resolve(source)
    except ImageError as error:
        error.source = name or error.source
        raise
    resolved.name = name or resolved.name
    return prepare_resolved(resolved, options, detail)


def prepare_resolved(
    resolved: ResolvedSource, options: PrepareOptions, detail: Detail
) -> PreparedImage:
    """Prepare a resolved source; see ``prepare_image``."""
    try:
        data, header = _prepare(resolved, options)
    except ImageError as error:
        error.source = resolved.name
        raise
    return PreparedImage(
        resolved.name,
        data=data,
        header=header,
        url=resolved.url,
        changes=tuple(resolved.changes),
        detail=detail,
        placement=resolved.placement,
        max_pixels=options.max_pixels,
    )


def checked_name(name: str | None) -> str | None:
    """Validate the option ``name`` and make it printable.

    Raises:
        InvalidRequestError: It is not a string.
    """
    if name is not None and not isinstance(name, str):
        raise InvalidRequestError(f"name must be a string, not {safe_repr(name)}.")
    return printable(name) if name else None


def _prepare(
    resolved: ResolvedSource, options: PrepareOptions
) -> tuple[ImageData | None, ImageHeader | None]:
    if resolved.image is not None:
        from xai_vision.imaging._pillow import convert as raster

        return raster.from_image(resolved, resolved.image, options)
    if resolved.data is None:
        _check_url_options(options)
        return None, None
    return prepare_file(resolved, resolved.data, options)


def _check_url_options(options: PrepareOptions) -> None:
    """Refuse options that need the image's data; ``fit`` is only a permission."""
    requested = {
        "strip_metadata": options.strip_metadata,
        "verify": options.verify,
        "max_side": options.max_side,
        "max_bytes": options.max_bytes,
        "upright": options.upright,
        "orientation": options.ignores_orientation,
        "mode": options.mode,
    }
    for option, value in requested.items():
        if value:
            raise ImageSourceError(
                f"{option}= is not supported for a URL, because the service fetches the image.",
                remedy="Download the image and pass its bytes.",
            )
