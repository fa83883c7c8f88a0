"""Reports of failed tests: ``pytest --xai-report=DIR``."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.sample_images import sample
from tests.testing.conftest import run  # noqa: F401 - a fixture
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.testing import FakeServer, Reply
from xai_vision.testing._inspector.static_view import page_of_calls, write_report

HEAD = """
from tests.testing.grpc_calls import image_part
from tests.sample_images import sample
"""
FAILING = (
    HEAD
    + """
def test_it(xai_server):
    xai_server.on(images=1, name="mine").reply("A photo", chunks=2)
    with open_caller(xai_server) as caller:
        list(caller.stream("What is it?", image_part(sample("photo.jpg")), user=xai_server.api_key))
    assert 0, "the answer is wrong"
"""
)


def content_of(page):
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data[1])


def reports(folder):
    return {path: content_of(path.read_text("utf-8")) for path in sorted(folder.glob("*.html"))}


def test_a_failed_test_has_a_report(run, pytester):  # noqa: F811
    result = run(FAILING, "--xai-report=out/reports")
    result.assert_outcomes(failed=1)
    ((path, content),) = reports(pytester.path / "out" / "reports").items()
    assert re.fullmatch(r"test_it.py-test_it-[0-9a-f]{8}\.html", path.name)
    result.stdout.fnmatch_lines(["*fake xAI server*", f"Calls with their images: {path}"])
    (call,) = content["calls"]
    assert call["messages"][0]["parts"][0]["text"] == "What is it?"
    assert call["rules"][0][1] is True
    assert [chunk[1] for chunk in call["chunks"] if chunk[1]]
    assert "rule" in [kind for _, kind, _ in call["timeline"]]
    (image,) = call["images"]
    assert content["thumbnails"][image["sha256"]].startswith("data:image/jpeg;base64,")
    assert content["notes"][0] == "test_it.py::test_it"
    assert "the answer is wrong" in content["notes"][-1]


def test_passed_tests_have_none(run, pytester):  # noqa: F811
    text = """
def test_it(xai_server):
    with open_caller(xai_server) as caller:
        caller.sample("Hi")
"""
    result = run(text, "--xai-report=reports")
    result.assert_outcomes(passed=1)
    assert not (pytester.path / "reports").exists()


def test_without_the_option_there_is_none(run, pytester):  # noqa: F811
    result = run(FAILING + "    assert xai_server.calls.last.trace is None\n")
    result.assert_outcomes(failed=1)
    assert not list(pytester.path.rglob("*.html"))
    assert "Calls with their images" not in result.stdout.str()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("def test_it(xai_server):\n    xai_server.on().reply('x')\n", "failed"),
        (
            """
@pytest.fixture
def broken(xai_server):
    with open_caller(xai_server) as caller:
        caller.sample("in the fixture")
    raise RuntimeError
def test_it(broken): pass
""",
            "errors",
        ),
        (
            """
@pytest.fixture
def late(xai_server):
    yield
    xai_server.on().reply("x")
def test_it(late): pass
""",
            "errors",
        ),
        (
            "@pytest.mark.xai_fake(admin_token='of-the-test')\n"
            "def test_it(xai_server):\n    assert 0\n",
            "failed",
        ),
    ],
    ids=["verification", "setup", "teardown", "server of its own"],
)
def test_every_kind_of_failure_has_a_report(run, pytester, text, outcome):  # noqa: F811
    result = run(text, "--xai-report=reports")
    assert result.parseoutcomes()[outcome] == 1
    ((path, content),) = reports(pytester.path / "reports").items()
    assert f"Calls with their images: {path}" in result.stdout.str()
    assert content["notes"]


def test_with_xdist(run, pytester, monkeypatch):  # noqa: F811
    pytest.importorskip("xdist")
    text = HEAD + "@pytest.mark.parametrize('x', [1, 2])\n" + FAILING.removeprefix(HEAD).lstrip()
    text = text.replace("(xai_server):", "(xai_server, x):")
    result = run(text, "-p", "xdist", "-n", "2", "--xai-report=reports")
    result.assert_outcomes(failed=2)
    found = reports(pytester.path / "reports")
    assert len(found) == 2
    for path in found:
        assert str(path) in result.stdout.str()


def test_the_page_of_a_run(run, pytester):  # noqa: F811
    text = """
def test_it(xai_server, _xai_session_server):
    with open_caller(xai_server) as caller:
        caller.sample("Hi")
    assert xai_server.name == "test_it.py::test_it"
    print("URL", _xai_session_server.inspect_url)
