"""Compare two screenshots: what changed, where, and whether it is a defect.

python examples/screenshots.py [before.png after.png] [--fake]
"""

from __future__ import annotations

from typing import Literal

from connecting import arguments, connect
from pydantic import BaseModel, Field

from xai_vision import prepare_image
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer

BUDGET = 20_000
QUESTION = (
    "What changed from before to after? List every visible change with its box in the second "
    "image. The left and top edges of the image are 0, its right and bottom edges 1000."
)


class Change(BaseModel):
    """One change."""

    what: str
    kind: Literal["text", "color", "layout", "added", "removed"]
    box: tuple[int, int, int, int] = Field(description="left, top, right, bottom; 0 to 1000")
    suspicious: bool = Field(description="true if it looks like a defect, not an intended change")


class Comparison(BaseModel):
    """All changes."""

    changes: list[Change]


def rules(server: FakeServer) -> None:
    """Reply like a model that sees the samples."""
    button = {"what": "The button is green instead of blue", "kind": "color", "suspicious": False}
    error = {"what": "An error below the email field", "kind": "added", "suspicious": True}
    changes = [{**button, "box": [291, 733, 541, 866]}, {**error, "box": [291, 600, 700, 667]}]
    server.on(images=2).reply_json({"changes": changes})


def main() -> None:
    """Estimate the cost, ask, print the changes and draw them."""
    options = arguments("Compare two screenshots.", "before.png", "after.png")
    before, after = (prepare_image(path, max_side=1344) for path in options.images)
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model, temperature=0)
        # A label in front of each image helps the model to refer to it.
        chat.append(user("Before:", image(before), "After:", image(after), QUESTION))
        if chat.estimate().high > BUDGET:
            raise SystemExit(f"the request may exceed {BUDGET} tokens: send smaller images")
        _, comparison = chat.parse(Comparison)
    for number, change in enumerate(comparison.changes, 1):
        mark = "!" if change.suspicious else " "
        print(f"{number} {mark} {change.kind:<8}{change.what} at {after.to_source(change.box)}")
    labels = [str(number) for number in range(1, len(comparison.changes) + 1)]
    drawing = after.draw([change.box for change in comparison.changes], labels)
    target = options.images[1].with_name("changes.png")
    drawing.save(target)
    print(f"{target.name} {drawing.size}")
    raise SystemExit(any(change.suspicious for change in comparison.changes))


if __name__ == "__main__":
    main()
