"""Ask several questions about an image in one conversation.

python examples/visual_qa.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connect

from xai_vision.chat import image

QUESTIONS = (
    "What is in this image?",
    "Which colors stand out?",
    "What time of day might it be?",
)


def main() -> None:
    """Ask, and stream the responses."""
    options = arguments("Ask questions about an image.", "photo.jpg")
    with connect(options.fake) as client:
        chat = client.chat.create(options.model)
        images = [image(options.images[0], detail="high")]
        for question in QUESTIONS:
            print(f"> {question}")
            for response, chunk in chat.ask_stream(question, *images):
                print(chunk, end="", flush=True)
            print(f"\n  ({response.usage.prompt_image_tokens} tokens for the image)\n")
            images = []  # the conversation contains the image from now on


if __name__ == "__main__":
    main()
