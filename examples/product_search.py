"""Identify a product and its price, with a search that looks at images.

python examples/product_search.py [product.jpg] [--fake]
"""

from __future__ import annotations

import json

from connecting import arguments, connect

from xai_vision.chat import image, user
from xai_vision.testing import FakeServer, Reply
from xai_vision.tools import web_search


def rules(server: FakeServer) -> None:
    """Reply like the service: with a search that views one image."""
    server.on(tools="web_search").reply(
        Reply.searched(
            "red desk lamp price",
            text="A desk lamp, for 39 EUR at example.com.",
            views=["https://example.com/lamp.jpg"],
        )
    )


def main() -> None:
    """Ask, and show the model's tool calls."""
    options = arguments("Search for a product.", "photo.jpg")
    search = web_search(excluded_domains=["example.org"], enable_image_understanding=True)
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model, tools=[search])
        chat.append(user("What product is this? Find its price online.", image(options.images[0])))
        for response, chunk in chat.stream():
            for call in chunk.tool_calls:
                parameters = json.loads(call.function.arguments)
                print(f"[{call.function.name}: {', '.join(map(str, parameters.values()))}]")
            print(chunk, end="", flush=True)
    print("\n\nsources:", *response.citations, sep="\n  ")
    used = ", ".join(f"{name} {times}x" for name, times in response.server_side_tool_usage.items())
    print(f"{used}; {response.usage.prompt_image_tokens} tokens for images")


if __name__ == "__main__":
    main()
