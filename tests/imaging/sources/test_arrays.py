"""NumPy arrays, and objects that convert to arrays."""

from __future__ import annotations

import numpy as np
import pytest

from xai_vision.imaging import ImageEmptyError, ImageSourceError, prepare_image


@pytest.mark.parametrize(
    ("pixels", "mode"),
    [
        (np.zeros((4, 6), np.uint8), "L"),
        (np.zeros((4, 6, 1), np.uint8), "L"),
        (np.zeros((4, 6, 3), np.uint8), "RGB"),
        (np.zeros((4, 6, 4), np.uint8), "RGBA"),
        (np.zeros((4, 6), np.bool_), "L"),
        (np.zeros((4, 6, 3), np.float32), "RGB"),
        (np.zeros((4, 6), np.float16), "L"),
        (np.zeros((8, 12, 3), np.uint8)[::-2, ::2, ::-1], "RGB"),
    ],
)
def test_arrays(pixels, mode):
    prepared = prepare_image(pixels)
    assert prepared.size == (6, 4)
    assert prepared.pil().mode == mode


def test_the_values_of_arrays():
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(np.asarray(prepare_image(gray).pil()), gray)
    color = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    assert np.array_equal(np.asarray(prepare_image(color).pil()), color)
    floats = np.array([[0.0, 0.5, 1.0]])
    prepared = prepare_image(floats)
    assert np.asarray(prepared.pil()).tolist() == [[0, 128, 255]]
    assert not prepared.lossless
    assert np.asarray(prepare_image(np.array([[True, False]])).pil()).tolist() == [[255, 0]]


def test_an_object_with_an_array_method():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.zeros((4, 6, 3), np.uint8)

    assert prepare_image(Tensor()).size == (6, 4)


@pytest.mark.parametrize(
    ("source", "error", "reason", "remedy"),
    [
        (np.zeros((3, 5, 7), np.uint8), ImageSourceError, r"\(3, 5, 7\)", "transpose"),
        (np.zeros((2, 5, 7, 3), np.uint8), ImageSourceError, "shape", "array[0]"),
        (np.zeros(5, np.uint8), ImageSourceError, "shape", "(height, width)"),
        (np.zeros((0, 5), np.uint8), ImageEmptyError, "no pixels", "crop"),
        (np.zeros((5, 5), np.uint16), ImageSourceError, "uint16", ">> 8"),
        (np.full((5, 5), 2.0), ImageSourceError, "0..1", "Divide"),
        (np.full((5, 5), np.nan), ImageSourceError, "nan", "Divide"),
        (np.full((5, 5), 1.0000001), ImageSourceError, "to 1.0000001", "clip"),
        (np.full((5, 5), -1e-9), ImageSourceError, "from -1e-09", "clip"),
        (np.full((5, 5), 1 + 1e-12), ImageSourceError, "to 1.000000000001", "clip"),
        (np.zeros((4, 4, 2), np.uint8), ImageSourceError, "not an image", "array[..., 0]"),
        (np.array([["a"]]), ImageSourceError, "not supported", "uint8"),
    ],
)
def test_unsupported_arrays(source, error, reason, remedy):
    with pytest.raises(error, match=reason) as caught:
        prepare_image(source)
    assert remedy in caught.value.remedy
    assert caught.value.source == "array"


def test_a_failing_array_method():
    class OnAnotherDevice:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("cannot convert a tensor on a device")

    with pytest.raises(ImageSourceError, match="could not be converted") as caught:
        prepare_image(OnAnotherDevice())
    assert "main memory" in caught.value.remedy
