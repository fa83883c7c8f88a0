"""The size, pil(), Pillow and the stripped file agree on the orientation of a file."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.sample_images import builders, png_of
from xai_vision.imaging import ImageCorruptError, prepare_image, read_header
from xai_vision.imaging._formats.orientation import orientation
from xai_vision.imaging._sources import data as content

# Pillow warns about a directory with fewer entries than declared.
pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" %s</rdf:RDF>'
    b"</x:xmpmeta>"
)
BY_ATTRIBUTE = XMP % b'tiff:Orientation="6"/>'
BY_ELEMENT = XMP % b"><tiff:Orientation>6</tiff:Orientation></rdf:Description>"
XMP_START = b"http://ns.adobe.com/xap/1.0/\0"
XMP_NAME = b"XML:com.adobe.xmp\0"
IMAGE = builders.photo(40, 20)
JPEG = builders.encode(IMAGE, "JPEG", quality=95)
PNG = builders.encode(IMAGE, "PNG")
HEADER, END = 33, -12  # Offsets for new chunks: after the size, and before the end.


def tiff(value=6, kind=3, order="<", entries=1):
    """Return EXIF data that contains only an orientation."""
    code = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}[kind]
    entry = struct.pack(f"{order}HHI", 0x0112, kind, 1)
    entry += struct.pack(order + code, value).ljust(4, b"\0")
    start = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return start + struct.pack(f"{order}H", entries) + entry + bytes(4)


def jpeg_with(*payloads):
    segments = [b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload for payload in payloads]
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def jpeg_exif(*args, **options):
    return jpeg_with(b"Exif\0\0" + tiff(*args, **options))


def jpeg_xmp(xmp):
    return jpeg_with(XMP_START + xmp)


def png_with(kind, data, at=HEADER):
    return PNG[:at] + builders.chunk(kind, data) + PNG[at:]


def webp_xmp(xmp):
    return builders.encode(IMAGE, "WEBP", lossless=True, xmp=xmp)


def raw_profile(exif):
    return b"Raw profile type exif\0\0" + zlib.compress(
        b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
    )


CASES = {
    "JPEG, a short": jpeg_exif(),
    "JPEG, a big-endian long": jpeg_exif(kind=4, order=">"),
    "JPEG, a signed short": jpeg_exif(kind=8),
    "JPEG, a signed long": jpeg_exif(kind=9, order=">"),
    "JPEG, a signed byte": jpeg_exif(kind=6),
    "JPEG, fewer entries than declared": jpeg_exif(entries=5),
    "JPEG, XMP's attribute": jpeg_xmp(BY_ATTRIBUTE),
    "JPEG, XMP's element": jpeg_xmp(BY_ELEMENT),
    "PNG, EXIF before the pixels": png_with(b"eXIf", tiff()),
    "PNG, EXIF after the pixels": png_with(b"eXIf", tiff(), END),
    "PNG, EXIF after the pixels, big-endian": png_with(b"eXIf", tiff(order=">"), END),
    "PNG, EXIF as in a JPEG": png_with(b"eXIf", b"Exif\0\0" + tiff()),
    "PNG, XMP": png_with(b"iTXt", XMP_NAME + b"\0\0\0\0" + BY_ATTRIBUTE),
    "PNG, XMP after the pixels": png_with(b"iTXt", XMP_NAME + b"\0\0\0\0" + BY_ELEMENT, END),
    "PNG, compressed XMP": png_with(b"iTXt", XMP_NAME + b"\1\0\0\0" + zlib.compress(BY_ATTRIBUTE)),
    "PNG, XMP as a plain text": png_with(b"tEXt", XMP_NAME + BY_ATTRIBUTE),
    "PNG, EXIF as a text": png_with(b"zTXt", raw_profile(b"Exif\0\0" + tiff())),
}
UPRIGHT = {
    "JPEG, a byte": jpeg_exif(kind=1),
    "JPEG, no such orientation": jpeg_exif(value=9),
    "JPEG, upright by EXIF, not by XMP": jpeg_with(
        b"Exif\0\0" + tiff(value=1), XMP_START + BY_ELEMENT
    ),
    "JPEG, XMP without one": jpeg_xmp(XMP % b"/>"),
}


def upright(data):
    """Return the image as rotated by Pillow."""
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image)


@pytest.mark.parametrize("case", CASES)
def test_the_orientation_is_applied(case):
    data = CASES[case]
    expected = upright(data)
    assert expected.size == (20, 40)  # Pillow applies it.
    prepared = prepare_image(data)
    assert prepared.read() == data
    assert (prepared.size, prepared.orientation) == ((20, 40), 6)
    assert read_header(data).size == (20, 40)
    assert prepared.pil().tobytes() == expected.tobytes()


@pytest.mark.parametrize("case", CASES)
def test_stripping_preserves_the_orientation(case):
    prepared = prepare_image(CASES[case], strip_metadata=True)
    assert (prepared.size, prepared.orientation) == ((20, 40), 6)
    image = upright(prepared.read())
    assert image.tobytes() == upright(CASES[case]).tobytes()
    assert image.tobytes() == prepared.pil().tobytes()
    assert b"adobe" not in prepared.read()


@pytest.mark.parametrize("case", CASES)
def test_resizing_applies_the_orientation(case):
    prepared = prepare_image(CASES[case], max_side=20)
    assert (prepared.size, prepared.orientation) == ((10, 20), 1)
    changes = [str(change) for change in prepared.changes]
    assert "applied EXIF orientation 6" in changes
    assert "resized from 20x40 to 10x20" in changes
    assert prepared.pil().size == upright(prepared.read()).size == (10, 20)


@pytest.mark.parametrize("case", UPRIGHT)
def test_an_upright_file_is_not_rotated(case):
    data = UPRIGHT[case]
    assert read_header(data).orientation == 1
    for options in ({}, {"strip_metadata": True}):
        prepared = prepare_image(data, **options)
        assert prepared.size == prepared.pil().size == (40, 20)
    assert upright(data).size == (40, 20)


def test_a_text_chunk_without_exif():
    data = png_with(b"tEXt", b"Raw profile type exif\0\n\n\nxyz")
    assert read_header(data).orientation == 1


def test_exif_takes_precedence_over_xmp():
    both = png_with(b"iTXt", XMP_NAME + b"\0\0\0\0" + BY_ATTRIBUTE, END)
    both = both[:HEADER] + builders.chunk(b"eXIf", tiff(value=3)) + both[HEADER:]
    assert prepare_image(both).orientation == 3
    assert upright(both).size == prepare_image(both, strip_metadata=True).size == (40, 20)


def test_the_xmp_of_a_webp_file():
    data = webp_xmp(BY_ATTRIBUTE)
    assert read_header(data).size == (20, 40)
    prepared = prepare_image(data)
    assert prepared.pil().tobytes() == upright(data).tobytes()
    assert prepared.size == upright(data).size == (20, 40)


def test_a_file_and_its_pillow_image_have_the_same_orientation():
    for data in CASES.values():
        with Image.open(io.BytesIO(data)) as image:
            assert prepare_image(image).size == prepare_image(data).size == (20, 40)


def test_exif_after_the_pixels_needs_little_reading(tmp_path, monkeypatch):
    large = png_of(10 * builders.MIB)
    path = tmp_path / "large.png"
    path.write_bytes(large[:END] + builders.chunk(b"eXIf", tiff()) + large[END:])
    read = []
    original = content._read_up_to
    monkeypatch.setattr(
        content, "_read_up_to", lambda file, length: read.append(length) or original(file, length)
    )
    assert prepare_image(path).orientation == 6
    assert sum(read) < 64 * 1024


@pytest.mark.parametrize("number", range(2, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_decoded_image_is_not_turned_again(file_format, number):
    """The orientation was applied, so that the image has none; other metadata stays."""
    exif = builders.exif(number)
    xmp = b'<x:xmpmeta tiff:Orientation="%d"/>' % number
    out = io.BytesIO()
    options = {} if file_format == "PNG" else {"xmp": xmp}
    builders.photo(48, 32).save(out, file_format, exif=exif, **options)
    decoded = prepare_image(out.getvalue(), convert=True).pil()
    again = prepare_image(decoded)
    assert again.size == decoded.size
    assert again.pil().convert("RGB").tobytes() == decoded.convert("RGB").tobytes()
    assert 0x0112 not in decoded.getexif()
    if file_format != "WEBP":  # converted to PNG without metadata
        assert decoded.getexif()[0x010F] == "Camera maker"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_have_an_orientation(exif, xmp):
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert 1 <= orientation(start + exif, xmp) <= 8


@given(st.integers(0, 9), st.sampled_from([3, 4, 6, 8, 9]), st.sampled_from("<>"))
def test_values_are_read_like_pillow(value, kind, order):
    exif = Image.Exif()
    exif.load(tiff(value, kind, order))
    expected = exif.get(0x0112, 1)
    assert orientation(tiff(value, kind, order)) == (expected if 1 <= expected <= 8 else 1)


def test_the_number_of_decompressed_texts_is_limited(monkeypatch):
    decompressed = []
    original = zlib.decompressobj

    def counted():
        decompressed.append(1)
        return original()

    monkeypatch.setattr("xai_vision.imaging._formats.png.zlib.decompressobj", counted)
    text = builders.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b" " * (1024 * 1024 - 1)))
    few, many = (PNG[:END] + text * count + PNG[END:] for count in (10, 1000))
    assert prepare_image(few).size == (40, 20)
    assert len(decompressed) == 10
    read_header(many)
    assert len(decompressed) <= 10 + 65
    with pytest.raises(ImageCorruptError, match="PNG cannot be decoded"):
        prepare_image(many)
