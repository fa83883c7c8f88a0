"""Corrections of Pillow's reading of TIFF.

Pillow takes the first page for the image, and misreads some combinations of photometric
interpretation, sample format, planar configuration and byte order without an error. The directory
says which; they are corrected here, or refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from PIL import Image, ImageFile, ImagePalette, TiffImagePlugin

from xai_vision.errors._image import ImageCorruptError, ImageFormatError
from xai_vision.imaging._formats import tiff
from xai_vision.imaging._formats.parse import check_pixels
from xai_vision.imaging._formats.tiff import Directory
from xai_vision.imaging._sources.data import BytesImageData

_RAW = 1  # not compressed
_SEPARATE = 2  # one plane for each channel
_RGB, _CMYK, _YCBCR = 2, 5, 6
_CMYK_INKS = 1
_FILL_ORDER, _COLORMAP, _EXTRA_SAMPLES = 266, 320, 338
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_SAMPLE_FORMATS = {_UNSIGNED: "unsigned integers", _SIGNED: "signed integers", _FLOAT: "floats"}
# Every libtiff decodes these; others are optional, and their failure is not the file's fault.
_COMMON_COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946}
# libtiff returns numbers in the machine's order. Pillow expects the file's order for these.
_NATIVE = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}
_INVERTED = bytes(range(255, -1, -1))


class TiffPage(NamedTuple):
    """The page of a TIFF to decode.

    Attributes:
        data: The file, changed where Pillow needs it.
        number: The page's position.
        directory: The page's directory.
        inverted: Whether the values have to be inverted after decoding.
    """

    data: bytes
    number: int
    directory: Directory
    inverted: bool

    @property
    def bits(self) -> int:
        """Bits per channel."""
        return self.directory.get(tiff.BITS, 1)

    @property
    def sample_format(self) -> int:
        """The sample format: unsigned, signed or floats."""
        return self.directory.get(tiff.SAMPLE_FORMAT, _UNSIGNED)


def find_tiff_page(data: bytes, number: int | None = None) -> TiffPage:
    """Find the page to decode.

    Args:
        data: The file.
        number: The page's position; by default that of the first that is not a reduced copy.

    Raises:
        ImageFormatError: The page is a preview of a camera RAW file, or Pillow cannot decode it.
        ImageTruncatedError: The end of a directory is missing.
    """
    with BytesImageData(data).open() as reader:
        if number is None:
            number, directory, _ = tiff.find_page(reader)
        else:
            directory = tiff.page_at(reader, number)
        page = TiffPage(data, number, directory, inverted=False)
        _check_supported(page)
        if _loses_white_is_zero(page):
            if tiff.PHOTOMETRIC in directory:
                data = directory.with_value(data, tiff.PHOTOMETRIC, tiff.BLACK_IS_ZERO)
            page = page._replace(data=data, inverted=True)
    return page


def _loses_white_is_zero(page: TiffPage) -> bool:
    """Return whether Pillow ignores that the value 0 is white, or refuses the page for it."""
    directory = page.directory
    return (
        directory.get(tiff.PHOTOMETRIC) == tiff.WHITE_IS_ZERO
        and page.bits in (12, 16)
        and page.sample_format == _UNSIGNED
        and directory.get(tiff.CHANNELS, 1) == 1
    )


def _check_supported(page: TiffPage) -> None:
    """Refuse what Pillow cannot decode or decodes wrongly.

    Raises:
        ImageFormatError: The page is not supported.
    """
    get = page.directory.get
    compression, photometric = get(tiff.COMPRESSION, _RAW), get(tiff.PHOTOMETRIC)
    uncompressed = compression == _RAW
    separate_alpha = get(tiff.PLANAR) == _SEPARATE and get(tiff.CHANNELS, 1) == 4
    wrong = (
        compression not in TiffImagePlugin.COMPRESSION_INFO
        # Signed bytes are read as unsigned.
        or (page.sample_format == _SIGNED and page.bits == 8)
        # White stays black: no range says which value is white.
        or (page.sample_format == _FLOAT and photometric == tiff.WHITE_IS_ZERO)
        # Blocks of subsampled colors are read as if they were pixels.
        or (uncompressed and photometric == _YCBCR and _is_subsampled(page.directory))
        # A fourth plane that is undeclared is taken for premultiplied alpha if it is compressed.
        or (
            separate_alpha
            and photometric == _RGB
            and _EXTRA_SAMPLES not in page.directory
            and not uncompressed
        )
        # An uncompressed fourth plane without a meaning is not skipped.
        or (separate_alpha and uncompressed and get(_EXTRA_SAMPLES, -1) == 0)
        # Other inks than cyan, magenta, yellow and black.
        or (photometric == _CMYK and get(tiff.INK_SET, _CMYK_INKS) != _CMYK_INKS)
    )
    if wrong:
        raise unsupported(page)


class _LoadedTags:
    """The tags of a TIFF that Pillow has loaded, with the interface of a directory."""

    def __init__(self, image: TiffImagePlugin.TiffImageFile) -> None:
        self._tags = image.tag_v2
        self.order = "little" if image.tag_v2.prefix == b"II" else "big"

    def __contains__(self, tag: int) -> bool:
        return tag in self._tags

    def get(self, tag: int, default: int = 0) -> int:
        return next(iter(self.get_all(tag, 1)), default)

    def get_all(self, tag: int, maximum: int) -> list[int]:
        value = self._tags.get(tag, ())
        return list(value[:maximum]) if isinstance(value, tuple) else [value]


def is_reduced_copy(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Return whether the current page of an opened TIFF is a smaller copy of another one."""
    return tiff.is_reduced(_LoadedTags(image).get)


