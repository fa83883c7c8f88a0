"""Read built pages: their content, their text, the ids of their headings."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path


def article(page: Path) -> str:
    """Return the HTML of a page's content, without header, navigation and footer."""
    html = page.read_text("utf-8")
    return html[html.index("<article") : html.index("</article>")]


def text(html: str) -> str:
    """Return what a reader sees of a piece of HTML."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def title(page: Path) -> str:
    """Return the text of a page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)<", article(page), re.DOTALL)
    assert found, page
    return text(found[1]).strip()


def ids(html: str) -> set[str]:
    """Return the ids of headings."""
    return set(re.findall(r'<h[1-6][^>]* id="([^"]+)"', html))
