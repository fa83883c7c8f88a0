"""Strings as sources: URLs, data URLs and base64, but not paths."""

from __future__ import annotations

import base64
import textwrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_images import jpeg, png, sample
from xai_vision.chat import image
from xai_vision.errors import InvalidRequestError
from xai_vision.imaging import (
    ImageBase64Error,
    ImageEmptyError,
    ImageSourceError,
    NotAnImageError,
    estimate_tokens,
    prepare_image,
)
from xai_vision.imaging._image_url import describe_url
from xai_vision.imaging._limits import safe_repr
from xai_vision.imaging._sources import base64 as base64_module
from xai_vision.imaging._sources import base64_text as text_module

TEXT = base64.b64encode(jpeg()).decode()
PNG_TEXT = base64.b64encode(png()).decode()


@pytest.fixture(params=["installed", "stdlib"], autouse=True)
def either_base64(request, monkeypatch):
    """Test with pybase64 and with only the standard library."""
    if request.param == "stdlib":
        monkeypatch.setattr(base64_module, "encode", base64_module._encode)
        monkeypatch.setattr(base64_module, "decode", base64_module._decode)
        monkeypatch.setattr(base64_module, "is_valid", base64_module._is_valid)


@pytest.mark.parametrize(
    ("source", "change"),
    [
        (f"data:image/jpeg;base64,{TEXT}", None),
        (f"DATA:IMAGE/JPEG;BASE64,{TEXT}", None),
        (TEXT, None),
        (f"data:image/png;base64,{TEXT}", "labeled image/png"),
        (f"data:image/jpg;base64,{TEXT}", "labeled image/jpg"),
        (f"data:;base64,{TEXT}", "not labeled"),
        (f"data:application/octet-stream;base64,{TEXT}", "octet-stream"),
        (f"data:image/jpeg,{TEXT}", "missing ';base64'"),
        (f"data:image/jpeg,{quote(jpeg())}", "percent-encoded"),
        (f"data:image/jpeg;base64,{quote(TEXT, safe='')}", "percent-decoded"),
        ("\n".join(textwrap.wrap(TEXT, 76)), "removed whitespace"),
        (f"data:image/jpeg;base64,{TEXT[:40]} {TEXT[40:]}", "removed whitespace"),
        (TEXT.rstrip("="), "padding"),
        (TEXT + "==", "padding"),
        (TEXT.replace("+", "-").replace("/", "_"), "URL-safe"),
        (f"  {TEXT}\n", None),
    ],
)
def test_valid_strings(source, change):
    prepared = prepare_image(source)
    assert prepared.url() == f"data:image/jpeg;base64,{TEXT}"
    assert prepared.url_size == len(prepared.url())
    assert prepared.read() == jpeg()
    assert prepared.lossless
    assert [change in str(reported) for reported in prepared.changes] == ([True] if change else [])


def test_parameters_of_a_data_url_are_removed():
    prepared = prepare_image(f"data:image/jpeg;name=a.jpg;charset=utf-8;base64,{TEXT}")
    assert prepared.url() == f"data:image/jpeg;base64,{TEXT}"


def test_valid_text_needs_no_repair(monkeypatch):
    monkeypatch.setattr(text_module, "_repair", None)
    prepare_image(f"data:image/jpeg;base64,{TEXT}")


@pytest.mark.parametrize("size", [49149, 49150, 49151, 49152, 36864 * 2, 36864 * 2 + 1])
def test_chunks_of_any_length_join(size):
    data = jpeg() + bytes(size - len(jpeg()) - 2) + b"\xff\xd9"
    text = base64.b64encode(data).decode()
    for source in (data, text, f"data:image/jpeg;base64,{text}"):
        prepared = prepare_image(source)
        parts: list[bytes] = []
        prepared.write_url(parts.append)
        assert max(map(len, parts)) <= 48 * 1024
        assert b"".join(parts).decode() == f"data:image/jpeg;base64,{text}"
        assert prepared.read() == data


def test_unused_bits_are_cleared():
    ended = jpeg() + b"\0" * (1 - len(jpeg()) % 3 + 3)
    text = base64.b64encode(ended).decode()
    assert text.endswith("==")
    modified = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    prepared = prepare_image(modified)
    assert prepared.url().endswith(text)
    assert "unused bits" in str(prepared.changes[0])


