"""Take the screenshots of docs/inspector.md: ``python docs/inspector_screens.py``.

It needs playwright and an installed chromium. Look at the images before you commit them.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from xai_vision import Client
from xai_vision.chat import image, system, tool, user
from xai_vision.testing import FakeServer, Fault, match

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from images import SAMPLES  # needs sys.path from above

IMAGES = Path(__file__).resolve().parent / "img"
BROWSER = os.environ.get("XAI_VISION_BROWSER") or shutil.which("chromium")
STOCK = tool("stock", "The number of items", {"type": "object", "properties": {}})


def make_calls(server: FakeServer) -> None:
    """Make the calls on the screenshots."""
    server.on(prompt=match.contains("chart"), name="charts").reply("The bars rise.")
    server.on(image=match.format("PNG"), name="screenshots").reply("A screenshot.")
    server.on(images=2, name="two photos").reply(
        "Both photos show hills at a lake. The second one is turned by a quarter.",
        ttft=0.04,
        tps=200,
    )
    photo, turned = SAMPLES["photo.jpg"](), SAMPLES["photo-private.jpg"]()
    with Client(api_key=server.api_key, api_host=server.target) as client:
        client.models.list_language_models()
        client.chat.create("grok-4", messages=[user("Hello!")]).sample()
        chat = client.chat.create("grok-4", messages=[user("What does the chart say?")])
        chat.sample()
        server.fault(Fault.unavailable(), next=1)
        chat = client.chat.create("grok-4", tools=[STOCK], temperature=0.2)
        chat.append(system("Describe images in one sentence."))
        chat.append(user("Compare these photos.", image(photo), image(turned, detail="low")))
        for _ in chat.stream():
            pass


def save(page: Page, name: str) -> None:
    """Save a screenshot with few colors, which keeps the file small."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(192).save(IMAGES / f"{name}.png", optimize=True)


def main() -> None:
    """Take all screenshots."""
    with FakeServer(inspect=True, unused="allow") as server, sync_playwright() as playwright:
        make_calls(server)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for name, scheme, size in (
            ("inspector", "light", (1200, 1000)),
            ("inspector-narrow", "dark", (390, 780)),
        ):
            width, height = size
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.goto(server.inspect_url)
            page.locator(".row", has_text="Compare").first.click()
            page.locator("figure img").last.wait_for()
            page.wait_for_load_state("load")
            page.wait_for_timeout(500)  # the thumbnails are drawn
            save(page, name)
            if name == "inspector":
                page.locator("section[aria-label=Answer]").scroll_into_view_if_needed()
                page.evaluate(
                    "document.querySelector('section[aria-label=Answer]').scrollIntoView()"
                )
                save(page, "inspector-answer")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
