"""Error messages suggest what a user of the command can do."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("click")

from tests import sample_images
from xai_vision import errors
from xai_vision._cli.exit_codes import MEANINGS, Exit, exit_code
from xai_vision._cli.image_files import open_image
from xai_vision._cli.options import ImageOptions
from xai_vision._cli.terminal import clean, error_text


def kinds(kind: type = errors.XaiVisionError) -> list[type]:
    return [kind, *(leaf for sub in kind.__subclasses__() for leaf in kinds(sub))]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in kinds(errors.APIError) if kind.__module__.startswith("xai_vision")],
    ids=lambda kind: kind.__name__,
)
def test_every_error_has_a_code_and_names_no_python(kind):
    import grpc

    error = kind(grpc.StatusCode.UNKNOWN, "details")
    assert exit_code(error) in set(MEANINGS) - {Exit.OK, Exit.FAILED, Exit.USAGE}
    assert not re.search(r"\w=|\(\)| \.\w", error_text(error)), error_text(error)


@pytest.mark.parametrize(
    "name", ["big.jpg", "bomb.png", "notes.txt", "none.jpg", "https://e.x/a.png?k=1"]
)
def test_image_errors_name_no_python(folder, name):
    (folder / "big.jpg").write_bytes(sample_images.jpeg_of(21 * sample_images.MIB))
    bomb = sample_images.builders.write_png(30_000, 30_000, 8, 0, [b""])
    (folder / "bomb.png").write_bytes(bomb)
    with pytest.raises(errors.ImageError) as caught:
        open_image(
            name,
            ImageOptions("auto", 100 if "://" in name else None, fit=False, strip_metadata=False),
        )
    text = error_text(caught.value)
    assert not re.search(r"\w=|\(\)|pathlib", text), text
    assert text.startswith(name.partition("?")[0])
    assert "k=1" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mb", "a�[31mb"),
        ("a\tb\nc\r\nd", "a\tb\nc\nd"),
        ("a\rb\x07\x7f\x85", "a�b���"),
        ("ünï 画像", "ünï 画像"),
    ],
)
def test_clean(text, expected):
    assert clean(text) == expected