"""
    result = run(text, "-s", ini="xai_fake = {inspect = true}")
    result.assert_outcomes(passed=1)
    output = result.stdout.str()
    url = re.search("URL (http://.*/)", output)[1]
    assert f"Calls of the fake xAI server: {url}\n" in output


def test_keys_are_not_in_it(run, pytester):  # noqa: F811
    text = FAILING.replace('"What is it?"', 'f"The key is {xai_server.api_key}"')
    text = text.replace('"the answer is wrong"', "xai_server.api_key")
    text = text.replace("    assert 0", "    print('KEY', xai_server.api_key)\n    assert 0")
    result = run(text, "--xai-report=reports", "--showlocals")
    key = re.search("KEY (xai-fake-[0-9a-f]+)", result.stdout.str())[1]
    ((path, content),) = reports(pytester.path / "reports").items()
    page = path.read_text("utf-8")
    assert content["calls"][0]["messages"][0]["parts"][0]["text"] == "The key is ***"
    assert "***" in content["notes"][-1]
    for start in range(9, len(key) - 8, 8):
        assert key[start : start + 8] not in page


def test_a_folder_that_cannot_be_written(run, pytester):  # noqa: F811
    (pytester.path / "file").write_text("")
    result = run(FAILING, "--xai-report=file")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The report cannot be written: *", "*the answer is wrong*"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.py::t[x/y]", "a.py::t[x:y]"),
        ("a.py::t[" + "x" * 500 + "]", "a.py::t[" + "x" * 501 + "]"),
        ("../../etc/passwd", "etc/passwd"),
        ("a.py::t[é]", "a.py::t[è]"),
        ("a.py::t[\ud800]", "a.py::t[]"),
    ],
)
def test_each_test_has_a_file_of_its_own(tmp_path, one, other):
    with FakeServer() as server:
        paths = [write_report(server, tmp_path / "r", name, "") for name in (one, other)]
    assert paths[0] != paths[1]
    assert {path.parent for path in paths} == {tmp_path / "r"}
    assert all(len(path.name) < 150 and path.is_file() for path in paths)


def calls_with(*texts, images=()):
    with FakeServer() as server, open_caller(server) as caller:
        server.on().reply(Reply("x"))
        for text in texts:
            caller.sample(text, *map(image_part, images))
        return list(server.calls)


def test_the_size_is_bounded():
    calls = calls_with(*["word " * 2_000] * 20, images=[sample("photo.jpg")])
    page = page_of_calls(calls, ["n" * 100_000], 200_000, "")
    content = content_of(page)
    assert len(page) < 200_000 + 100_000
    assert 0 < len(content["calls"]) < 20
    assert content["calls"][-1]["id"] == f"{calls[-1]._id:016x}"  # the newest
    assert content["notes"][-1] == f"The page has the last {len(content['calls'])} calls of 20."
    assert content["notes"][0].endswith("80,000 more characters")


def test_the_number_of_calls_is_bounded(monkeypatch):
    monkeypatch.setattr("xai_vision.testing._inspector.static_view._MAX_CALLS", 3)
    content = content_of(page_of_calls(calls_with(*map(str, range(5))), [], 10**6, ""))
    assert [call["prompt"] for call in content["calls"]] == ["2", "3", "4"]
    assert content["notes"] == ["The page has the last 3 calls of 5."]


def test_a_call_that_is_too_large_has_shorter_texts():
    content = content_of(page_of_calls(calls_with("word " * 50_000), [], 30_000, ""))
    assert "more characters" in content["calls"][0]["messages"][0]["parts"][0]["text"]


def test_images_without_room_are_left_out():
    calls = calls_with("Hi", images=[sample("photo.jpg")])
    content = content_of(page_of_calls(calls, [], 12_000, ""))
    assert content["calls"]
    assert content["thumbnails"] == {}


def test_the_html_of_a_notebook():
    with FakeServer() as server, open_caller(server) as caller:
        server.on(name="mine <b>").reply("Hello")
        caller.sample("Hi </iframe><script>alert(1)</script>", image_part(sample("photo.jpg")))
        caller.sample("Again")
        shown = server.calls.last._repr_html_()
        both = server.calls._repr_html_()
        one = server.calls.where(prompt="Again")._repr_html_()
    pages = [html.unescape(re.search(r'srcdoc="([^"]*)"', text)[1]) for text in (shown, both, one)]
    contents = [content_of(page) for page in pages]
    assert [len(content["calls"]) for content in contents] == [1, 2, 1]
    assert contents[0]["calls"][0]["rules"] == [["on(name='mine <b>')", True, ""]]
    assert len(contents[1]["thumbnails"]) == 1
    for text in (shown, both, one):
        assert 'sandbox="allow-scripts"' in text
        assert text.startswith("<pre>&lt;")
        assert text.count("<iframe") == 1
        assert "<script" not in text


def test_an_empty_list_in_a_notebook():
    with FakeServer() as server:
        text = server.calls._repr_html_()
    assert "0 calls" in text
    assert content_of(html.unescape(text))["calls"] == []


def test_the_files_of_the_page_are_in_the_package():
    import xai_vision.testing._inspector as package

    names = {path.name for path in (Path(package.__file__).parent / "static").iterdir()}
    assert {"page.html", "page.css", "dom.js", "list.js", "call.js", "main.js"} == names
