"""Find out what a product is and what it costs, looking at the pictures found on the way.

python examples/product_search.py [product.jpg] [--fake]
"""

from __future__ import annotations

import json

from connecting import arguments, connected

from xai_vision.chat import image, user
from xai_vision.testing import FakeServer, Reply
from xai_vision.tools import web_search


def rules(server: FakeServer) -> None:
    """A search as the service runs it: it looks at one picture it found."""
    server.on(tools="web_search").reply(
        Reply.searched(
            "red desk lamp price",
            text="A desk lamp, for 39 EUR at example.com.",
            views=["https://example.com/lamp.jpg"],
        )
    )


def main() -> None:
    """Ask, and show what the model did to find out."""
    given = arguments("Search for a product.", "photo.jpg")
    searching = web_search(excluded_domains=["example.org"], enable_image_understanding=True)
    with connected(given.fake, rules) as client:
        chat = client.chat.create(given.model, tools=[searching])
        chat.append(user("What product is this? Find its price online.", image(given.pictures[0])))
        for response, chunk in chat.stream():  # noqa: B007  # the last one is used
            for call in chunk.tool_calls:
                told = json.loads(call.function.arguments)
                print(f"[{call.function.name}: {', '.join(map(str, told.values()))}]")
            print(chunk, end="", flush=True)
    print("\n\nsources:", *response.citations, sep="\n  ")
    used = ", ".join(f"{name} {times}x" for name, times in response.server_side_tool_usage.items())
    print(f"{used}; {response.usage.prompt_image_tokens} tokens for pictures")


if __name__ == "__main__":
    main()
