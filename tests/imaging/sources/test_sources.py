"""The types of image sources that are accepted and rejected."""

from __future__ import annotations

import array
import base64
import io
import mmap
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.sample_images import jpeg, png, sample
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import (
    ImageEmptyError,
    ImageError,
    ImageReadError,
    ImageSourceError,
    NotAnImageError,
    TextImageUrl,
    prepare_image,
)

DATA_URL = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()


class MinimalFile:
    """A file object with only a read() method."""

    def __init__(self, data):
        self._file = io.BytesIO(data)

    def read(self, length):
        return self._file.read(min(length, 1000))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    return path


@pytest.mark.parametrize(
    "make_source",
    [
        lambda path: path,
        lambda path: next(os.scandir(path.parent)),
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: memoryview(path.read_bytes()),
        lambda path: memoryview(b"xx" + path.read_bytes())[2:],
        lambda path: memoryview(bytes(n for byte in path.read_bytes() for n in (byte, 0)))[::2],
        lambda path: array.array("B", path.read_bytes()),
        lambda path: mmap.mmap(os.open(path, os.O_RDONLY), 0, access=mmap.ACCESS_READ),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: path.open("rb"),
        lambda path: path.open("rb", buffering=0),
        lambda path: MinimalFile(path.read_bytes()),
        lambda path: DATA_URL,
        lambda path: DATA_URL.partition(",")[2],
        lambda path: DATA_URL.encode(),
        lambda path: base64.b64encode(path.read_bytes()),
        lambda path: TextImageUrl(DATA_URL),
        lambda path: prepare_image(path),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_all_sources_of_a_file_give_the_same_bytes(path, make_source):
    prepared = prepare_image(make_source(path))
    assert prepared.read() == jpeg()
    assert prepared.url() == DATA_URL
    assert (prepared.format, prepared.media_type) == ("JPEG", "image/jpeg")
    assert (prepared.width, prepared.height) == prepared.size == (640, 480)
    assert prepared.size_bytes == len(jpeg())
    assert prepared.changes == ()
    assert prepared.lossless


def test_bytes_are_not_copied():
    data = jpeg()
    assert prepare_image(data).read() is data


def test_a_mapped_file_is_not_copied(path):
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    prepared = prepare_image(mapped)
    with pytest.raises(BufferError):
        mapped.close()
    assert prepared.read() == jpeg()


def test_mutable_data_is_copied():
    data = bytearray(jpeg())
    prepared = prepare_image(data)
    data[100:] = b"gone"
    assert prepared.read() == jpeg()


def test_a_url_is_not_fetched():
    prepared = prepare_image(" https://me:secret@example.com/a.jpg?token=secret#top\n")
    assert prepared.url() == "https://me:secret@example.com/a.jpg?token=secret#top"
    assert prepared.describe() == "https://example.com/a.jpg?…"
    assert prepared.url_size == len(prepared.url())
    assert prepared.format is prepared.size is prepared.size_bytes is prepared.width is None
    with pytest.raises(ImageReadError, match="is a URL"):
        prepared.read()


def test_a_url_with_non_ascii_letters():
    prepared = prepare_image("https://example.com/bilde-på-vegg.jpg")
    assert prepared.url_size == len(prepared.url().encode()) == 38


def test_options_that_need_the_data_reject_a_url():
    for options in ({"strip_metadata": True}, {"verify": True}, {"max_side": 9}, {"max_bytes": 9}):
        with pytest.raises(ImageSourceError, match=next(iter(options))) as caught:
            prepare_image("https://example.com/a.jpg", **options)
        assert "Download" in caught.value.remedy
    assert prepare_image("https://example.com/a.jpg", fit=True).changes == ()


def test_the_name_of_an_image(path):
    assert prepare_image(path).source == "photo.jpg"
    assert prepare_image(path, name="the cat").describe().startswith("the cat (JPEG, 640x480, ")
    assert prepare_image(jpeg()).describe() == "image (JPEG, 640x480, 34.8 KiB)"
    assert prepare_image(DATA_URL).describe().startswith("data URL (JPEG")
    with path.open("rb") as file:
        assert prepare_image(file).source == "photo.jpg"


def test_a_name_is_shortened_to_one_line():
    for name in ("a\nFAKE LOG\x1b[31m", "x" * 5000):
        prepared = prepare_image(jpeg(), name=name)
        with pytest.raises(ImageError) as caught:
            prepare_image(b"nothing", name=name)
        for text in (prepared.source, prepared.describe(), caught.value.source):
            assert text.isprintable()
            assert len(text) < 120
        assert prepared.source == caught.value.source
    assert prepare_image(jpeg(), name="").source == "image"
    with pytest.raises(InvalidRequestError, match="name must be a string, not 5"):
        prepare_image(jpeg(), name=5)


class InvalidPath:
    def __init__(self, result):
        self.result = result

    def __fspath__(self):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize("result", [RuntimeError("SECRET"), OSError("SECRET"), 5])
def test_an_invalid_path_object(result):
    with pytest.raises(ImageReadError, match="has no valid path") as caught:
        prepare_image(InvalidPath(result))
    assert "SECRET" not in str(caught.value)
    assert "pathlib.Path" in caught.value.remedy
    assert caught.value.source == "InvalidPath"


def test_a_file_is_read_from_its_position():
    file = io.BytesIO(b"header" + jpeg())
    file.seek(6)
    assert prepare_image(file).read() == jpeg()


def test_a_prepared_image_can_be_prepared_again():
    first = prepare_image(sample("photo.webp"))
    second = prepare_image(first, max_side=100)
    assert max(second.size) == 100
    assert second.changes[: len(first.changes)] == first.changes
    assert prepare_image(prepare_image("https://e.com/a.png")).url() == "https://e.com/a.png"


class Reply:
    """Like a response of httpx: each call of read() returns all the data."""

    def read(self):
        return jpeg()


class Upload:
    def read_bytes(self):
        return jpeg()


class HttpUrl:
    pass


class Broken:
    def read(self, length):
        raise RuntimeError("the connection failed")


def test_read_without_a_length():
    assert prepare_image(Reply()).read() == jpeg()


def test_a_view_of_mutable_data_is_copied():
    data = bytearray(jpeg())
    prepared = prepare_image(memoryview(data).toreadonly())
    data[50:60] = bytes(10)
    assert prepared.read() == jpeg()


class AsyncFile:
    async def read(self, length):
        return b""


@pytest.mark.parametrize(
    ("source", "error", "reason", "remedy"),
    [
        (None, ImageSourceError, "NoneType", "not an image"),
        (17, ImageSourceError, "int", "pathlib.Path"),
        ([jpeg()], ImageSourceError, "list", "one image"),
        ({"url": "x"}, ImageSourceError, "dict", "pathlib.Path"),
        (Upload(), ImageSourceError, "Upload", "read_bytes()"),
        (HttpUrl(), ImageSourceError, "HttpUrl", "as a str"),
        (Broken(), ImageReadError, "could not be read", ""),
        (io.StringIO("text"), ImageSourceError, "text", "'rb'"),
        (AsyncFile(), ImageSourceError, "await", "await file.read()"),
        (io.BytesIO(), ImageEmptyError, "no data left", "seek(0)"),
        (b"", ImageEmptyError, "empty", "Check"),
        (bytes(100), NotAnImageError, "zeros", "Check"),
        (b"<!DOCTYPE html><html>", NotAnImageError, "HTML", "status"),
        (b"%PDF-1.7 ...", NotAnImageError, "PDF", "Render"),
        (b"<?xml version='1.0'?><svg>", NotAnImageError, "SVG", "Render"),
        (b'{"error": "no"}', NotAnImageError, "JSON", "instead"),
        (b"https://example.com/a.jpg", NotAnImageError, "a URL", "str"),
        (Image.new("RGB", (0, 5)), ImageEmptyError, "0x5", "crop"),
        (Path("/nowhere/x.jpg"), ImageReadError, "file not found", "path"),
        (Path("/"), ImageReadError, "directory", "one image"),
        (Path("/dev/null"), ImageReadError, "device", "bytes"),
        (Path("a\0b"), ImageReadError, "path is not valid", ""),
    ],
)
def test_unsupported_sources(source, error, reason, remedy):
    with pytest.raises(error, match=reason) as caught:
        prepare_image(source)
    assert remedy in caught.value.remedy
    assert caught.value.source
    assert str(caught.value).startswith(f"{caught.value.source}: ")


def test_a_closed_file(path):
    file = path.open("rb")
    file.close()
    with pytest.raises(ImageReadError, match="closed") as caught:
        prepare_image(file)
    assert caught.value.source == "photo.jpg"


def test_file_names_are_made_printable(tmp_path):
    path = tmp_path / "a\x1b[31m\nb\udcff.jpg"
    path.write_bytes(jpeg())
    prepared = prepare_image(path)
    assert prepared.source == "a?[31m?b?.jpg"
    prepared.describe().encode()
    long = tmp_path / f"{'x' * 200}.jpg"
    long.write_bytes(b"")
    with pytest.raises(ImageEmptyError) as caught:
        prepare_image(long)
    assert len(caught.value.source) == 80


def test_a_png_file_named_jpg(tmp_path):
    path = tmp_path / "really.jpg"
    path.write_bytes(png())
    assert prepare_image(path).media_type == "image/png"