@pytest.mark.parametrize(
    ("source", "error", "message", "remedy"),
    [
        ("", ImageEmptyError, "empty", "http(s)"),
        ("  \n", ImageEmptyError, "empty", "http(s)"),
        ("photo.jpg", ImageSourceError, "path", "pathlib.Path"),
        ("/home/me/photo.jpeg", ImageSourceError, "path", "pathlib.Path"),
        ("./photos/cat", ImageSourceError, "path", "pathlib.Path"),
        ("~/cat", ImageSourceError, "path", "pathlib.Path"),
        (r"C:\photos\cat.png", ImageSourceError, "path", "pathlib.Path"),
        ("/etc/passwd", ImageSourceError, "path", "pathlib.Path"),
        ("www.example.com/cat.jpg", ImageSourceError, "path", "https://"),
        ("file:///tmp/a.jpg", ImageSourceError, "file", "pathlib.Path"),
        ("s3://bucket/a.jpg", ImageSourceError, "s3", "Download"),
        ("blob:https://example.com/1", ImageSourceError, "blob", "Download"),
        ("http://", ImageSourceError, "host", "Check"),
        ("https:///a.jpg", ImageSourceError, "host", "Check"),
        ("http://[::1/a.jpg", ImageSourceError, "host", "Check"),
        ("https://example.com/a b.jpg", ImageSourceError, "spaces", "quote"),
        ("https://example.com/a\nb.jpg", ImageSourceError, "spaces", "quote"),
        ("https://example.com/\ud800.jpg", ImageSourceError, "surrogate", "encoding"),
        ("data:image/png,\udfff", ImageSourceError, "surrogate", "encoding"),
        ("What is in this image?", ImageSourceError, "is not a URL", "bytes"),
        ("hello", ImageSourceError, "is not a URL", "bytes"),
        (base64.b64encode(b"%PDF-1.7" * 99).decode(), ImageSourceError, "PDF", "http"),
        ("data:image/png;base64", ImageSourceError, "comma", "data:image/jpeg;base64,"),
        ("data:image/png;base64,", ImageEmptyError, "no data", "http"),
        ("data:image/png;base64,====", ImageEmptyError, "no data", "http"),
        ("data:image/png,", ImageEmptyError, "empty", "Check"),
        (f"data:image/jpeg;base64,{TEXT[:-9]}!{TEXT[-8:]}", ImageBase64Error, "character", "bytes"),
        (f"data:image/jpeg;base64,{TEXT[:99]}=={TEXT[99:]}", ImageBase64Error, "100 of", "bytes"),
        (f"data:image/jpeg;base64,{TEXT[:400]}€{TEXT[400:]}", ImageBase64Error, "401", "bytes"),
        (f"{TEXT[:401]}", ImageBase64Error, "impossible length", "bytes"),
        ("data:text/plain;base64,aGVsbG8gd29ybGQ=", NotAnImageError, "plain text", "base64"),
        ("data:image/svg+xml,%3Csvg%20xmlns='x'%3E", NotAnImageError, "SVG", "Render"),
    ],
)
def test_invalid_strings(source, error, message, remedy):
    with pytest.raises(error, match=message) as caught:
        prepare_image(source)
    assert remedy in caught.value.remedy
    assert caught.value.source


def test_base64_of_a_jpeg_is_not_taken_for_a_path():
    assert TEXT.startswith("/9j/")
    assert prepare_image(TEXT).format == "JPEG"


def test_a_string_is_never_opened(tmp_path, monkeypatch):
    (tmp_path / "photo").write_bytes(jpeg())
    monkeypatch.chdir(tmp_path)
    for text in ("photo", str(tmp_path / "photo")):
        with pytest.raises(ImageSourceError):
            prepare_image(text)


@pytest.mark.parametrize("text", [TEXT, PNG_TEXT, base64.b64encode(sample("alpha.webp")).decode()])
def test_errors_never_quote_the_data(text):
    for broken in (text[:-1] + "!", text[50:], text[51:300], f"data:image/png;base64,{text[8:]}"):
        try:
            prepare_image(broken)
        except ValueError as error:
            shown = str(error) + repr(error)
            assert not any(text[at : at + 12] in shown for at in range(len(text) - 12))


@pytest.mark.parametrize("make", [str, repr, lambda data: f"{bytearray(data)}"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "base64"])
def test_str_of_bytes_has_its_own_error(make, kind):
    data = {"PNG": png(), "JPEG": jpeg(8, 8), "base64": TEXT[:600].encode()}[kind]
    with pytest.raises(ImageSourceError, match="str\\(\\) of bytes") as caught:
        prepare_image(make(data))
    assert caught.value.remedy == "Pass the bytes without str() or an f-string."
    assert caught.value.source == "string"
    assert "\\x" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        f"url: data:image/png;base64,{PNG_TEXT[:60]}",
        f"./base64,{PNG_TEXT[:60]}.png",
        "./" + jpeg(8, 8)[:50].decode("latin-1"),
    ],
)
def test_a_string_like_a_path_is_quoted_without_data(source):
    with pytest.raises(ImageSourceError, match="path") as caught:
        prepare_image(source)
    assert PNG_TEXT[:8] not in str(caught.value)
    assert "JFIF" not in str(caught.value)


def test_a_data_url_passed_as_detail_is_not_quoted():
    url = f"data:image/png;base64,{PNG_TEXT}"
    for make in (prepare_image, image, lambda data, detail: estimate_tokens(1, 1, detail)):
        for detail in (url, url.encode(), [url], f"high {url}"):
            with pytest.raises(InvalidRequestError, match="'auto', 'low'") as caught:
                make(jpeg(), detail=detail)
            assert len(str(caught.value)) < 200
            assert PNG_TEXT[:8] not in str(caught.value)
        with pytest.raises(InvalidRequestError, match="not 'ultra'"):
            make(jpeg(), detail="ultra")


def test_the_description_of_a_data_url_has_no_data():
    assert describe_url(f"data:{PNG_TEXT}") == "data URL (no type)"
    assert describe_url(f"data:image/png;base64,{PNG_TEXT}") == "data URL (image/png;base64)"


@given(st.one_of(st.text(), st.binary(), st.integers(), st.lists(st.text())))
def test_safe_repr_is_short_and_on_one_line(value):
    text = safe_repr(value)
    assert len(text) <= 200
    assert text.isprintable()
    data = "iVBORw0KGgo"
    assert data not in safe_repr(f"{value}data:image/png;base64,{data}")


def test_the_error_quotes_a_path_only_if_it_cannot_be_base64():
    with pytest.raises(ImageSourceError) as caught:
        prepare_image("photos/cat.jpg")
    assert "photos/cat.jpg" in caught.value.source
    with pytest.raises(ImageSourceError) as caught:
        prepare_image("photos/cat")
    assert caught.value.source == "string"
