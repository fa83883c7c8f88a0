"""The inspector's page in a browser."""

from __future__ import annotations

import socket

import pytest

from tests.sample_images import rotated_jpeg, sample
from tests.testing.grpc_calls import chat_message, image_part, open_caller, read_stream
from tests.testing.waiting import until
from xai_vision.proto import chat_pb2
from xai_vision.testing import FakeServer, Fault, Reply, match

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "<iframe srcdoc='<script>parent.alert(4)</script>'></iframe><style>*{display:none}</style>"
    "&lt;b&gt; javascript:alert(5) \u202e"
)
STOCK = chat_pb2.Tool(
    function=chat_pb2.Function(
        name="stock", description=HOSTILE, parameters='{"type": "object", "x": "<script>"}'
    )
)


def open_page(page, server, calls=None):
    page.goto(server.inspect_url)
    wait(page, "document.querySelector('#state').textContent === 'live'")
    if calls is not None:
        expect_count(page, calls)


def wait(page, script, argument=None):
    """Wait until a script is true. Playwright's own wait needs eval(), which the page forbids."""
    until(lambda: page.evaluate(script, argument))


def expect_count(page, count):
    wait(
        page,
        "count => document.querySelector('h1').textContent.startsWith(`${count} call`) || "
        "document.querySelector('h1').textContent.startsWith(`${count} of`)",
        count,
    )


def open_row(page, text):
    page.locator(".row", has_text=text).first.click()
    page.wait_for_selector("#call[data-id] section")


def test_calls_appear_live(page, server, caller):
    open_page(page, server, 0)
    caller.sample("the first")
    expect_count(page, 1)
    caller.sample("the second")
    expect_count(page, 2)
    rows = page.locator(".row").all_inner_texts()
    assert "the second" in rows[0]  # the newest first
    assert "the first" in rows[1]
    assert "OK" in rows[0]


def test_an_open_call_is_updated(page, server, caller):
    server.on().reply(Reply("one two three", ttft=0.5))
    open_page(page, server)
    import threading

    thread = threading.Thread(target=read_stream, args=[caller])
    thread.start()
    open_row(page, "Hi")
    wait(page, "document.querySelector('#stream')?.textContent === 'one two three'")
    assert page.locator("#call .status").inner_text() == "OK"
    thread.join()


def test_filters(page, server, caller):
    server.on(prompt=match.contains("cat"), name="cats").reply("Meow")
    caller.sample("a cat")
    caller.sample("a dog")
    caller.sample("a fish", model="grok-3")
    server.fault(Fault.unavailable())
    caller.expect_error("a bird")
    open_page(page, server, 4)

    def shown():
        return [text.split("\n")[1] for text in page.locator(".row").all_inner_texts()]

    page.fill("#search", "MEOW")  # also in the answer, in any case
    expect_count(page, 1)
    assert shown() == ["a cat"]
    page.fill("#search", "")
    page.select_option("#status", "UNAVAILABLE")
    expect_count(page, 1)
    assert shown() == ["a bird"]
    page.select_option("#status", "")
    page.select_option("#model", "grok-3")
    expect_count(page, 1)
    assert shown() == ["a fish"]
    page.select_option("#model", "")
    page.select_option("#rule", "on(name='cats', prompt=match.contains('cat'))")
    expect_count(page, 1)
    assert shown() == ["a cat"]
    page.select_option("#rule", "no rule matched")
    expect_count(page, 2)
    assert page.locator("h1").inner_text() == "2 of 4 calls"
    page.select_option("#rule", "")
    expect_count(page, 4)


def test_a_call_shows_everything(page, server, caller):
    server.on(prompt="other", name="other").reply("x")
    server.on(images=2, name="mine").reply("It is a photo.", reasoning="Hm")
    read_images(caller)
    open_page(page, server, 1)
    open_row(page, "What is it?")
    text = page.inner_text("#call")
    for part in (
        "Be brief", "What is it?", "EXIF orientation 6", " tokens · detail auto", "detail low",
        "function stock", "temperature", "It is a photo.", "Hm", "finish: stop", "prompt_tokens",
        "cost", "arrived", "rule on(name='mine'", "first chunk of", "end OK",
        "prompt='other', but it is 'What is it?'", "answered", "Rule in Python", "Rule in YAML",
    ):  # fmt: skip
        assert part in text, part
    page.get_by_text("Rule in Python").click()
    assert page.locator("details[open] pre").inner_text().startswith("server.on(")


def read_images(caller):
    list(
        caller.stream(
            messages=[
                chat_message("Be brief", role=chat_pb2.ROLE_SYSTEM),
                chat_message(
                    "What is it?",
                    image_part(sample("photo.jpg")),
                    image_part(rotated_jpeg(6), "low"),
                ),
            ],
            tools=[STOCK],
            temperature=0.5,
        )
    )


