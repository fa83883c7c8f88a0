"""An agent that looks closer: its tools cut out parts of an image and measure colors.

python examples/agent.py [photo.jpg] [--fake]
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from connecting import arguments, connect
from PIL import Image, ImageOps

from xai_vision.chat import Chat, ImageContent, image, system, tool_result, user
from xai_vision.testing import FakeServer, FunctionCall, Reply, match

MAX_TURNS = 6
INSTRUCTIONS = "Zoom before you answer about small things. Positions go from 0 to 1000."

Result = str | list[str | ImageContent]


def tools(path: Path) -> dict[str, Callable[..., Result]]:
    """Return the functions that the model can call for an image."""
    original = ImageOps.exif_transpose(Image.open(path)).convert("RGB")

    def part(left: int, top: int, right: int, bottom: int) -> Image.Image:
        across, down = original.width / 1000, original.height / 1000
        return original.crop((left * across, top * down, right * across, bottom * down))

    def zoom(left: int, top: int, right: int, bottom: int) -> list[str | ImageContent]:
        """Return a part of the image, enlarged."""
        cut = part(left, top, right, bottom)
        return ["The part, enlarged:", image(cut.resize((cut.width * 3, cut.height * 3)))]

    def average_color(left: int, top: int, right: int, bottom: int) -> str:
        """Return the average color of a part of the image as #rrggbb."""
        return "#" + part(left, top, right, bottom).resize((1, 1)).tobytes().hex()

    return {"zoom": zoom, "average_color": average_color}


def rules(server: FakeServer) -> None:
    """Reply like a model that uses both tools."""
    box = {"left": 690, "top": 140, "right": 840, "bottom": 330}
    center = {"left": 750, "top": 220, "right": 780, "bottom": 250}
    server.on(turn=1).reply(Reply(tool_calls=[FunctionCall("zoom", box)]))
    server.on(turn=2).reply(Reply(tool_calls=[FunctionCall("average_color", center)]))
    server.on(turn=3, tool_result=match.contains("#d")).reply("A red sun, low above the hills.")


def run(chat: Chat, functions: dict[str, Callable[..., Result]]) -> str:
    """Call functions until the model answers."""
    for _ in range(MAX_TURNS):
        response = chat.sample()
        chat.append(response)
        if not response.tool_calls:
            return response.content
        for call in response.tool_calls:
            result = functions[call.function.name](**json.loads(call.function.arguments))
            print(f"{call.function.name} {call.function.arguments} -> {result}")
            chat.append(tool_result(result, tool_call_id=call.id))
    raise RuntimeError(f"no answer after {MAX_TURNS} turns")


def main() -> None:
    """Ask about a small thing in an image."""
    options = arguments("Look closer at an image.", "photo.jpg")
    path = options.images[0]
    functions = tools(path)
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model, tools=list(functions.values()))
        chat.append(system(INSTRUCTIONS))
        chat.append(user("What is in the upper right?", image(path, max_side=512)))
        print(run(chat, functions))


if __name__ == "__main__":
    main()
