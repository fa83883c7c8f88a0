"""Standard input is read or refused, never ignored."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest

from tests import sample_images
from tests.cli.conftest import COMMAND, server_environment


@pytest.fixture
def photo():
    return sample_images.sample("photo.jpg")


def test_an_image_that_is_piped(xai, server, photo):
    result = xai("ask", "What?", stdin=photo)
    assert result.code == 0, result.err
    (image,) = server.calls.last.images
    assert image.sha256 == hashlib.sha256(photo).hexdigest()
    result = xai("estimate", "What?", "--offline", stdin=photo)
    assert "for 1 image" in result.out


def test_an_image_that_is_redirected(server, folder, tmp_path, photo):
    with (folder / "photo.jpg").open("rb") as file:
        result = subprocess.run(
            [*COMMAND, "ask", "What?"],
            stdin=file,
            capture_output=True,
            env=server_environment(server, tmp_path),
            timeout=120,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    assert server.calls.last.images[0].sha256 == hashlib.sha256(photo).hexdigest()


@pytest.mark.parametrize("text", ["What is\nthis? ü", "  ä\n"])
def test_a_prompt_from_standard_input(xai, server, text):
    result = xai("ask", "-", "photo.jpg", stdin=text.encode())
    assert result.code == 0, result.err
    call = server.calls.last
    assert (call.prompt, len(call.images)) == (text.strip(), 1)


def test_a_prompt_for_the_other_commands(xai, server, folder):
    assert xai("batch", "-", "photo.jpg", "-o", "a.jsonl", stdin=b"Caption?\n").code == 0
    assert server.calls.last.prompt == "Caption?"
    short = xai("estimate", "-", "--offline", stdin=b"word")
    long = xai("estimate", "-", "--offline", stdin=b"word " * 1000)
    assert short.code == long.code == 0
    assert short.out != long.out
    batch = xai("batches", "create", "photos").out.strip()
    assert xai("batches", "add", batch, "-", "photo.jpg", stdin=b"Caption?").code == 0


@pytest.mark.parametrize("command", ["ask", "estimate"])
@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (["What?"], b"some text", 2, "standard input is text, not an image: pass - as PROMPT"),
        (["What?"], b"text " * 10_000, 2, "`< /dev/null` to ignore it"),
        (["What?"], b"\x00\xff\xfe binary", 3, "standard input: unrecognized image data"),
        (["-", "photo.jpg"], b"", 2, "no prompt on standard input"),
        (["-", "photo.jpg"], b" \n", 2, "no prompt on standard input"),
        (["-", "photo.jpg"], b"\xff\xd8\xff\xe0", 2, "is not UTF-8 text"),
        (["-", "-"], b"x", 2, "- can be used once only"),
        (["What?", "-", "-"], b"x", 2, "- can be used once only"),
        (["What?", "-"], b"", 3, "no image on standard input"),
    ],
)
def test_refused(xai, server, command, arguments, stdin, code, words):
    result = xai(command, *arguments, stdin=stdin)
    assert result.code == code
    assert words in result.err
    assert not server.calls


@pytest.mark.parametrize(
    "arguments", [["ask", "What?", "photo.jpg"], ["estimate", "What?", "photo.jpg", "--offline"]]
)
def test_input_beside_images_is_reported(xai, server, photo, arguments):
    result = xai(*arguments, stdin=photo)
    assert result.code == 0
    assert "standard input is not read; add - to the images" in result.err
    assert "standard input" not in xai(*arguments).err
    if arguments[0] == "ask":
        assert xai(*arguments, "--quiet", stdin=photo).err == ""


def test_a_loop_of_a_shell_keeps_its_input(server, folder, tmp_path):
    """The command does not consume the lines that `read` has not read yet."""
    script = f"""while read name; do {" ".join(COMMAND)} ask What? "$name" -q; done"""
    result = subprocess.run(
        ["bash", "-c", script],
        input="photo.jpg\nchart.png\n",
        capture_output=True,
        text=True,
        env=server_environment(server, tmp_path),
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert [call.images[0].format for call in server.calls] == ["JPEG", "PNG"]


def test_waiting_for_a_pipe_is_reported(server, folder, tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "ask", "What?"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=server_environment(server, tmp_path),
    )
    assert process.stderr
    assert process.stderr.readline() == (
        "waiting for an image on standard input; `< /dev/null` passes none\n"
    )
    _, err = process.communicate(timeout=120)  # closes the pipe
    assert process.returncode == 0, err
    assert not server.calls.last.images


@pytest.mark.parametrize("redirection", ["< /dev/null", "<&-", "< /dev/zero"])
def test_no_input(server, folder, tmp_path, redirection):
    result = subprocess.run(
        ["bash", "-c", f'exec "$@" {redirection}', "bash", *COMMAND, "ask", "Hi"],
        capture_output=True,
        env=server_environment(server, tmp_path),
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert not server.calls.last.images


def test_names_need_an_option(xai, server):
    result = xai("batch", "Any text?", "-o", "a.jsonl", stdin=b"photo.jpg\n")
    assert result.code == 2
    assert "no images to process; --from - reads their names from standard input" in result.err
    result = xai("batch", "Any text?", "chart.png", "-o", "a.jsonl", stdin=b"photo.jpg\n")
    assert result.code == 0
    assert "standard input is not read; add --from -" in result.err


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\n", b"GIF89a\x00\x01\n", b"Hello\n\xe9\n"])
def test_chat_refuses_what_is_not_text(xai, server, data):
    result = xai("chat", stdin=data)
    assert result.code == 2
    assert "standard input is not UTF-8 text" in result.err
    assert "xai-vision chat photo.jpg" in result.err
    assert len(server.calls) == data.startswith(b"Hello")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("command", ["ask", "batch"])
def test_a_named_pipe_as_image(xai, server, folder, command):
    os.mkfifo(folder / "pipe.jpg")
    out = ["-o", "a.jsonl"] if command == "batch" else []
    result = xai(command, "What?", "pipe.jpg", *out)
    assert result.code == 3
    assert "pipe.jpg: is a pipe or a device, not a regular file" in result.err
    assert not server.calls