def test_thumbnails_are_loaded_and_open(page, server, caller):
    read_images(caller)
    open_page(page, server, 1)
    open_row(page, "What is it?")
    wait(
        page,
        "[...document.querySelectorAll('figure img')].filter(i => i.naturalWidth > 0).length === 2",
    )
    page.locator("figure button").nth(1).click()
    wait(page, "document.querySelector('#viewer img').naturalWidth > 0")
    shown = page.evaluate(
        "(i => [i.naturalWidth, i.naturalHeight])(document.querySelector('#viewer img'))"
    )
    stored = server.calls.last.images[1]
    assert shown == [stored.height, stored.width]  # upright
    assert "EXIF orientation" in page.inner_text("#viewer")
    assert stored.sha256 in page.inner_text("#viewer")
    page.keyboard.press("Escape")
    wait(page, "!document.querySelector('#viewer').open")
    assert page.locator("#call section").count() > 3  # the call stays open


def test_hostile_texts_are_inert(page, server, caller):
    server.on(name=HOSTILE).reply(HOSTILE, reasoning=HOSTILE)
    call = chat_pb2.ToolCall(
        id=HOSTILE, function=chat_pb2.FunctionCall(name=HOSTILE, arguments=HOSTILE)
    )
    file = chat_pb2.Content(
        file=chat_pb2.FileContent(data=b"text", filename=HOSTILE + ".txt", mime_type="text/plain")
    )
    messages = [
        chat_message(HOSTILE, role=chat_pb2.ROLE_SYSTEM),
        chat_message(HOSTILE, file),
        chat_pb2.Message(role=chat_pb2.ROLE_ASSISTANT, tool_calls=[call]),
        chat_pb2.Message(
            role=chat_pb2.ROLE_TOOL,
            tool_call_id=HOSTILE,
            content=[chat_pb2.Content(text=HOSTILE)],
        ),
    ]
    list(caller.stream(messages=messages, tools=[STOCK], user=HOSTILE))
    caller.expect_error(HOSTILE, model=HOSTILE)
    server.name = HOSTILE
    open_page(page, server, 2)
    for row in range(2):
        page.locator(".row").nth(row).click()
        page.wait_for_selector("#call[data-id] section")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert "alert(1)" in page.inner_text("#call")
        # Elements that only a text could have made.
        assert page.locator("iframe, svg, script:not([nonce]), img:not([alt])").count() == 0
        assert page.locator("style").count() == 1
        assert page.is_visible("#call")
    # A script of a dialog would have been recorded, and fails the test.


def test_a_script_without_the_nonce_does_not_run(page, server):
    open_page(page, server)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), "
        "{textContent: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None
    assert page.problems
    assert all("Content Security Policy" in problem for problem in page.problems)
    page.problems.clear()


def test_a_foreign_host_is_refused(browser, server, caller):
    # A name of another site that resolves to this machine.
    caller.sample("secret prompt")
    from tests.testing.inspector.browser.conftest import BROWSER

    other = browser.browser_type.launch(
        executable_path=BROWSER,
        args=["--no-sandbox", "--host-resolver-rules=MAP evil.example 127.0.0.1"],
    )
    page = other.new_page()
    response = page.goto(server.inspect_url.replace("127.0.0.1", "evil.example"))
    assert response.status == 403
    assert "secret prompt" not in page.content()
    other.close()


def test_another_site_cannot_frame_or_read_it(page, server, caller):
    caller.sample("secret prompt")
    page.set_content(f"<iframe src='{server.inspect_url}'></iframe>")
    result = page.evaluate(
        "url => fetch(url).then(r => r.text()).catch(e => e.name)", server.inspect_url
    )
    assert result == "TypeError"
    frame = page.frames[1]
    assert "secret prompt" not in frame.content()
    assert frame.locator("#list").count() == 0
    assert page.problems  # the browser reports both
    page.problems.clear()


def test_keyboard(page, server, caller):
    for name in ("one", "two", "three"):
        caller.sample(f"call {name}")
    open_page(page, server, 3)

    def selected():
        return page.locator('.row[aria-selected="true"]').inner_text().split("\n")[1]

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("call")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "list"
    page.keyboard.press("ArrowDown")
    assert selected() == "call three"
    page.keyboard.press("ArrowDown")
    assert selected() == "call two"
    page.keyboard.press("End")
    assert selected() == "call one"
    page.keyboard.press("ArrowDown")
    assert selected() == "call one"
    page.keyboard.press("Home")
    assert selected() == "call three"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#call[data-id] section")
    assert page.inner_text("#call h2") == "call two"
    assert page.evaluate("document.activeElement.id") == "call"
    page.keyboard.press("Escape")
    page.wait_for_selector("#call:not([data-id])")
    assert page.evaluate("document.activeElement.id") == "list"
    assert selected() == "call two"
    # All controls can be reached by Tab.
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"search", "status", "model", "rule", "list"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_page(page, server, caller, scheme):
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme)
    server.on(name="n" * 150).reply("word" * 100)
    caller.sample("unbroken" * 80, image_part(sample("photo.jpg")), user="u" * 200)
    open_page(page, server, 1)

    def overflow():
        return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    assert overflow() <= 0
    page.locator(".row").click()
    page.wait_for_selector("#call[data-id] section")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert overflow() <= 0
    assert (
        page.evaluate("(c => c.scrollWidth - c.clientWidth)(document.querySelector('#call'))") <= 0
    )
    assert not page.is_visible("#list")
    page.locator("figure button").click()
    assert page.evaluate("document.querySelector('#viewer').getBoundingClientRect().right") <= 390
    page.keyboard.press("Escape")
    page.click("#back")
    assert page.is_visible("#list")
    assert contrast(page, "#list .row .dim", scheme) >= 4.5
    assert contrast(page, "#list .row .status", scheme) >= 4.5


