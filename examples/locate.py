"""Find things in an image, cut them out of the original file, and draw the boxes.

python examples/locate.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connect
from PIL import Image, ImageOps
from pydantic import BaseModel, Field

from xai_vision import prepare_image
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer

PROMPT = (
    "List the main things in this image with their boxes. The left and top edges of the image are "
    "0, its right and bottom edges 1000."
)


class Thing(BaseModel):
    """One thing in the image."""

    label: str
    box: tuple[int, int, int, int] = Field(description="left, top, right, bottom; 0 to 1000")


class Things(BaseModel):
    """All things."""

    things: list[Thing]


def rules(server: FakeServer) -> None:
    """Reply like a model that sees the sample."""
    things = [
        {"label": "sun", "box": [700, 150, 830, 320]},
        {"label": "hills", "box": [0, 350, 1000, 1000]},
    ]
    server.on(images=1).reply_json({"things": things})


def main() -> None:
    """Ask for boxes; save what is in them, and the image with the boxes."""
    options = arguments("Find things in an image.", "photo.jpg")
    path = options.images[0]
    # The model gets a smaller image, without an orientation that it could ignore.
    prepared = prepare_image(path, max_side=512, upright=True)
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model, temperature=0)
        chat.append(user(PROMPT, image(prepared, detail="high")))
        _, answer = chat.parse(Things)
    original = ImageOps.exif_transpose(Image.open(path))
    for thing in answer.things:
        box = prepared.to_source(thing.box)
        part = original.crop(box)
        part.save(path.with_name(f"{thing.label}.png"))
        print(f"{thing.label}: {box} in {path.name}, saved as {thing.label}.png {part.size}")
    boxes = [thing.box for thing in answer.things]
    drawing = prepared.draw(boxes, [thing.label for thing in answer.things])
    drawing.save(path.with_name("boxes.png"))
    print(f"boxes.png {drawing.size}")


if __name__ == "__main__":
    main()
