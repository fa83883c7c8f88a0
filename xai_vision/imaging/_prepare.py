"""Prepare an image: from any accepted source to a JPEG or PNG."""

from __future__ import annotations

from dataclasses import replace

from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import ImageError, ImageFormatError, ImageSourceError
from xai_vision.imaging._formats import jpeg, png
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, parse_header, sniff
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._limits import MAX_BYTES, printable, safe_repr
from xai_vision.imaging._options import ModeOption, OrientationOption, PrepareOptions
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.data import BytesImageData, ImageData
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
            otherwise sent unchanged, and to remove it from the metadata. A JPEG is encoded again
            at its own quality. An image without orientation stays unchanged.
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
    return _from_content(resolved, resolved.data, options)


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


def _from_content(
    resolved: ResolvedSource, data: ImageData, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Use the bytes of a file unchanged if possible; convert them otherwise."""
    with data.open() as reader:
        name = sniff(reader)
        header = parse_header(reader, name)
        if header is not None:
            check_pixels(header.width, header.height, options.pixel_limit)
        supported = header is not None and name in SUPPORTED
        if header is not None and supported:
            orientation = 1 if options.ignores_orientation else header.orientation
            resolved.set_placement(header.width, header.height, orientation)
        if supported and not options.strip_metadata:
            options.check_size(data.size)
        if not supported or options.strip_metadata or data.size > options.size_limit:
            options.check_source(data.size)
        complete = header is not None and _is_complete(reader, header)
    if header is None or not supported:
        if not options.convert:
            raise ImageFormatError(
                f"format {name} is not accepted by the service (JPEG and PNG are).",
                remedy="Convert it, or omit convert=False to have it converted.",
            )
        return _reencode(resolved, data, name, header, options)
    _report_media_type(resolved, header)
    if options.verify or resolved.is_guess or not complete:
        _check_decodes(data, header, options)
    if options.ignores_orientation and header.orientation != 1:
        resolved.changes.append(Change(f"EXIF orientation {header.orientation} ignored"))
        data, header = _strip_metadata(resolved, data, replace(header, orientation=1))
    elif options.strip_metadata:
        data, header = _strip_metadata(resolved, data, header)
    if options.strip_metadata:
        options.check_size(data.size)
    if options.max_side is not None and max(header.size) > options.max_side:
        return _reencode(resolved, data, name, header, options)
    if (options.upright and header.orientation != 1) or not _has_mode(data, header, options):
        return _rewrite(resolved, data, header, options)
    if data.size > options.size_limit:
        return _make_fit(resolved, data, header, options)
    return data, header


def _is_complete(reader: ByteReader, header: ImageHeader) -> bool:
    """Return whether a JPEG or PNG has its end; other formats are decoded anyway."""
    if header.format == "JPEG":
        return jpeg.has_end_marker(reader, header)
    return header.format != "PNG" or png.has_end_marker(reader, header)


def _report_media_type(resolved: ResolvedSource, header: ImageHeader) -> None:
    if resolved.media_type is not None and resolved.media_type != header.media_type:
        label = (
            f"labeled {printable(resolved.media_type, 40)}"
            if resolved.media_type
            else "not labeled"
        )
        resolved.changes.append(Change(f"sent as {header.media_type}, which it is; it was {label}"))


def _check_decodes(data: ImageData, header: ImageHeader, options: PrepareOptions) -> None:
    from xai_vision.imaging._pillow import decode as pixels

    raw, name = data.read(), header.format
    if options.verify and name == "JPEG":
        from xai_vision.imaging._pillow.jpeg_check import check_jpeg

        check_jpeg(raw, header, options.max_pixels)
        return
    if options.verify:
        pixels.verify(raw, name, options.max_pixels)
    pixels.load_image(raw, name, max_pixels=options.max_pixels)


def _strip_metadata(
    source: ResolvedSource, data: ImageData, header: ImageHeader
) -> tuple[ImageData, ImageHeader]:
    """Remove metadata; return the same data if there is none."""
    raw = data.read()
    strip = jpeg.strip if header.format == "JPEG" else png.strip
    stripped = strip(raw, header)
    if len(stripped) >= len(raw):
        return data, header
    result = BytesImageData(stripped)
    with result.open() as reader:
        new_header = parse_header(reader, header.format) or header
    if header.multi_image and not new_header.multi_image:
        source.changes.append(Change("only the first of its images is sent", lossy=True))
    source.changes.append(Change(f"metadata removed ({len(raw) - len(stripped):,} bytes)"))
    return result, new_header


def _make_fit(
    resolved: ResolvedSource, data: ImageData, header: ImageHeader, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Make the image fit: remove its metadata, or re-encode it if that is not enough."""
    before = len(resolved.changes)
    bare, bare_header = _strip_metadata(resolved, data, header)
    if bare.size <= options.size_limit:
        return bare, bare_header
    del resolved.changes[before:]
    return _reencode(resolved, data, header.format, header, options)


def _has_mode(data: ImageData, header: ImageHeader, options: PrepareOptions) -> bool:
    if options.mode is None:
        return True
    if header.mode != options.mode or header.bits != 8:
        return False
    with data.open() as reader:  # a chunk before the pixels can make a color transparent
        return header.format != "PNG" or b"tRNS" not in reader.peek(0, header.data_offset)


def _rewrite(
    resolved: ResolvedSource, data: ImageData, header: ImageHeader, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Turn or convert the pixels of a JPEG or PNG; a JPEG keeps its quality if it may."""
    if header.format == "JPEG":
        from xai_vision.imaging._pillow.rewrite import rewrite_jpeg

        before = len(resolved.changes)
        rewritten, new_header = rewrite_jpeg(resolved, data.read(), header, options)
        options.check_size(rewritten.size)
        if rewritten.size <= options.size_limit:
            return rewritten, new_header
        del resolved.changes[before:]
    return _reencode(resolved, data, header.format, header, options)


def _reencode(
    resolved: ResolvedSource,
    data: ImageData,
    name: str,
    header: ImageHeader | None,
    options: PrepareOptions,
) -> tuple[ImageData, ImageHeader]:
    from xai_vision.imaging._pillow import convert as raster

    return raster.from_file(resolved, data, name, header, options)
