"""Behavior on a terminal, tested on a pseudo-terminal."""

from __future__ import annotations

import itertools
import re
import signal
import threading

import pytest

from tests.cli.conftest import COMMAND, environment
from xai_vision.testing import Fault, Reply

pexpect = pytest.importorskip("pexpect")

from tests.cli.terminals import Terminal  # noqa: E402  # needs pexpect


def exit_code(child) -> int:
    child.expect(pexpect.EOF)
    child.process.wait(60)
    return child.code


def test_chat(terminal, server):
    server.on(prompt="What is it?").reply("A landscape.")
    server.on(prompt="And now?").reply("A chart too.")
    server.on(prompt="Stop me").reply(Reply("word " * 500, tps=20))
    child = terminal("chat", "photo.jpg", "--system", "Be brief")
    child.expect("you> ")
    child.sendline("What is it?")
    child.expect("A landscape.")
    child.expect("images 1,280")
    child.expect("you> ")
    child.sendline("/add chart.png notes.txt")
    child.expect("added chart.png")
    child.expect("notes.txt: ")
    child.expect("you> ")
    child.sendline("And now?")
    child.expect("A chart too.")
    child.expect("you> ")
    child.sendline("Stop me")
    child.expect("word word")
    child.sendintr()
    child.expect("prompt was removed")
    child.expect("you> ")
    child.sendline("/cost")
    child.expect(r"tokens in \(text .*\$0\.")
    child.expect("you> ")
    child.sendeof()
    assert exit_code(child) == 0
    second = server.calls[1].request
    assert [len(message.content) for message in second.messages] == [1, 2, 1, 2]
    assert [image.format for image in server.calls[1].images] == ["JPEG", "PNG"]


def test_chat_continues_after_a_failure(terminal, server):
    server.fault(Fault.internal("no luck"), next=1)
    child = terminal("chat")
    child.expect("you> ")
    child.sendline("/add photo.jpg")
    child.expect("added")
    child.sendline("What is it?")
    child.expect("no luck")
    child.expect("still pending")
    child.sendline("What is it?")
    child.expect("measured 1 image")
    child.expect("you> ")
    child.sendintr()
    child.expect("Ctrl-C again or Ctrl-D ends")
    child.expect("you> ")
    child.sendline("What is it?")
    child.expect("measured 1 image")
    child.expect("you> ")
    child.sendintr()
    child.expect("Ctrl-C again or Ctrl-D ends")
    child.expect("you> ")
    child.sendintr()
    assert exit_code(child) == 130


def test_chat_begins_with_the_model_and_the_images(terminal, server):
    server.on(prompt="one\ntwo").reply("Two lines.")
    child = terminal("chat", "photo.jpg", "--model", "grok-4-fast", "--max-tokens", "50")
    child.expect("grok-4-fast; /help lists commands")
    child.expect(r"photo.jpg \(JPEG, 640x480")
    child.expect("you> ")
    child.sendline("one\\")
    child.expect(r"\.\.\.> ")
    child.sendline("two")
    child.expect("Two lines.")
    child.expect("you> ")
    child.sendeof()
    assert exit_code(child) == 0
    assert server.calls.last.request.max_tokens == 50


def test_control_characters_are_replaced(terminal, server):
    server.on().reply("before\x1b[2J\x1b]0;title\x07after\x9b1m")
    child = terminal("ask", "Read it", "photo.jpg", "--quiet")
    assert child.read().replace("\r\n", "\n") == "before�[2J�]0;title�after�1m\n"


def test_interrupted(terminal, server):
    server.fault(Fault.hang())
    child = terminal("ask", "What?", "photo.jpg")
    assert server.calls.wait_for(1, timeout=60)
    child.kill(signal.SIGINT)
    child.expect("interrupted")
    assert exit_code(child) == 130


def test_preview_and_colors(terminal):
    child = terminal("inspect", "photo.jpg", COLORTERM="truecolor")
    text = child.read()
    assert "▀" in text
    assert "\x1b[38;2;" in text
    assert "640x480" in text
    plain = terminal("inspect", "photo.jpg", NO_COLOR="1", TERM="dumb").read()
    assert "▀" not in plain
    assert "\x1b" not in plain


@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=["dumb", "no color"])
@pytest.mark.slow
def test_output_without_colors(terminal, server, plain):
    server.on(prompt="bad").fault(Fault.status("INVALID_ARGUMENT", "bad it is"))
    for arguments in (("ask", "What?", "photo.jpg"), ("ask", "bad"), ("ask", "What?", "none.png")):
        assert "\x1b" in terminal(*arguments).read()
        assert "\x1b" not in terminal(*arguments, **plain).read()
    output = terminal("inspect", "photo.jpg", **plain).read()
    # NO_COLOR disables only colors, not bold and dim text.
    assert set(re.findall(r"\x1b\[([\d;]*)m", output)) <= (
        {"0", "1", "2"} if "TERM" not in plain else set()
    )
    assert "640x480" in output
    if "TERM" in plain:
        child = terminal("chat", "photo.jpg", **plain)
        child.expect("you> ")
        child.sendline("What is it?")
        child.expect("you> ")
        child.sendeof()
        assert "\x1b" not in child.before + child.read()
        assert (
            "\x1b"
            not in terminal("batch", "Describe", "photo.jpg", "--out", "a.jsonl", **plain).read()
        )
        assert "\x1b" not in terminal("models", **plain).read()


@pytest.mark.slow
def test_batch_shows_a_progress_bar(terminal, server):
    gate, numbers = threading.Event(), itertools.count()

    def reply(call):
        if next(numbers) >= 2:
            gate.wait(60)
        return "ok"

    server.on().side_effect(reply)
    child = terminal("batch", "Describe", ".", "--out", "a.jsonl", "-j", "2")
    child.expect(r"2/4.*tokens · \$")
    gate.set()
    child.expect("4 of 4 images done")
    assert exit_code(child) == 0


def test_completion_in_bash(folder, tmp_path):
    """Type a command in an interactive shell."""
    script = tmp_path / "bin" / "xai-vision"
    script.parent.mkdir()
    script.write_text(f'#!/bin/bash\nexec {" ".join(COMMAND)} "$@"\n')
    script.chmod(0o755)
    shell = Terminal(
        ["bash", "--norc", "--noprofile", "-i"],
        environment(
            PATH=f"{script.parent}:/usr/bin:/bin", TERM="dumb", PS1="$ ", INPUTRC="/dev/null"
        ),
        columns=100,
        echo=True,
    )
    try:
        shell.expect(r"\$ ")
        shell.sendline('eval "$(xai-vision completion bash)"')
        shell.expect(r"\$ ")
        shell.send("xai-vision insp\t")
        shell.expect("inspect ")
        shell.send("notes\t")
        shell.expect(r"notes\.txt ")
    finally:
        shell.kill(signal.SIGKILL)
        shell.close()
