"""A browser: Debian's chromium, or the program that XAI_VISION_BROWSER names."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

from tests.testing.grpc_calls import open_caller
from tests.testing.waiting import LIMIT
from xai_vision.testing import FakeServer

BROWSER = os.environ.get("XAI_VISION_BROWSER") or shutil.which("chromium")
# The package has an environment of its own; see scripts/test.
collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]


@pytest.fixture(scope="session")
def browser():
    if BROWSER is None:
        pytest.skip("no browser is installed: apt-get install chromium, or set XAI_VISION_BROWSER")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without the sandbox, because tests run as root in CI. They load only our own page.
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """A page that fails its test for an error in the console, or a request to another host.

    It is closed before the server stops: the end of the server is an error in the console.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(LIMIT * 1000)
    page = context.new_page()
    problems = []
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    page.problems = problems
    yield page
    context.close()
    assert not problems


@pytest.fixture
def server():
    with FakeServer(inspect=True, unused="allow") as running:
        yield running


@pytest.fixture
def caller(server):
    with open_caller(server) as caller:
        yield caller
