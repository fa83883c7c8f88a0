"""Compare pictures, with what each would cost known before anything is sent.

python examples/compare.py [before.jpg after.jpg ...] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connected

from xai_vision import prepare_image
from xai_vision.chat import image, user

BUDGET = 20_000


def main() -> None:
    """Prepare, estimate, ask."""
    given = arguments("Compare pictures.", "photo.jpg", "photo-grey.jpg", "chart.png")
    pictures = [prepare_image(path, max_side=1344) for path in given.pictures]
    for picture in pictures:
        changes = ", ".join(map(str, picture.changes)) or "as it is"
        print(f"{picture.describe()}: {changes}")
    with connected(given.fake) as client:
        chat = client.chat.create(given.model)
        # Texts and pictures in any order; naming each helps the model to refer to it.
        parts = [
            part
            for number, picture in enumerate(pictures, 1)
            for part in (f"Picture {number}:", image(picture))
        ]
        chat.append(user("Compare these pictures.", *parts, "What are the differences?"))
        estimate = chat.estimate()
        print(f"{estimate}\n")
        if estimate.high > BUDGET:
            raise SystemExit(f"that may be over {BUDGET} tokens: send fewer pictures")
        response = chat.sample()
    print(response)
    print(f"\nin truth {response.usage.prompt_tokens} tokens")


if __name__ == "__main__":
    main()
