"""scripts/generate_protos.py: the differences that --check finds, and the generated stubs."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "generate_protos.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_protos", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two equal folders; the second also has files that are not generated."""
    fresh, present = tmp_path / "fresh", tmp_path / "present"
    for folder in (fresh, present):
        folder.mkdir()
        for name in ("chat_pb2.py", "chat_pb2.pyi", "_descriptors.py"):
            (folder / name).write_text(f"# {name}\n")
    (present / "_pool.py").write_text("by hand")
    (present / "__pycache__").mkdir()
    return fresh, present


def test_equal_folders(script, folders):
    assert script.compare(*folders) == []


def test_changed(script, folders):
    (folders[1] / "chat_pb2.py").write_text("# chat_pb2.py\n\n")
    assert script.compare(*folders) == ["differs: chat_pb2.py"]


def test_missing_and_extra(script, folders):
    (folders[1] / "chat_pb2.pyi").rename(folders[1] / "chat_pb3.pyi")
    assert script.compare(*folders) == ["extra: chat_pb3.pyi", "missing: chat_pb2.pyi"]


def test_untracked(script, folders):
    tracked = frozenset({"chat_pb2.py", "chat_pb2.pyi", "_pool.py"})
    assert script.compare(*folders, tracked) == ["untracked: _descriptors.py"]


def test_tracked_files(script, tmp_path):
    assert script.tracked_files(tmp_path) is None  # no repository, such as in an sdist
    if (ROOT / ".git").exists():
        assert "_pool.py" in script.tracked_files(ROOT / "xai_vision" / "proto")


def test_hand_written_files_are_named(script):
    present = {path.name for path in (ROOT / "xai_vision" / "proto").glob("*.py*")}
    notice = script.NOTICE.partition(" from ")[0]
    generated = {
        name
        for name in present
        if notice in (ROOT / "xai_vision/proto" / name).read_text(encoding="utf-8")[:200]
    }
    assert present - generated == script.HAND_WRITTEN


def test_stubs_refer_only_to_our_classes():
    foreign = re.compile(
        r"^(?:from|import) .*\b(?:xai\.|google\.rpc|google\.protobuf import \w+_pb2)"
    )
    for stub in (ROOT / "xai_vision" / "proto").glob("*.pyi"):
        lines = stub.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if foreign.match(line)] == [], stub.name


def test_every_timestamp_field_accepts_a_datetime():
    for stub in (ROOT / "xai_vision" / "proto").glob("*.pyi"):
        text = stub.read_text(encoding="utf-8")
        getters = re.findall(r"def (\w+)\(self\) -> _timestamp_pb2\.Timestamp:", text)
        setters = re.findall(r"def (\w+)\(self, value: _datetime\.datetime\)", text)
        assert getters == setters, stub.name


@pytest.mark.slow
def test_committed_files_are_up_to_date():
    result = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


PROGRAM = """
from __future__ import annotations
import datetime
import grpc
import grpc.aio
from google.protobuf import timestamp_pb2 as default_timestamp_pb2
from xai_vision.proto import chat_pb2, empty_pb2, timestamp_pb2
from xai_vision.proto._method import Method
from xai_vision.proto.auth_pb2_grpc import AuthStub
from xai_vision.proto.chat_pb2_grpc import AsyncChatStub, Chat, ChatStub
from xai_vision.proto._convert import adopt

now = datetime.datetime.now()
search = chat_pb2.XSearch(from_date=now, to_date=timestamp_pb2.Timestamp())
search.from_date = now
moment: timestamp_pb2.Timestamp = search.from_date
chat_pb2.XSearch(from_date=default_timestamp_pb2.Timestamp())  # E: arg-type
search.from_date = moment  # E: assignment
method: Method[chat_pb2.GetCompletionsRequest, chat_pb2.GetChatCompletionChunk] = (
    Chat.GetCompletionChunk
)
request = Chat.GetCompletion.request(model="grok-4")
request.modell  # E: attr-defined
role: chat_pb2.MessageRole.ValueType = chat_pb2.ROLE_USER
chat_pb2.Message(role="user")  # E: arg-type


def sync(channel: grpc.Channel) -> chat_pb2.GetChatCompletionResponse:
    AuthStub(channel).get_api_key_info(empty_pb2.Empty()).name
    for chunk in ChatStub(channel).GetCompletionChunk(request):
        chunk.outputs[0].delta.content
    ChatStub(channel).GetCompletion(empty_pb2.Empty())  # E: arg-type
    return ChatStub(channel).GetCompletion(request)


async def wait(channel: grpc.aio.Channel) -> chat_pb2.GetChatCompletionResponse:
    async for chunk in AsyncChatStub(channel).GetCompletionChunk(request):
        chunk.outputs[0].delta.content
    return await AsyncChatStub(channel).GetCompletion(request)


stamp: timestamp_pb2.Timestamp = adopt(default_timestamp_pb2.Timestamp(), timestamp_pb2.Timestamp)
"""


@pytest.mark.slow
def test_mypy_reports_the_expected_lines(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not part of the test environment")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    options = ["--strict", "--python-version=3.10", "--config-file=", str(program)]
    # In a separate process, because mypy raises the recursion limit of its process.
    # ROOT is where mypy looks for the package.
    result = subprocess.run(
        [sys.executable, "-m", "mypy", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(
        r"program\.py:(\d+): error: .*\[([\w-]+)\]$", result.stdout, flags=re.MULTILINE
    )
    expected = [
        (str(number), line.partition("# E: ")[2])
        for number, line in enumerate(PROGRAM.splitlines(), 1)
        if "# E: " in line
    ]
    assert errors == expected, result.stdout + result.stderr
