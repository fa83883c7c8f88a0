"""Ask about each page of a PDF.

python examples/document.py [report.pdf] [--fake]
"""

from __future__ import annotations

from pathlib import Path

from connecting import arguments, connect
from PIL import Image

from xai_vision import prepare_pages
from xai_vision.chat import image, user

PROMPT = "What is on this page? Answer in one sentence."


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
    with connect(options.fake) as client:
        for page in prepare_pages(path, dpi=150, max_side=2000, max_bytes=1_000_000):
            chat = client.chat.create(options.model)
            chat.append(user(PROMPT, image(page, detail="high")))
            print(f"{page.describe()}: {chat.sample().content}\n")


if __name__ == "__main__":
    main()
