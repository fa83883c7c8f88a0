"""draw(): boxes, points and labels on a copy of the image."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests import sample_images
from xai_vision import prepare_image
from xai_vision.errors import InvalidRequestError


@pytest.mark.parametrize("ground", ["white", "black", "yellow", "gray"])
def test_drawn_box_is_visible(ground):
    image = prepare_image(Image.new("RGB", (400, 300), ground))
    plain = image.pil()
    drawn = image.draw([(250, 250, 750, 750)])
    assert drawn.mode == "RGB"
    assert drawn.size == (400, 300)
    edge = ImageChops.difference(plain, drawn).crop((97, 150, 104, 151))
    assert max(high for _, high in edge.getextrema()) > 100
    assert drawn.getpixel((200, 150)) == plain.getpixel((0, 0))  # the content stays visible
    assert drawn.getpixel((50, 50)) == plain.getpixel((0, 0))
    assert image.pil().tobytes() == plain.tobytes()


def test_drawn_point_and_labels():
    image = prepare_image(Image.new("RGB", (400, 300), "white"))
    bare = image.draw([(500, 500), (100, 100, 900, 900)])
    assert bare.getpixel((200, 150)) != (255, 255, 255)
    labeled = image.draw([(500, 500), (100, 100, 900, 900)], ["knob", None])
    changed = ImageChops.difference(bare, labeled).getbbox()
    assert changed is not None
    assert changed[3] <= 150  # above the point
    assert image.draw((500, 500)).tobytes() == image.draw([(500, 500)]).tobytes()
    assert image.draw([]).tobytes() == image.pil().tobytes()
    assert image.draw([(200, 150)], scale=None).tobytes() == image.draw([(500, 500)]).tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_drawing_in_every_mode(mode):
    image = prepare_image(Image.new(mode, (90, 60)))
    drawn = image.draw([(0, 0, 1000, 1000), (999, 0)], ["a\nb", "long label " * 9])
    assert drawn.mode == "RGB"
    assert drawn.size == (90, 60)


def test_drawing_on_a_rotated_and_a_tiny_image():
    image = prepare_image(sample_images.rotated_jpeg(6, 480, 320))
    assert image.draw([(0, 0)]).size == (480, 320)
    assert prepare_image(Image.new("L", (1, 1))).draw([(0, 0, 1, 1)], ["x"], 1).size == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([(1, 2)], ["a", "b"]), ["2 labels for 1 boxes"]),
        (([(1, 2)], 5), ["labels must be a list", "5"]),
        (([(1, 2)], [5]), ["labels must be strings", "5"]),
        ((5,), ["boxes must be a list", "5"]),
        (("box",), ["boxes must be a list"]),
        (([(1, 2), (1, 2, 3)],), ["boxes[1] has 3 values"]),
        (([(1, 2), "a"],), ["boxes[1] must be numbers"]),
        (([(9, 9, 5, 5)],), ["boxes[0]: x0"]),
    ],
)
def test_invalid_drawing(arguments, words):
    with pytest.raises(InvalidRequestError) as caught:
        prepare_image(Image.new("L", (9, 9))).draw(*arguments)
    for word in words:
        assert word in str(caught.value)
