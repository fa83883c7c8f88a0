"""Reports and the HTML of notebooks in a browser, without a server."""

from __future__ import annotations

from tests.sample_images import rotated_jpeg, sample
from tests.testing.grpc_calls import image_part
from tests.testing.inspector.browser.test_page import HOSTILE, wait
from xai_vision.testing._inspector.static_view import write_report


def make_calls(server, caller):
    server.on(images=2, name="mine").reply(HOSTILE, chunks=3)
    caller.sample(HOSTILE)
    list(caller.stream("Look", image_part(sample("photo.jpg")), image_part(rotated_jpeg(6))))


def test_a_report(page, server, caller, tmp_path):
    make_calls(server, caller)
    file = write_report(server, tmp_path, f"test.py::test[{HOSTILE}]", HOSTILE)
    server.stop()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    wait(page, "document.querySelectorAll('.row').length === 2")
    # The last call is open already.
    wait(
        page,
        "[...document.querySelectorAll('figure img')].filter(i => i.naturalWidth > 0).length === 2",
    )
    assert page.inner_text("#call h2") == "Look"
    assert "answered" in page.inner_text("#call")
    assert "alert(1)" in page.inner_text("#notes")
    page.locator("figure button").first.click()
    assert page.is_visible("#viewer img")
    page.keyboard.press("Escape")
    page.locator(".row").last.click()
    wait(page, "document.querySelector('#call h2').textContent.includes('alert(1)')")
    page.fill("#search", "look")
    wait(page, "document.querySelectorAll('.row').length === 1")
    assert page.locator("iframe, svg, img:not([alt])").count() == 0
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert [url for url in requests if url.startswith("file:")] == [file.as_uri()]


def test_a_report_can_be_copied_from(page, server, caller, tmp_path):
    server.on().reply("Hello")
    caller.sample("Hi")
    page.goto(write_report(server, tmp_path, "a", "").as_uri())
    assert not page.is_visible("header")
    page.get_by_text("Rule in Python").click()
    page.get_by_role("button", name="Copy", exact=True).first.click()
    wait(page, "[...document.querySelectorAll('button')].some(b => b.textContent === 'Copied')")


def test_a_notebook(page, server, caller):
    make_calls(server, caller)
    page.set_content(f"<p id='cell'>secret of the notebook</p>{server.calls._repr_html_()}")
    frame = page.frame_locator("iframe")
    frame.locator("#call[data-id] section").first.wait_for()
    frame.locator("figure img").first.wait_for()
    assert frame.locator(".row").count() == 2
    assert page.inner_text("pre").startswith("<2 calls")
    # The frame cannot read the notebook, nor ask another host.
    inner = page.frames[1]
    assert inner.evaluate(
        "() => { try { return parent.document.title } catch (e) { return e.name } }"
    ) == ("SecurityError")
    assert inner.evaluate("origin") == "null"
    assert page.locator("iframe").count() == 1


def test_a_call_in_a_notebook(page, server, caller):
    make_calls(server, caller)
    page.set_content(server.calls.last._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("#call[data-id] section").first.wait_for()
    assert frame.locator("#call h2").inner_text() == "Look"
    assert not frame.locator("#list").is_visible()  # there is nothing to choose from
    # Nor anything to go back to: Escape leaves the call open, also on a narrow screen.
    frame.locator("#call").press("Escape")
    assert frame.locator("#call h2").inner_text() == "Look"
    page.add_style_tag(content="iframe { width: 390px !important }")
    assert frame.locator("#call h2").is_visible()
    assert not frame.locator("#back").is_visible()
