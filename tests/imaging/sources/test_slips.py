"""Known mistakes are refused with words that name them and their remedy."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest

from tests.sample_images import jpeg, png
from xai_vision.chat import image, user
from xai_vision.imaging import (
    ImageBase64Error,
    ImageReadError,
    ImageSourceError,
    prepare_image,
)

DATA = jpeg(64, 48)
ENCODED = base64.b64encode(DATA)
TEXT = ENCODED.decode()
TWICE = base64.b64encode(ENCODED).decode()
PREFIX = "data:image/jpeg;base64,"
URL = "https://example.com/a.jpg"


@pytest.mark.parametrize(
    ("text", "reason", "remedy"),
    [
        (f"image/jpeg;base64,{TEXT}", "data URL without its start", "Put data: in front"),
        (f"base64,{TEXT}", "data URL without its start", "Put data:image/jpeg; in front"),
        (f";base64,{TEXT}", "data URL without its start", "Put data:image/jpeg"),
        (f'"{PREFIX}{TEXT}"', "has quotes around it", "Remove the quotes"),
        (f"'{TEXT}'", "has quotes around it", "Remove the quotes"),
        (f'"{URL}"', "has quotes around it", "json.loads()"),
        (f"`{URL}`", "has quotes around it", "Remove the quotes"),
        (f"\u201c{URL}\u201d", "has quotes around it", "Remove the quotes"),
        (f"\ufeff{PREFIX}{TEXT}", "byte order mark", "utf-8-sig"),
        (f"\ufeff{URL}", "byte order mark", "utf-8-sig"),
        (f"\xef\xbb\xbf{TEXT}", "byte order mark", "utf-8-sig"),
        (f"\u200b{URL}", r"invisible character \(U\+200B\)", "Remove it"),
        (f"<{URL}>", "angle brackets", "Remove the < and >"),
        (f"![a cat]({URL})", "Markdown link", "between the parentheses"),
        (f"[a cat]({URL})", "Markdown link", "between the parentheses"),
        (f'<img src="{URL}">', "HTML tag", "src attribute"),
        (URL.replace("/", "\\/"), "JSON escapes", "json.loads()"),
        (TEXT.replace("/", "\\/"), "JSON escapes", "json.loads()"),
        (TWICE, "base64 of base64", "Encode the image only once"),
        (base64.b64encode((PREFIX + TEXT).encode()).decode(), "base64 of base64", "only once"),
        (DATA.hex(), "hexadecimal", "bytes.fromhex"),
        (str(ENCODED), r"str\(\) of bytes", "without str()"),
    ],
)
def test_slips_in_strings(text, reason, remedy):
    with pytest.raises(ImageSourceError, match=reason) as caught:
        prepare_image(text)
    assert remedy in caught.value.remedy
    assert str(caught.value).startswith("string: the string ")
    assert TEXT[:12] not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason", "remedy"),
    [
        (f"{PREFIX}{ENCODED!r}", r"str\(\) of bytes", "base64.b64encode(data).decode()"),
        (f"{PREFIX}{PREFIX}{TEXT}", "prefix twice", "only once"),
        (f"{PREFIX}image/jpeg;base64,{TEXT}", "prefix twice", "only once"),
        (f"{PREFIX}{TWICE}", "base64 of base64", "Encode the image only once"),
        (f'{PREFIX}"{TEXT}"', "quotes around its data", "Remove the quotes"),
        ("data:image\\/jpeg;base64," + TEXT.replace("/", "\\/"), "JSON escapes", "json.loads()"),
        (PREFIX + TEXT.replace("/", "\\/"), "JSON escapes", "json.loads()"),
        (PREFIX + TEXT[:76] + "\\n" + TEXT[76:], "JSON escapes", "json.loads()"),
        (f"{PREFIX}\ufeff{TEXT}", "byte order mark", "utf-8-sig"),
        (f"{PREFIX}{URL}", "a URL instead of data", "Pass the URL itself"),
        (f"{PREFIX}undefined", "'undefined' instead of data", "Check the value"),
        (f"{PREFIX}None", "'None' instead of data", "Check the value"),
    ],
)
def test_slips_in_data_urls(text, reason, remedy):
    with pytest.raises(ImageBase64Error, match=reason) as caught:
        prepare_image(text)
    assert remedy in caught.value.remedy
    assert str(caught.value).startswith("data URL: ")
    assert TEXT[:12] not in str(caught.value)


def test_bytes_that_were_encoded_twice():
    with pytest.raises(ImageSourceError, match="base64 of base64") as caught:
        prepare_image(TWICE.encode())
    assert "only once" in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("~/photo.jpg", ".expanduser()"),
        ("~someone/photo.jpg", ".expanduser()"),
        (URL, "Pass a URL as a str"),
        ("file:///tmp/photo.jpg", "without 'file://'"),
        (PREFIX + TEXT, "as a str"),
        (TEXT, "as a str"),
        ("photo-that-does-not-exist.jpg", "Check the path"),
    ],
)
def test_slips_in_paths(path, remedy):
    with pytest.raises(ImageReadError) as caught:
        prepare_image(Path(path))
    assert remedy in caught.value.remedy
    assert len(str(caught.value)) < 300


def test_a_path_with_a_tilde_as_a_string():
    with pytest.raises(ImageSourceError, match="looks like a path") as caught:
        prepare_image("~/photo.jpg")
    assert "pathlib.Path(...).expanduser()" in caught.value.remedy


@pytest.mark.parametrize(
    ("mode", "options", "error", "reason"),
    [
        ("r", {"encoding": "utf-8"}, ImageReadError, "open in text mode"),
        ("r", {"encoding": "latin-1"}, ImageSourceError, "returns text"),
        ("r+", {"encoding": "utf-8"}, ImageReadError, "open in text mode"),
        ("ab", {}, ImageReadError, "open for writing only"),
        ("a", {"encoding": "utf-8"}, ImageReadError, "open for writing only"),
    ],
)
def test_files_in_the_wrong_mode(tmp_path, mode, options, error, reason):
    path = tmp_path / "photo.jpg"
    path.write_bytes(DATA)
    with path.open(mode, **options) as file, pytest.raises(error, match=reason) as caught:
        prepare_image(file)
    assert "open(path, 'rb')" in caught.value.remedy
    assert caught.value.source == "photo.jpg"


def test_a_file_object_that_fails():
    class Broken:
        def read(self, length):
            raise RuntimeError("gone")

    with pytest.raises(ImageReadError, match="could not be read") as caught:
        prepare_image(Broken())
    assert "Pass its bytes" in caught.value.remedy
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert prepare_image(io.BytesIO(DATA)).read() == DATA


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (1, -1)])
@pytest.mark.parametrize("data", [DATA, png()])
def test_arrays_that_hold_a_file(client, server, shape, data):
    array = np.frombuffer(data, np.uint8).reshape(shape)
    client.chat.create("grok-4", messages=[user("Look.", image(array))]).sample()
    assert server.calls.last.images[0].data == data
    prepared = prepare_image(array)
    assert prepared.changes == ()
    assert prepared.source == "array"


def test_a_row_of_pixels_that_starts_like_a_rare_format():
    row = np.array([[255, 10, 1, 2, 3]], np.uint8)  # the signature of JPEG XL
    for pixels in (row, row.T):
        assert np.array_equal(np.asarray(prepare_image(pixels).pil()), pixels)


def test_an_array_that_holds_a_file_is_copied():
    array = np.frombuffer(DATA, np.uint8).copy()
    prepared = prepare_image(array)
    array[100:] = 0
    assert prepared.read() == DATA


def test_a_strided_array_that_holds_a_file():
    array = np.repeat(np.frombuffer(DATA, np.uint8), 2)[::2]
    assert prepare_image(array).read() == DATA


def test_an_array_of_bytes_that_are_not_a_file():
    with pytest.raises(ImageSourceError, match=r"shape \(9,\) is not an image") as caught:
        prepare_image(np.arange(9, dtype=np.uint8))
    assert "(height, width)" in caught.value.remedy
    assert "image file" in caught.value.remedy


@pytest.mark.parametrize("ok", [True, np.True_])
def test_the_result_of_opencv(ok):
    with pytest.raises(ImageSourceError, match="tuple") as caught:
        prepare_image((ok, np.frombuffer(DATA, np.uint8)))
    assert "(ok, array)" in caught.value.remedy
    with pytest.raises(ImageSourceError, match="tuple") as caught:
        prepare_image((DATA, DATA))
    assert caught.value.remedy == "Pass one image at a time."
