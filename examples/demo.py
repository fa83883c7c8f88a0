"""Ask about image files, with streaming and a chained conversation.

python examples/demo.py            against the fake server in the same process
python examples/demo.py --eyes     the same; it reads the text and codes of images (extra "eyes")
python examples/demo.py --live     against the real service; needs XAI_API_KEY
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from images import SAMPLES

from xai_vision import Client
from xai_vision.chat import Chat, Response, image, user

MODEL = "grok-4"
PROMPTS = {
    "photo.jpg": "What is in this image?",
    "chart.png": "What does this chart show?",
    "scan.jpg": "Read the text on this page.",
}


@contextlib.contextmanager
def connect(live: bool, eyes: bool) -> Iterator[Client]:
    """Connect a client to the real service or to a fake server."""
    if live:
        if not os.environ.get("XAI_API_KEY"):
            sys.exit("--live needs an API key in the environment variable XAI_API_KEY")
        print("The responses come from the real service at api.x.ai.\n")
        with Client() as client:
            yield client
        return
    from xai_vision.testing import FakeServer

    with FakeServer(eyes=eyes) as server:
        print(f"The responses come from the embedded fake server ({server.target}), not")
        if eyes:
            print("from Grok: they contain the text that rapidocr reads in the images.\n")
        else:
            print("from Grok: they describe the request. --live asks the real service.\n")
        with Client(api_key=server.api_key, api_host=server.target) as client:
            yield client


def data_url(path: Path) -> str:
    """Return an image file as a data URL."""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def tally(response: Response) -> None:
    """Print the response's id and tokens."""
    usage = response.usage
    print(f"  id:     {response.id}")
    print(
        f"  tokens: {usage.prompt_tokens} in (text {usage.prompt_text_tokens}, images "
        f"{usage.prompt_image_tokens}), {usage.completion_tokens} out\n"
    )


def main() -> None:
    """Ask about each image, then continue a stored response."""
    parser = argparse.ArgumentParser(description="Ask about images.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--live", action="store_true", help="ask the real service")
    choice.add_argument("--eyes", action="store_true", help="read the text and codes of the images")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, connect(options.live, options.eyes) as client:
        for name, prompt in PROMPTS.items():
            path = Path(folder, name)
            path.write_bytes(SAMPLES[name]())
            print(f"{name} ({path.stat().st_size:,} bytes): {prompt}")
            chat = client.chat.create(MODEL)
            chat.append(user(prompt, image(data_url(path), detail="high")))
            tally(stream(chat))

        print("A stored response, and a prompt that continues it:")
        chat = client.chat.create(MODEL, store_messages=True)
        chart = Path(folder, "chart.png")
        chat.append(user("What is in this image?", image(data_url(chart))))
        first = chat.sample()
        print(f"  {first}")
        tally(first)
        chat = client.chat.create(MODEL, previous_response_id=first.id, store_messages=True)
        chat.append(user("Which colors stand out in it?"))
        second = chat.sample()
        print(f"  {second}")
        tally(second)


def stream(chat: Chat) -> Response:
    """Stream a response to the terminal; return the complete response."""
    response = None
    print("  ", end="")
    for response, chunk in chat.stream():
        print(chunk, end="", flush=True)
    print()
    if response is None:
        sys.exit("the service sent an empty stream")
    return response


if __name__ == "__main__":
    main()
