"""``xai-vision files``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from xai_vision.testing import Fault


def test_upload_list_get_content_and_delete(xai_in_process, server, tmp_path):
    result = xai_in_process("files", "upload", "photo.jpg", "chart.png")
    assert result.code == 0, result.err
    ids = re.findall(r"^(file_\S+)  (\S+)$", result.out, re.MULTILINE)
    assert [name for _, name in ids] == ["photo.jpg", "chart.png"]
    photo = ids[0][0]
    listed = json.loads(xai_in_process("files", "list", "--sort-by", "filename", "--json").out)
    assert [row["filename"] for row in listed] == ["chart.png", "photo.jpg"]
    assert listed[1]["size"] == Path("photo.jpg").stat().st_size
    table = xai_in_process("files", "list", "--limit", "1", "--order", "desc").out
    assert "chart.png" in table
    assert "photo.jpg" not in table
    assert "never" in table
    shown = json.loads(xai_in_process("files", "get", photo, "--json").out)
    assert shown == listed[1]
    assert photo in xai_in_process("files", "get", photo).out
    copy = tmp_path / "copy.jpg"
    assert xai_in_process("files", "content", photo, "-o", str(copy)).code == 0
    assert copy.read_bytes() == Path("photo.jpg").read_bytes()
    assert xai_in_process("files", "delete", *(file for file, _ in ids)).out.startswith(
        f"deleted {photo}\n"
    )
    assert not server.files


def test_options_of_an_upload(xai_in_process, server):
    output = xai_in_process(
        "files", "upload", "notes.txt", "--name", "a.txt", "--expires-after", "3600", "--json"
    ).out
    (row,) = json.loads(output)
    assert row["filename"] == "a.txt"
    assert row["expires_at"]
    assert server.calls.last.request.init.expires_after == 3600
    text = xai_in_process("files", "content", row["id"], "--text").out
    assert text == Path("notes.txt").read_text()
    filtered = xai_in_process("files", "list", "--filter", 'name = "b"', "--json").out
    assert json.loads(filtered) == []


def test_stdin_and_stdout(xai, server):
    result = xai("files", "upload", "-", "--name", "data.bin", stdin=b"\x00b\r\n")
    assert result.code == 0, result.err
    assert server.calls.last.upload.size == 4
    (file_id,) = server.files
    assert server.files[file_id] == b"\x00b\r\n"
    assert xai("files", "content", file_id).out == "\x00b\r\n"


def test_a_file_that_fails_does_not_stop_the_others(xai_in_process, server):
    result = xai_in_process("files", "upload", "missing.jpg", "a;b.jpg", "photo.jpg")
    assert result.code == 1
    assert "missing.jpg: no such file" in result.err
    assert "photo.jpg" in result.out
    assert len(server.files) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["upload"], 2, "missing argument 'FILE...'"),
        (["upload", "a", "b", "--name", "c"], 2, "--name is for a single FILE"),
        (["upload", "-"], 2, "stdin has no name: add --name NAME"),
        (["upload", "photo.jpg", "--expires-after", "5"], 2, "--expires-after must be an integer"),
        (["upload", "photo.jpg", "--name", "a;b"], 2, "Pass another --name"),
        (["upload", "."], 2, "is not a regular file. Name a file"),
        (["get", "file_1"], 7, "xai-vision files list lists the files"),
        (["delete", "file_1"], 7, "File not found: file_1"),
        (["content", "file_1"], 7, "File not found: file_1"),
        (["list", "--order", "up"], 2, "'up' is not one of 'asc', 'desc'"),
        (["list", "--filter", "x"], 7, "Invalid filter at position 0"),
    ],
)
def test_errors(xai_in_process, arguments, code, words):
    result = xai_in_process("files", *arguments)
    assert (result.code, words in result.err) == (code, True), result.err


def test_a_failed_content_leaves_no_file(xai_in_process, server, tmp_path):
    server.files["file_1"] = b"x" * 100
    server.fault(Fault.internal(), method="RetrieveFileContent")
    target = tmp_path / "sub" / "copy"
    target.parent.mkdir()
    assert xai_in_process("files", "content", "file_1", "-o", str(target)).code == 6
    assert not list(target.parent.iterdir())


def test_binary_content_is_not_written_to_a_terminal(terminal, server):
    server.files["file_1"] = b"\x1b[2J"
    screen = terminal("files", "content", "file_1")
    assert "add --output FILE, or --text" in screen.read()
    assert "\x1b[2J" not in terminal("files", "content", "file_1", "--text").read()


def test_the_progress_of_an_upload_on_a_terminal(terminal, server):
    server.fault(Fault.latency(0.5), method="UploadFile")
    shown = terminal("files", "upload", "photo.jpg").read()
    assert "photo.jpg" in shown
    assert "━" in shown
    assert re.search(r"[\d.]+/(\?|[\d.]+) (bytes|KiB|MiB)", shown)
    assert re.search(r"file_\S+  photo.jpg", shown)


def test_the_fake_server(xai_in_process):
    result = xai_in_process("files", "upload", "photo.jpg", "--fake")
    assert result.code == 0
    assert "embedded fake server" in result.err