def contrast(page, selector, scheme):
    """Return the contrast of a text and the page's background, as WCAG defines it."""
    colors = page.evaluate(
        "s => [getComputedStyle(document.querySelector(s)).color, "
        "getComputedStyle(document.body).backgroundColor]",
        selector,
    )

    def luminance(color):
        parts = [int(part) / 255 for part in color[4:-1].split(",")]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, colors))
    assert (luminance(colors[1]) < 0.5) == (scheme == "dark")
    return (high + 0.05) / (low + 0.05)


def test_ten_thousand_calls_are_a_few_rows(page, server, caller):
    from xai_vision.testing import Call

    caller.sample("the real call")
    for number in range(9_999):
        server.calls.add(
            Call("GetCompletion", "xai_api.Chat", prompt=f"call {number}", status="OK")
        )
    open_page(page, server)
    wait(page, "document.querySelector('h1').textContent === '10,000 calls'")
    assert page.locator(".row").count() < 60
    page.evaluate("document.querySelector('#list').scrollTop = 5000 * 58")
    wait(page, "document.querySelector('.row').textContent.includes('call 50')")
    assert page.locator(".row").count() < 60
    before = page.evaluate("document.querySelector('#list').scrollTop")
    # A new call does not move the rows in view.
    first = page.locator(".row").nth(10).inner_text()
    server.calls.add(Call("GetCompletion", "xai_api.Chat", prompt="the newest", status="OK"))
    wait(page, "t => document.querySelector('#list').scrollTop > t", before)
    assert page.locator(".row").nth(10).inner_text() == first
    page.fill("#search", "call 123")
    expect_count(page, 11)
    assert page.locator(".row").count() == 11
    assert page.evaluate("document.querySelector('#list').scrollTop") == 0
    page.fill("#search", "")
    page.locator("#list").focus()
    page.keyboard.press("End")
    wait(page, "[...document.querySelectorAll('.row')].at(-1).textContent.includes('call')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#call[data-id]")


def test_a_cleared_log(page, server, caller):
    caller.sample("Hi")
    open_page(page, server, 1)
    server.calls.clear()
    expect_count(page, 0)
    assert page.locator(".row").count() == 0


def test_a_call_that_the_log_dropped(page, server, caller):
    caller.sample("Hi")
    open_page(page, server, 1)
    row = page.locator(".row")
    page.evaluate("window.fetch = () => Promise.resolve(new Response('gone', {status: 404}))")
    row.click()
    wait(page, "document.querySelector('#call').textContent === 'gone'")


def test_attempts_lead_to_each_other(page, server, caller):
    server.fault(Fault.unavailable(), next=1)
    caller.expect_error("Hi")
    caller.sample("Hi")
    open_page(page, server, 2)
    page.locator(".row").first.click()
    page.get_by_role("button", name="1. UNAVAILABLE").click()
    wait(page, "document.querySelector('#call .status').textContent === 'UNAVAILABLE'")


def test_copy(page, server, caller):
    server.on().reply("Hello")
    caller.sample("Hi")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, server, 1)
    open_row(page, "Hi")
    page.get_by_text("Rule in YAML").click()
    page.get_by_role("button", name="Copy", exact=True).last.click()
    wait(page, "[...document.querySelectorAll('button')].some(b => b.textContent === 'Copied')")
    assert page.evaluate("navigator.clipboard.readText()").startswith("rules:")


def test_the_page_says_when_the_server_is_gone(page, server, caller):
    open_page(page, server)
    server.stop()
    wait(page, "document.querySelector('#state').textContent === 'not connected'")
    page.goto("about:blank")
    page.problems.clear()  # the browser reports the refused connection


def test_the_page_connects_again(page):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = FakeServer(inspect=True, http_port=port)
    with server, open_caller(server) as caller:
        caller.sample("before the restart")
        open_page(page, server, 1)
    wait(page, "document.querySelector('#state').textContent === 'not connected'")
    server.clear()
    with server, open_caller(server) as caller:
        caller.sample("after the restart")
        wait(page, "document.querySelector('#state').textContent === 'live'")
        # The list is that of the new connection.
        wait(page, "document.querySelector('.row')?.textContent.includes('after the restart')")
        assert page.locator(".row").count() == 1
        page.close()
    page.problems.clear()  # the browser reports the refused connections
