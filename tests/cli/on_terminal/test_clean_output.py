"""No control, C1 or bidirectional character of others reaches a terminal, in JSON either."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import sample_images
from tests.cli.on_terminal.hostile import BAD, HOSTILE, NAME, filled, leaked
from tests.client.http2_server import answer, serve
from xai_vision import Client
from xai_vision._cli.terminal import clean, clean_line, json_text
from xai_vision.chat import user
from xai_vision.proto import batch_pb2, chat_pb2, files_pb2, models_pb2
from xai_vision.testing import Fault, Reply

pytest.importorskip("pexpect")


@given(st.text(st.characters(exclude_categories=())))
def test_clean(text):
    cleaned = clean(text)
    assert not set(cleaned) & set(BAD)
    assert not set(clean_line(text)) & set(BAD + "\n\t")
    # Nothing else is lost.
    kept = [char for char in text.replace("\r\n", "\n") if char not in BAD]
    assert [char for char in cleaned if char != "\ufffd"] == [c for c in kept if c != "\ufffd"]


@given(st.text(st.characters(exclude_categories=())), st.sampled_from([None, 2]))
def test_json_text(text, indent):
    shown = json_text({"a": [text], text: 1}, indent=indent)
    assert json.loads(shown) == {"a": [text], text: 1}
    assert not set(shown) & set(BAD)
    shown.encode()  # without lone surrogates


def chunk(**fields):
    output = {"index": 0, "delta": {"content": HOSTILE, "role": 2}, "finish_reason": 3}
    return chat_pb2.GetChatCompletionChunk(outputs=[output], **fields)


REPLIES = {
    "ask Hi": chunk(id=HOSTILE, model=HOSTILE, citations=[HOSTILE]),
    "models": filled(models_pb2.ListLanguageModelsResponse()),
    "inspect photo.jpg": filled(models_pb2.LanguageModel()),
    "files list": files_pb2.ListFilesResponse(data=[filled(files_pb2.File())]),
    "files get f": filled(files_pb2.File()),
    "files upload photo.jpg": filled(files_pb2.File()),
    "files delete f": filled(files_pb2.DeleteFileResponse()),
    "batches list": batch_pb2.ListBatchesResponse(batches=[filled(batch_pb2.Batch())]),
    "batches get b": filled(batch_pb2.Batch()),
    "batches create b": filled(batch_pb2.Batch()),
    "batches results b": batch_pb2.ListBatchResultsResponse(
        results=[filled(batch_pb2.BatchResult())]
    ),
}


@pytest.mark.parametrize("command", REPLIES)
def test_strings_of_a_server(xai_in_process, command, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with serve(answer(REPLIES[command])) as (target, _):
        result = xai_in_process(*command.split(), XAI_VISION_HOST=target, TERM="dumb")
    assert "~" in result.out  # the strings were printed
    assert not leaked(result.out + result.err)
    assert "internal error" not in result.err


@pytest.mark.parametrize(
    "command",
    [name for name in REPLIES if not name.startswith(("files delete", "inspect"))],
)
def test_strings_of_a_server_in_json(xai_in_process, command):
    always = command.startswith("batches results")
    with serve(answer(REPLIES[command])) as (target, _):
        result = xai_in_process(
            *command.split(), *([] if always else ["--json"]), XAI_VISION_HOST=target
        )
    assert not leaked(result.out + result.err)
    assert HOSTILE in strings(json.loads(result.out))  # nothing is lost


def strings(value) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.items() for part in one for text in strings(part)]
    if isinstance(value, list):
        return [text for one in value for text in strings(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("verbose", [[], ["-vv"]], ids=["quiet", "verbose"])
def test_errors_of_a_server(xai_in_process, server, verbose):
    server.fault(Fault.status("UNAVAILABLE", f"a {HOSTILE}"))
    result = xai_in_process("ask", "Hi", "--timeout", "1", *verbose)
    assert result.code == 6
    assert "a \ufffd~" in result.err
    assert not leaked(result.err)


def test_names_of_files(xai_in_process, server, folder):
    (folder / f"a{NAME}.webp").write_bytes(sample_images.sample("photo.webp"))
    (folder / f"b{NAME}.jpg").write_text("not an image")
    (folder / f"c{NAME}.yaml").write_text("rulez: 1")
    (folder / f"d{NAME}.json").write_text("{")
    good, bad = f"a{NAME}.webp", f"b{NAME}.jpg"
    for arguments in (
        ["ask", "Hi", good],
        ["ask", "Hi", good, "--json"],
        ["ask", "Hi", bad],
        ["ask", bad],
        ["ask", "Hi", f"{NAME}.png"],
        ["ask", "Hi", f"ftp://{NAME}"],
        ["ask", "Hi", "--schema", f"d{NAME}.json"],
        ["ask", "Hi", "--schema", f"{NAME}.json"],
        ["inspect", good, bad],
        ["inspect", good, bad, "--json"],
        ["batch", "Hi", good, bad, "-o", f"o{NAME}.jsonl"],
        ["batch", "Hi", good, bad, "-o", f"o{NAME}.jsonl", "-m", "grok-3"],
        ["files", "upload", good],
        ["files", "upload", "photo.jpg", "--name", f"{NAME}x"],
        ["rules", "check", f"c{NAME}.yaml"],
        [NAME],
        [good],
    ):
        result = xai_in_process(*arguments)
        output = result.out + result.err
        assert "~" in output, arguments
        assert "internal error" not in result.err
        assert not leaked(output), arguments
    chat = xai_in_process("inspect", good)
    assert chat.out.splitlines()[0].startswith("a\ufffd~")
    assert chat.out.splitlines()[0].endswith(".webp")  # a line end in a name begins no line


def test_a_response_for_another_program_is_not_changed(xai_in_process, server):
    server.on().reply(f"a{HOSTILE}b\r\n")
    assert xai_in_process("ask", "Hi").out == f"a{HOSTILE}b\r\n"


def test_the_log_of_calls(serve):
    process, ready = serve("--json", "--key", "our-key", "--log", "-")
    with Client("our-key", api_host=ready["grpc"]) as client:
        client.chat.create("grok-4", messages=[user(HOSTILE)]).sample()
    line = process.stdout.readline()
    assert not leaked(line)
    assert HOSTILE in strings(json.loads(line))


def test_on_a_terminal(terminal, server, folder):
    """A file name and a response, with the progress bar and the colors of a terminal."""
    (folder / f"b{NAME}.jpg").write_text("not an image")
    server.on().reply(Reply(f"one \r\ntwo {HOSTILE}", chunks=40))
    for arguments in (
        ["ask", "Hi", "photo.jpg"],
        ["batch", "Hi", "photo.jpg", f"b{NAME}.jpg", "-o", f"o{NAME}.jsonl"],
        ["files", "upload", "photo.jpg", "--name", f"[/bold]{NAME}x"],
        ["inspect", "photo.jpg", f"b{NAME}.jpg"],
    ):
        shown = terminal(*arguments).read()
        assert "~" in shown or arguments[0] == "inspect"
        assert not leaked(shown), arguments
        assert not re.search("internal error|Traceback|MarkupError", shown)
