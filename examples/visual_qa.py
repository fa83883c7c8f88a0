"""Ask several questions about one picture, in one conversation.

python examples/visual_qa.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connected

from xai_vision.chat import image

QUESTIONS = (
    "What is in this picture?",
    "Which colours stand out?",
    "What time of day might it be?",
)


def main() -> None:
    """Ask, and print the answers as they are written."""
    given = arguments("Ask questions about a picture.", "photo.jpg")
    with connected(given.fake) as client:
        chat = client.chat.create(given.model)
        shown = [image(given.pictures[0], detail="high")]
        for question in QUESTIONS:
            print(f"> {question}")
            for response, chunk in chat.ask_stream(question, *shown):  # noqa: B007  # the last one is used
                print(chunk, end="", flush=True)
            print(f"\n  ({response.usage.prompt_image_tokens} tokens for the picture)\n")
            shown = []  # the conversation has it from now on


if __name__ == "__main__":
    main()
