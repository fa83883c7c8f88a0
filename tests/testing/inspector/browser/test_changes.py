"""The page while calls arrive and change: clicks, focus."""

from __future__ import annotations

import threading

import pytest

from tests.testing.grpc_calls import read_stream
from tests.testing.inspector.browser.test_page import expect_count, open_page, open_row, wait
from tests.testing.waiting import until
from xai_vision.testing import Reply


@pytest.fixture
def messages(page):
    """The events that the page has received from the server."""
    received = []
    session = page.context.new_cdp_session(page)
    session.on("Network.eventSourceMessageReceived", lambda event: received.append(event))
    session.send("Network.enable")
    return received


def test_a_call_that_arrives_during_a_click(page, server, caller, messages):
    caller.sample("the pressed one")
    open_page(page, server, 1)
    box = page.locator(".row").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 20)
    page.mouse.down()
    caller.sample("the later one")
    until(lambda: page.title() and any("the later one" in str(m) for m in messages))
    # The rows stay where they are until the button is released.
    assert page.locator(".row").count() == 1
    page.mouse.up()
    page.wait_for_selector("#call[data-id] section")
    assert page.inner_text("#call h2") == "the pressed one"
    expect_count(page, 2)
    assert "the later one" in page.locator(".row").first.inner_text()


def test_a_changing_call_keeps_the_focus(page, server, caller):
    server.on().reply(Reply("one two three", chunks=3, ttft=0, tps=1))
    open_page(page, server)
    thread = threading.Thread(target=read_stream, args=[caller])
    thread.start()
    open_row(page, "Hi")
    page.locator("#stream ~ p button").focus()
    assert page.evaluate("document.activeElement.textContent") == "Replay"
    wait(page, "document.querySelector('#call .status').textContent === 'OK'")
    assert page.evaluate("document.activeElement.textContent") == "Replay"
    thread.join()
