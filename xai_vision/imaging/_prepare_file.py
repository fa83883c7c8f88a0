"""Prepare a file: from its bytes to those of a JPEG or PNG to send."""

from __future__ import annotations

from dataclasses import replace

from xai_vision.errors._image import ImageFormatError
from xai_vision.imaging._formats import jpeg, png
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._formats.parse import check_pixels, parse_header, sniff
from xai_vision.imaging._formats.sniff import SUPPORTED
from xai_vision.imaging._limits import printable
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._sources.data import BytesImageData, ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource


def prepare_file(
    resolved: ResolvedSource, data: ImageData, options: PrepareOptions
) -> tuple[ImageData, ImageHeader]:
    """Use the bytes of a file unchanged if possible; convert them otherwise.

    Raises:
        ImageError: The image cannot be sent.
    """
    with data.open() as reader:
        name = sniff(reader)
        header = parse_header(reader, name)
        if header is not None:
            check_pixels(header.width, header.height, options.pixel_limit)
        supported = header is not None and name in SUPPORTED
        if header is not None and supported:
            orientation = 1 if options.ignores_orientation else header.orientation
            if orientation != header.orientation:
                # A prepared image has the place of its upright whole, which is turned now.
                resolved.placement = None
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
