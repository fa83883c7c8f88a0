"""From anything a program holds to what the service takes."""

from __future__ import annotations

from xai_vision.errors._base import InvalidRequestError
from xai_vision.errors._image import ImageError, ImageFormatError, ImageSourceError
from xai_vision.imaging._formats import jpeg, png
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, parse_header, sniff
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._limits import MAX_BYTES, MAX_PIXELS, quoted, shown
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._prepared import PreparedImage
from xai_vision.imaging._sources.data import ImageData, BytesImageData
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
    max_pixels: int = MAX_PIXELS,
    strip_metadata: bool = False,
    verify: bool = False,
) -> PreparedImage:
    """Make a picture ready to be sent, and refuse what the service would refuse.

    A JPEG or PNG goes through byte for byte: its header and its end are looked at, nothing is
    decoded, and a file is not read before the request is written. Other formats, Pillow images
    and arrays become PNG, or JPEG where PNG would be over the limit. Whatever is done to the
    picture is listed in ``changes`` of the result.

    Args:
        source: An http(s) URL, a data URL, base64 text, bytes, a ``pathlib.Path``, a file opened
            as binary (read from where it stands), a Pillow image, a NumPy array (height, width)
            or (height, width, 3 or 4) of uint8 or of floats in 0..1, or another prepared picture.
            A string is never opened as a file.
        name: What to call it in messages, of which 80 characters are shown; its file's name by
            default.
        detail: "auto", "low" or "high": for ``tokens`` of the result.
        convert: Whether a format other than JPEG and PNG is converted; if not, it is refused.
        fit: Whether a picture over the limit is encoded anew, with lower quality and fewer pixels
            as needed, instead of refused.
        max_side: The most pixels on the longest side; a larger picture is resized.
        max_bytes: The most bytes; a larger picture is made to fit, as with ``fit``.
        limit: The most raw bytes the service takes; 20 MiB by its documentation.
        max_pixels: The most pixels a picture, Pillow image or array may have before it is taken
            for a bomb; by default the 179 million at which Pillow refuses.
        strip_metadata: Whether EXIF (place, camera), XMP, comments and what follows the picture
            in its file are taken out; no pixel changes, and the orientation is kept.
        verify: Whether the picture is decoded to see that all of it opens.

    Returns:
        The picture with format, size, changes and expected tokens. A web address is checked for
        its form only: the service fetches the picture itself.

    Raises:
        ImageError: It cannot be sent; the subclass says why, ``.remedy`` what to do.
        InvalidRequestError: An option makes no sense.
    """
    given = PrepareOptions(convert, fit, max_side, max_bytes, limit, max_pixels, strip_metadata, verify)
    wishes = given.checked()
    check_detail(detail)
    name = _checked_name(name)
    try:
        found = resolve(source)
    except ImageError as error:
        error.source = name or error.source
        raise
    try:
        content, header = _prepare(found, wishes)
    except ImageError as error:
        error.source = name or found.name
        raise
    return PreparedImage(
        name or found.name,
        content=content,
        header=header,
        address=found.address,
        changes=tuple(found.changes),
        detail=detail,
    )


def _checked_name(name: str | None) -> str | None:
    if name is not None and not isinstance(name, str):
        raise InvalidRequestError(f"name has to be a text, not {quoted(name)}.")
    return shown(name) if name else None


def _prepare(found: ResolvedSource, wishes: PrepareOptions) -> tuple[ImageData | None, ImageHeader | None]:
    if found.image is not None:
        from xai_vision.imaging._pillow import convert as raster

        return raster.from_image(found, found.image, wishes)
    if found.content is None:
        _check_url_options(wishes)
        return None, None
    return _from_content(found, found.content, wishes)


