"""An agent on the official xai_sdk that counts articles on a shelf, with tests beside it.

python examples/stock_agent/stock_agent.py shelf.jpg
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path

from xai_sdk import Client
from xai_sdk.chat import image, tool, tool_result, user

MAX_TURNS = 6
TOOLS = [
    tool(
        "stock",
        "Return the number of an article in the warehouse.",
        {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]},
    ),
    tool(
        "photo",
        "Return a photo of an article.",
        {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]},
    ),
]


class StockAgent:
    """Answers questions about a photo of a shelf.

    Args:
        client: The client.
        stock: Returns the number of an article in the warehouse.
        photo: Returns the photo of an article, as a JPEG file.
    """

    def __init__(
        self, client: Client, stock: Callable[[str], int], photo: Callable[[str], bytes]
    ) -> None:
        self._client, self._stock, self._photo = client, stock, photo

    def ask(self, question: str, shelf: bytes) -> str:
        """Answer a question."""
        chat = self._client.chat.create("grok-4", tools=TOOLS)
        chat.append(user(question, image(data_url(shelf), detail="high")))
        for _ in range(MAX_TURNS):
            response = chat.sample()
            chat.append(response)
            if not response.tool_calls:
                return response.content
            photos = []
            for call in response.tool_calls:
                arguments = json.loads(call.function.arguments)
                article = str(arguments.get("article", ""))
                if call.function.name == "stock":
                    result = str(self._stock(article))
                else:
                    result = "The photo is in the next message."
                    photos.append(image(data_url(self._photo(article))))
                chat.append(tool_result(result, call.id))
            if photos:
                chat.append(user("The photos:", *photos))
        raise RuntimeError(f"no answer after {MAX_TURNS} turns")


def data_url(data: bytes) -> str:
    """Return an image as a data URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


if __name__ == "__main__":
    shelf = Path(sys.argv[1]).read_bytes()
    print(StockAgent(Client(), lambda _: 3, lambda _: shelf).ask("What is missing?", shelf))
