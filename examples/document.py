"""Ask about each page of a PDF.

python examples/document.py [report.pdf] [--fake]
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from connecting import arguments, connect
from PIL import Image
from pydantic import BaseModel, Field

from xai_vision import prepare_pages
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer, Reply

PROMPT = "What is on this page?"


class Page(BaseModel):
    """The content of a page."""

    kind: Literal["text", "table", "chart", "photo", "empty"]
    summary: str = Field(description="one sentence")


def rules(server: FakeServer) -> None:
    """Reply like a model that reads the sample."""
    first = {"kind": "table", "summary": "A list of 60 receipts with their amounts in EUR."}
    second = {"kind": "table", "summary": "The same list, scanned upside down."}
    server.on(images=1).replies(Reply.json(first), Reply.json(second))


def sample_pdf(scan: Path) -> Path:
    """Put a scanned page into a PDF, twice."""
    path = scan.with_suffix(".pdf")
    with Image.open(scan) as page:
        page.save(path, save_all=True, append_images=[page.rotate(180)], resolution=150)
    return path


def main() -> None:
    """Render the pages one at a time and ask about each."""
    options = arguments("Ask about the pages of a PDF.", "scan.jpg")
    path = options.images[0]
    if path.suffix != ".pdf":
        path = sample_pdf(path)
    with connect(options.fake, rules) as client:
        for page in prepare_pages(path, dpi=150, max_side=2000, max_bytes=1_000_000):
            chat = client.chat.create(options.model)
            chat.append(user(PROMPT, image(page, detail="high")))
            _, content = chat.parse(Page)
            print(f"{page.source} ({content.kind}): {content.summary}")


if __name__ == "__main__":
    main()
