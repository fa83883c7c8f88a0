"""Compare images, with the token cost estimated before anything is sent.

python examples/compare.py [before.jpg after.jpg ...] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connect

from xai_vision import prepare_image
from xai_vision.chat import image, user

BUDGET = 20_000


def main() -> None:
    """Prepare the images, estimate the cost, and ask."""
    options = arguments("Compare images.", "photo.jpg", "photo-gray.jpg", "chart.png")
    images = [prepare_image(path, max_side=1344) for path in options.images]
    for prepared in images:
        changes = ", ".join(map(str, prepared.changes)) or "unchanged"
        print(f"{prepared.describe()}: {changes}")
    with connect(options.fake) as client:
        chat = client.chat.create(options.model)
        # A label in front of each image helps the model to refer to it.
        parts = [
            part
            for number, prepared in enumerate(images, 1)
            for part in (f"Image {number}:", image(prepared))
        ]
        chat.append(user("Compare these images.", *parts, "What are the differences?"))
        estimate = chat.estimate()
        print(f"{estimate}\n")
        if estimate.high > BUDGET:
            raise SystemExit(f"the request may exceed {BUDGET} tokens: send fewer images")
        response = chat.sample()
    print(response)
    print(f"\nactual: {response.usage.prompt_tokens} tokens")


if __name__ == "__main__":
    main()
