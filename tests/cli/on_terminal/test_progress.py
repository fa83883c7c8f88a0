"""Messages never share a line with a progress bar, and no part of a bar stays behind."""

from __future__ import annotations

import re
import signal
import threading

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, server_environment
from xai_vision.testing import Fault, Reply

pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

from tests.cli.terminals import Terminal  # noqa: E402  # needs pexpect

BAR = re.compile(r"[━╸╺]{3}")


def drawn(output: str, columns: int) -> list[str]:
    """Return the lines that a person sees."""
    display = pyte.HistoryScreen(columns, 200)
    pyte.Stream(display).feed(output)
    return [line.rstrip() for line in display.display if line.strip()]


@pytest.fixture
def start(server, folder, tmp_path):
    """Start the command on a terminal."""
    children = []

    def run(*arguments: str, columns: int = 100) -> Terminal:
        variables = {**server_environment(server, tmp_path), "TERM": "xterm-256color"}
        child = Terminal([*COMMAND, *arguments], variables, columns=columns)
        children.append(child)
        return child

    yield run
    for child in children:
        child.close()


@pytest.fixture
def gate(server, folder):
    """Make many images, a few of them bad, and let the last good one wait."""
    gate = threading.Event()
    for number in range(12):
        (folder / f"n{number:02}.jpg").write_bytes(sample_images.sample("photo.jpg"))
    for number in range(5):
        (folder / f"m{number}.jpg").write_text("not an image")

    def reply(call):
        if call.images[0].format == "PNG":
            gate.wait(60)
        return "ok"

    server.on().side_effect(reply)
    yield gate
    gate.set()


def names() -> list[str]:
    good = [f"n{number:02}.jpg" for number in range(12)]
    bad = [f"m{number}.jpg" for number in range(5)]
    return [*good[:6], *bad, *good[6:], "chart.png"]


def assert_clean(lines: list[str]) -> None:
    for line in lines:
        assert not (BAR.search(line) and re.search("xai-vision|images|info:", line)), line
    bars = [line for line in lines if BAR.search(line)]
    assert len(bars) == 1, lines


@pytest.mark.parametrize("columns", [100, 80, 60])
def test_errors_of_a_batch(start, gate, columns):
    child = start("batch", "Hi", *names(), "-o", "a.jsonl", "-j", "4", columns=columns)
    child.expect("17/18")  # all but the one that waits
    before = child.before
    gate.set()
    lines = drawn(before + child.after + child.read(), columns)
    if columns >= 80:
        assert_clean(lines)
    joined = "".join(line.ljust(columns) for line in lines)
    errors = re.findall(r"xai-vision: m\d\.jpg: unrecognized image data", re.sub(" +", " ", joined))
    assert len(errors) == 5
    starts = [line for line in lines if line.startswith("xai-vision: m")]
    assert len(starts) == 5  # each on a line of its own
    assert any(line.startswith("13 of 18 images done, results in a.jsonl") for line in lines)


def test_an_interrupted_batch(start, gate):
    child = start("batch", "Hi", *names(), "-o", "a.jsonl")
    child.expect("17/18")
    before = child.before + child.after
    child.kill(signal.SIGINT)
    lines = drawn(before + child.read(), 100)
    assert_clean(lines)
    assert "xai-vision: interrupted. The same command resumes." in lines


def test_a_resumed_batch_counts_on_one_scale(start, gate):
    gate.set()
    start("batch", "Hi", *names()[:6], "-o", "a.jsonl").read()
    child = start("batch", "Hi", *names(), "-o", "a.jsonl")
    output = child.read()
    counts = re.findall(r"(\d+)/(\d+)", output)
    assert {total for _, total in counts} == {"18"}
    # The count includes the images of the first run, which are read again.
    assert counts[-1] == ("18", "18")
    assert "13 of 18 images done" in output


def test_log_records(start, server, gate):
    gate.set()
    server.fault(Fault.unavailable(), next=3)
    child = start("batch", "Hi", "n01.jpg", "n02.jpg", "-o", "a.jsonl", "-v")
    lines = drawn(child.read(), 100)
    assert_clean(lines)
    assert len([line for line in lines if line.startswith("info: GetCompletion: retry in")]) == 3


def test_results_on_the_terminal(start, gate):
    gate.set()
    lines = drawn(start("batch", "Hi", *names(), "-o", "-").read(), 100)
    assert_clean(lines)
    starts = [line for line in lines if line.startswith('{"id": "')]
    assert len(starts) == 18
    assert len([line for line in starts if '"answer": "ok"' in line]) == 13


def test_uploads(start, server):
    lines = drawn(start("files", "upload", "photo.jpg", "nope.jpg", "chart.png").read(), 100)
    ids = [line for line in lines if re.fullmatch(r"file_\S+  (photo.jpg|chart.png)", line)]
    assert len(ids) == 2
    assert [line for line in lines if line.startswith("xai-vision: nope.jpg: ")]
    assert not any(BAR.search(line) for line in lines)  # it is transient


def test_a_batch_of_the_service(start, server, xai_in_process):
    server.on().reply(Reply("ok"))
    batch = xai_in_process("batches", "create", "b").out.strip()
    xai_in_process("batches", "add", batch, "Hi", "photo.jpg")
    lines = drawn(start("batches", "wait", batch, "--interval", "0.05").read(), 100)
    assert lines == [f"{batch}  b  1 of 1 done"]


@pytest.mark.parametrize("columns", [40, 25])
def test_the_count_is_whole_in_a_narrow_terminal(start, gate, columns):
    child = start("batch", "Hi", *names(), "-o", "a.jsonl", columns=columns)
    child.expect(r"17/18[^\r\n]*")
    line = child.after
    gate.set()
    child.read()
    assert len(re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", line)) <= columns


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["batch", "Hi", "photo.jpg", "-o", "-"], '{"id": "photo.jpg", '),
        (["files", "upload", "photo.jpg"], "file_"),
    ],
    ids=["batch", "upload"],
)
def test_a_bar_does_not_take_what_goes_to_a_file(server, folder, tmp_path, arguments, first):
    """rich would print what is written to stdout on the terminal, where the bar is."""
    command = ["sh", "-c", 'exec "$@" > out.txt', "sh", *COMMAND, *arguments]
    variables = {**server_environment(server, tmp_path), "TERM": "xterm-256color"}
    child = Terminal(command, variables, columns=100)
    try:
        shown = child.read()
    finally:
        child.close()
    assert (folder / "out.txt").read_text().startswith(first)
    assert first not in shown
