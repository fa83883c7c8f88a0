"""Pillow images that a program has opened, whose file may not be decoded yet."""

from __future__ import annotations

from typing import Any

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from xai_vision.imaging._formats import jpeg
from xai_vision.imaging._formats.byte_reader import ByteReader
from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.jpeg_scans import check_scans
from xai_vision.imaging._formats.parse import check_pixels
from xai_vision.imaging._limits import MAX_SOURCE_BYTES, decoding_limit
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._pillow import tiff
from xai_vision.imaging._pillow.decode import load_tiff, prepare_jpeg


def load_opened(image: Image.Image, changes: list[Change], options: PrepareOptions) -> Image.Image:
    """Load the pixels of a Pillow image, with the checks of a file if they are not loaded yet.

    Returns:
        The image, or for a TIFF another one, because Pillow misreads some.

    Raises:
        ImageError: The image has too many pixels or scans, or is not supported.
    """
    if isinstance(image, TiffImagePlugin.TiffImageFile) and tiff.is_reduced_copy(image):
        changes.append(Change("a reduced copy of another image in its TIFF", lossy=True))
    if not _is_lazy(image):
        check_pixels(*image.size, options.pixel_limit)
        image.load()
        if isinstance(image, TiffImagePlugin.TiffImageFile) and tiff.is_misread(image):
            what = "loaded by Pillow, which misreads this kind of TIFF: pass its path instead"
            changes.append(Change(what, lossy=True))
        return image
    check_pixels(*image.size, decoding_limit(image.format, options.max_pixels))
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return load_tiff(_file_of(image, options), options.max_pixels, image.tell())
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        start = image.tile[0].offset if image.tile else 0  # of a frame in a JPEG of several images
        data = _file_of(image, options)[start:]
        reader = ByteReader.from_bytes(data)
        header = jpeg.parse(reader)
        check_scans(reader, header.width, header.height)  # draft() may have reduced image.size
        prepare_jpeg(image, data)
    image.load()
    return image


def _is_lazy(image: Any) -> bool:
    """Return whether the pixels have not been read from the file yet."""
    return getattr(image, "_im", image) is None


def _file_of(image: Any, options: PrepareOptions) -> bytes:
    """Read the file of an opened image."""
    file = image.fp
    position = file.tell()
    file.seek(0)
    data = bytes(file.read(MAX_SOURCE_BYTES + 1))
    file.seek(position)
    options.check_source(len(data))
    return data