def is_misread(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Return whether Pillow has misread a TIFF that it has loaded, by its tags."""
    directory: Any = _LoadedTags(image)
    page = TiffPage(b"", 0, directory, inverted=False)
    try:
        _check_supported(page)
    except ImageFormatError:
        return True
    get = directory.get
    uncompressed = get(tiff.COMPRESSION, _RAW) == _RAW
    separate = get(tiff.PLANAR) == _SEPARATE and get(tiff.CHANNELS, 1) > 1
    return (
        _loses_white_is_zero(page)
        or page.bits == 12
        or (page.sample_format == _SIGNED and page.bits == 16)
        or (separate and uncompressed and page.bits != 8)
        or (not uncompressed and directory.order == "big" and image.mode in ("I", "F"))
        or (image.mode in ("P", "PA") and _has_8_bit_palette(image))
    )


def _has_8_bit_palette(image: TiffImagePlugin.TiffImageFile) -> bool:
    """Return whether the palette has 8-bit values, which some programs write instead of 16-bit."""
    return all(value < 256 for value in image.tag_v2[_COLORMAP])


def _is_subsampled(directory: Directory) -> bool:
    return directory.get_all(tiff.SUBSAMPLING, 2) != [1, 1]  # the default is [2, 2]


def unsupported(page: TiffPage) -> ImageFormatError:
    """Return the error of a page that is not supported."""
    get = page.directory.get
    samples = _SAMPLE_FORMATS.get(page.sample_format, "samples of an unknown format")
    return ImageFormatError(
        f"this kind of TIFF is not supported by the installed Pillow ({page.bits}-bit {samples}, "
        f"{get(tiff.CHANNELS, 1)} per pixel, photometric interpretation "
        f"{get(tiff.PHOTOMETRIC)}, compression {get(tiff.COMPRESSION, _RAW)}).",
        remedy="Convert it to JPEG or PNG first, or pass its pixels as an array of uint8.",
    )


def is_unsupported(page: TiffPage, error: ImageCorruptError) -> bool:
    """Return whether decoding failed because of the kind of the page, not because of its data."""
    common = page.directory.get(tiff.COMPRESSION, _RAW) in _COMMON_COMPRESSIONS
    return not common or "unrecognized raw mode" in str(error.__cause__)


def select_page(image: Image.Image, page: TiffPage, max_pixels: int) -> None:
    """Go to the page in an opened file, and correct how Pillow is going to decode it."""
    if page.number:
        image.seek(page.number)
        check_pixels(*image.size, max_pixels)
    assert isinstance(image, TiffImagePlugin.TiffImageFile)  # noqa: S101 - for the type checker
    image.tile = [_corrected(tile, page) for tile in image.tile]
    if image.mode in ("P", "PA"):
        _correct_palette(image)


def _corrected(tile: ImageFile._Tile, page: TiffPage) -> ImageFile._Tile:
    """Correct Pillow's description of how a part of the image is stored."""
    args = tile.args
    if not isinstance(args, tuple):
        return tile
    raw_mode, *rest = args
    if tile.codec_name == "libtiff":
        return tile._replace(args=(_NATIVE.get(raw_mode, raw_mode), *rest))
    get = page.directory.get
    if get(tiff.PLANAR) != _SEPARATE or get(tiff.CHANNELS, 1) == 1:
        return tile
    # Pillow does not reverse the bits of planes, and has no names for all of them.
    if page.bits not in (8, 16) or not raw_mode.isupper() or get(_FILL_ORDER, 1) != 1:
        raise unsupported(page)
    # Pillow takes planes of 16 bits for planes of 8, and divides by a wrong number of channels.
    if page.bits == 16:
        raw_mode += ";16L" if page.directory.order == "little" else ";16B"
    stride = get(tiff.TILE_WIDTH) * page.bits // 8
    return tile._replace(args=(raw_mode, stride, 1))


def _correct_palette(image: TiffImagePlugin.TiffImageFile) -> None:
    if _has_8_bit_palette(image):
        image.palette = ImagePalette.raw("RGB;L", bytes(image.tag_v2[_COLORMAP]))


def finish(image: Image.Image, page: TiffPage) -> Image.Image:
    """Correct the values of a decoded page.

    Raises:
        ImageFormatError: Pillow cannot represent the values.
    """
    if page.sample_format == _UNSIGNED and image.mode == "I":
        lowest, _ = image.getextrema()
        if isinstance(lowest, (int, float)) and lowest < 0:  # values above 2**31 wrapped
            raise unsupported(page)
    if page.sample_format == _SIGNED and page.bits == 16 and image.mode == "I":
        image = _scale_signed(image)
    if page.bits == 12 and image.mode == "I;16":
        image = image.point(lambda value: value * (65535 / 4095) + 0.5)
    if page.inverted:
        image.frombytes(image.tobytes().translate(_INVERTED))
    return image


def _scale_signed(image: Image.Image) -> Image.Image:
    """Scale signed 16-bit values, of which 32767 is white, to unsigned ones.

    Negative values stay, and are scaled with all others when the mode is converted.
    """
    lowest, highest = image.getextrema()
    assert isinstance(lowest, (int, float))  # noqa: S101 - one channel, so one pair
    assert isinstance(highest, (int, float))  # noqa: S101
    if lowest < 0 or highest <= 255:
        return image
    scaled = image.point(lambda value: value * (65535 / 32767) + 0.5)
    scaled.info["scaled"] = True
    return scaled
