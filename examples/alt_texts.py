"""Write the missing alternative texts of the images of a site, into PAGE.alt.html.

python examples/alt_texts.py [page.html ...] [--fake]
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from connecting import arguments, connect
from pydantic import BaseModel

from xai_vision import Client, errors
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer, match

SAMPLE = """<h1>Our valley</h1>
<p>Walk through the hills.</p> <img src="photo.jpg">
<p>How many parcels arrive?</p> <img src="chart.png">
<img src="logo.png" alt="Valley Tours"> <img src="missing.jpg">
"""
PROMPT = """Write the alt attribute of this image for the page below, in its language. Say what the
image contributes to the page, not "image of". A purely decorative image has an empty text.

{page}"""
# A parser of HTML would not keep the form of the page.
IMAGES = re.compile(r"<img\b(?![^>]*\balt\s*=)[^>]*?\bsrc\s*=\s*[\"']([^\"']+)[\"'][^>]*>", re.I)


class AltText(BaseModel):
    """A text of at most 125 characters."""

    text: str


def rules(server: FakeServer) -> None:
    """Reply like a model that sees the samples."""
    photo = {"text": "Green hills below a blue sky, a red sun"}
    server.on(image=match.format("JPEG")).reply_json(photo)
    chart = {"text": "Parcels per day: most on Friday, 95; fewest on Sunday, 8"}
    server.on(image=match.format("PNG")).reply_json(chart)


def describe(client: Client, model: str, page: str, source: Path | str) -> str:
    """Return the alternative text of an image on a page."""
    message = user(PROMPT.format(page=page[:20_000]), image(source))
    chat = client.chat.create(model, temperature=0, messages=[message])
    _, alt = chat.parse(AltText)
    return alt.text


def main() -> None:
    """Describe the images of each page."""
    options = arguments("Write alternative texts.", "photo.jpg", "chart.png")
    pages = options.images
    if pages[0].suffix != ".html":
        pages = [pages[0].with_name("index.html")]
        pages[0].write_text(SAMPLE)
    with connect(options.fake, rules) as client:
        for path in pages:
            page = path.read_text("utf-8")

            def added(tag: re.Match[str], path: Path = path, page: str = page) -> str:
                name = html.unescape(tag[1])
                try:
                    source = name if ":" in name else path.parent / name
                    text = describe(client, options.model, page, source)
                except errors.ImageError as error:
                    print(f"{name}: skipped, {error}")
                    return tag[0]
                print(f"{name}: {text}")
                return f'{tag[0].rstrip("/>").rstrip()} alt="{html.escape(text)}">'

            path.with_suffix(".alt.html").write_text(IMAGES.sub(added, page), "utf-8")
    print("", pages[-1].with_suffix(".alt.html").read_text("utf-8"), sep="\n")


if __name__ == "__main__":
    main()
