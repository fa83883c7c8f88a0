"""The site in Chromium: `scripts/test site`. Skipped where no browser is installed.

CHROMIUM names the program; otherwise it is looked for on the PATH. XAI_VISION_SCREENSHOTS names a
folder that gets a picture of each page that is opened.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

pytestmark = pytest.mark.slow

PAGES = ("", "quickstart/", "images/", "testing/", "comparison/", "api/chat/")
WIDTHS = (1280, 390)
# The word that is typed -> the page that has to come first.
SEARCHES = {
    "image": "images/",
    "images": "images/",
    "logging": "logging/",
    "log": "logging/",
    "handler": "logging/",
    "mock": "testing/",
    "retry": "retries/",
    "retries": "retries/",
    "streaming": "streams/",
    "error": "errors/",
    "proxy": "networks/",
    "batch": "batches/",
    "cost": "cost/",
    "pdf": "images/",
    "migration": "moving/",
    "changelog": "changelog/",
    "security": "security/",
    "AsyncChat": "api/chat/",
}
RESULTS = """() => {
  const links = [];
  const walk = root => {
    for (const element of root.querySelectorAll("*")) {
      if (!element.shadowRoot) continue;
      for (const link of element.shadowRoot.querySelectorAll("a")) links.push(link.href);
      walk(element.shadowRoot);
    }
  };
  walk(document);
  return links;
}"""
# Texts that begin or end outside of the window, and do not scroll inside a box of their own.
CUT = """() => {
  const cut = [];
  const scrolls = element => {
    for (let e = element; e && e !== document.body; e = e.parentElement)
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)) return true;
    return false;
  };
  for (const e of document.querySelectorAll("article :is(h1, h2, h3, p, li)")) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > innerWidth + 1) && !scrolls(e))
      cut.push(e.innerText.slice(0, 60));
  }
  return cut;
}"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """Start Chromium with one cache for all tests."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no browser: install chromium, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, which CI is.
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium.new_context()
        chromium.close()


@pytest.fixture
def page(browser: BrowserContext, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a tab that fails the test for each error of a page, and each request to another host."""
    tab = browser.new_page()
    tab.set_viewport_size({"width": getattr(request, "param", 1280), "height": 900})
    tab.set_default_timeout(60_000)
    problems: list[str] = []
    here = (address, "data:", "blob:")
    tab.on("request", lambda made: made.url.startswith(here) or problems.append(made.url))
    tab.on("response", lambda got: got.status < 400 or problems.append(f"{got.status} {got.url}"))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on(
        "console",
        lambda line: line.type in ("error", "warning") and problems.append(line.text),
    )
    yield tab
    tab.close()
    assert problems == []


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_the_window(page, address, name):
    page.goto(address + name)
    width = page.viewport_size["width"]
    if folder := os.environ.get("XAI_VISION_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name.strip('/').replace('/', '-')}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.locator("article h1").is_visible()
    # Code that is wider than the window scrolls inside its box.
    for box in page.locator("article pre").all()[:20]:
        assert box.bounding_box()["width"] <= width


def test_images_of_the_home_page_are_shown(page, address):
    page.goto(address)
    images = page.locator("article img")
    assert images.count() >= 1
    for number in range(images.count()):
        assert images.nth(number).evaluate("image => image.complete && image.naturalWidth") >= 100


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_dark_mode(page, address):
    page.goto(address)
    page.evaluate("localStorage.clear()")  # the mode that another test chose
    page.emulate_media(color_scheme="light")
    page.reload()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for name in ("Switch to light mode", "Switch to dark mode"):
        page.locator(f'label[title="{name}"]:visible').click()
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.goto(address + "images/")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"


def test_search_leads_to_the_right_page_first(page, address):
    page.goto(address)
    # The page ignores the key until its script has run.
    for _ in range(300):
        if page.evaluate("document.activeElement !== document.body"):
            break
        page.keyboard.press("/")
        page.wait_for_timeout(200)
    found = {}
    for word in SEARCHES:
        page.keyboard.insert_text(word)
        page.wait_for_function(f"({RESULTS})().length > 0")
        first = page.evaluate(RESULTS)[0]
        found[word] = first.removeprefix(address).partition("?")[0]
        # An empty list, so that the next word does not meet these results.
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.wait_for_function(f"({RESULTS})().length === 0")
    assert found == SEARCHES


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_the_next_page_is_one_click_away(page, address):
    page.goto(address + "quickstart/")
    page.locator("a.md-footer__link--next").click()
    page.wait_for_url(address + "images/")
    page.locator("a.md-footer__link--prev").click()
    page.wait_for_url(address + "quickstart/")