def _check_url_options(wishes: PrepareOptions) -> None:
    """Refuse what cannot be done to a picture that is not here; ``fit`` is only a permission."""
    asked = {
        "strip_metadata": wishes.strip_metadata,
        "verify": wishes.verify,
        "max_side": wishes.max_side,
        "max_bytes": wishes.max_bytes,
    }
    for option, value in asked.items():
        if value:
            raise ImageSourceError(
                f"{option}= cannot be obeyed: the picture is at a web address, not here.",
                remedy="Download it and pass its bytes.",
            )


def _from_content(found: ResolvedSource, content: ImageData, wishes: PrepareOptions) -> tuple[ImageData, ImageHeader]:
    """Take a file's bytes: as they are if they can be sent, converted if not."""
    with content.open() as window:
        name = sniff(window)
        header = parse_header(window, name)
        if header is not None:
            check_pixels(header.width, header.height, wishes.max_pixels)
        taken = header is not None and name in SUPPORTED
        if taken and not wishes.strip_metadata:
            wishes.check_size(content.size)
        if not taken or wishes.strip_metadata or content.size > wishes.most:
            wishes.check_source(content.size)
        whole = header is not None and _is_complete(window, header)
    if header is None or not taken:
        if not wishes.convert:
            raise ImageFormatError(
                f"It is a {name}; only JPEG and PNG are taken as they are.",
                remedy="Convert it, or leave out convert=False to have that done.",
            )
        return _reencode(found, content, name, header, wishes)
    _report_media_type(found, header)
    if wishes.verify or not whole:
        _check_decodes(content, name, wishes)
    if wishes.strip_metadata:
        content, header = _strip_metadata(found, content, header)
        wishes.check_size(content.size)
    if wishes.max_side is not None and max(header.size) > wishes.max_side:
        return _reencode(found, content, name, header, wishes)
    if content.size > wishes.most:
        return _make_fit(found, content, header, wishes)
    return content, header


def _is_complete(window: ByteReader, header: ImageHeader) -> bool:
    """Whether a JPEG's or PNG's end is there; others show it when they are decoded."""
    if header.format == "JPEG":
        return jpeg.has_end_marker(window, header)
    return header.format != "PNG" or png.has_end_marker(window, header)


def _report_media_type(found: ResolvedSource, header: ImageHeader) -> None:
    if found.media_type is not None and found.media_type != header.media_type:
        said = f"labelled {shown(found.media_type, 40)}" if found.media_type else "not labelled"
        found.changes.append(Change(f"sent as {header.media_type}, which it is; it was {said}"))


def _check_decodes(content: ImageData, name: str, wishes: PrepareOptions) -> None:
    from xai_vision.imaging._pillow import decode as pixels

    data = content.read()
    if wishes.verify:
        pixels.verify(data, name)
    pixels.load_image(data, name, max_pixels=wishes.max_pixels)


def _strip_metadata(found: ResolvedSource, content: ImageData, header: ImageHeader) -> tuple[ImageData, ImageHeader]:
    """Take out what is not the picture; the same content if there is nothing of it."""
    data = content.read()
    strip = jpeg.strip if header.format == "JPEG" else png.strip
    bare = strip(data, header)
    if len(bare) >= len(data):
        return content, header
    held = BytesImageData(bare)
    with held.opened() as window:
        bare_header = parse_header(window, header.format) or header
    if header.animated and not bare_header.animated:
        found.changes.append(Change("only the first of its pictures is sent", lossy=True))
    found.changes.append(Change(f"metadata taken out ({len(data) - len(bare):,} bytes)"))
    return held, bare_header


def _make_fit(
    found: ResolvedSource, content: ImageData, header: ImageHeader, wishes: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Make it fit: without its metadata if that does it, encoded anew if not."""
    before = len(found.changes)
    bare, bare_header = _strip_metadata(found, content, header)
    if bare.size <= wishes.most:
        return bare, bare_header
    del found.changes[before:]
    return _reencode(found, content, header.format, header, wishes)


def _reencode(
    found: ResolvedSource, content: ImageData, name: str, header: ImageHeader | None, wishes: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    from xai_vision.imaging._pillow import convert as raster

    return raster.from_file(found, content.read(), name, header, wishes)
