"""The classes created from descriptors behave like protoc's classes."""

from __future__ import annotations

import ast
import copy
import datetime
import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import google.protobuf.any_pb2
import google.protobuf.timestamp_pb2
import pytest
from google.protobuf import json_format, text_format

from tests.proto.filler import DEPENDENCIES, IN_SCOPE, all_classes, module, variants
from xai_vision.proto import any_pb2, batch_pb2, chat_pb2, empty_pb2, status_pb2, timestamp_pb2
from xai_vision.proto._pool import POOL

ROOT = Path(__file__).parents[2]
NEW_YEAR = datetime.datetime(2024, 1, 1, 12, 30, tzinfo=datetime.timezone.utc)

every_class = pytest.mark.parametrize("cls", all_classes(), ids=lambda cls: cls.__qualname__)


@every_class
def test_survives_pickle_copy_and_serialization(cls):
    for message in variants(cls):
        assert message.SerializeToString() or not cls.DESCRIPTOR.fields
        assert cls.FromString(message.SerializeToString()) == message
        assert copy.deepcopy(message) == message
        assert copy.copy(message) == message
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            back = pickle.loads(pickle.dumps(message, protocol))
            assert type(back) is cls
            assert back == message
        assert pickle.loads(pickle.dumps(cls)) is cls


@every_class
def test_survives_json_and_text(cls):
    for message in variants(cls):
        if "google.protobuf.Any" not in str(message.DESCRIPTOR.full_name):
            text = text_format.MessageToString(message)
            assert text_format.Parse(text, cls(), descriptor_pool=POOL) == message
        written = json_format.MessageToJson(message, descriptor_pool=POOL)
        assert json_format.Parse(written, cls(), descriptor_pool=POOL) == message
        as_dict = json_format.MessageToDict(message, descriptor_pool=POOL)
        assert json_format.ParseDict(as_dict, cls(), descriptor_pool=POOL) == message


@every_class
def test_belongs_to_our_package_and_pool(cls):
    module_ = importlib.import_module(cls.__module__)
    value = module_
    for part in cls.__qualname__.split("."):
        value = getattr(value, part)
    assert value is cls
    assert cls.DESCRIPTOR.file.pool is POOL
    assert f"{cls.__module__}.{cls.__qualname__}" in repr(cls)


@pytest.mark.parametrize("name", [*IN_SCOPE, *DEPENDENCIES])
def test_stub_and_module_have_the_same_names(name):
    tree = ast.parse((ROOT / f"xai_vision/proto/{name}_pb2.pyi").read_text(encoding="utf-8"))
    stub = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            stub.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            stub.add(node.target.id)
    stub = {n for n in stub if not n.startswith(("_", "Global___"))}
    # Names with "@": pytest adds helpers to the modules of a package that registers a plugin.
    runtime = {n for n in vars(module(name)) if not n.startswith(("_", "@"))} - {"load"}
    assert stub == runtime


def test_enums():
    assert chat_pb2.MessageRole.Name(chat_pb2.ROLE_USER) == "ROLE_USER"
    assert chat_pb2.MessageRole.Value("ROLE_TOOL") == chat_pb2.ROLE_TOOL == 5
    assert chat_pb2.MessageRole.ROLE_DEVELOPER == 6
    assert ("INVALID_ROLE", 0) in chat_pb2.MessageRole.items()
    assert batch_pb2.BatchRequestMetadata.STATE_FAILED == 4
    assert batch_pb2.BatchRequestMetadata.State.Name(1) == "STATE_PENDING"


def test_maps():
    mcp = chat_pb2.MCP(extra_headers={"a": "b"})
    assert dict(mcp.extra_headers) == {"a": "b"}
    assert chat_pb2.MCP.ExtraHeadersEntry(key="a").key == "a"


@pytest.mark.parametrize("value", [NEW_YEAR, NEW_YEAR.replace(tzinfo=None)])
def test_timestamp_fields_accept_a_datetime(value):
    constructed = chat_pb2.GetChatCompletionResponse(created=value)
    assigned = chat_pb2.GetChatCompletionResponse()
    assigned.created = value
    assert constructed == assigned
    assert type(constructed.created) is timestamp_pb2.Timestamp
    assert constructed.created.ToDatetime(tzinfo=datetime.timezone.utc) == NEW_YEAR


def test_constructors_accept_timestamps_of_protobuf():
    stamp = google.protobuf.timestamp_pb2.Timestamp(seconds=5, nanos=7)
    accepted = 0
    for cls in all_classes():
        fields = cls.DESCRIPTOR.fields
        for field in (f for f in fields if f.message_type is timestamp_pb2.Timestamp.DESCRIPTOR):
            message = cls(**{field.name: stamp})
            value = getattr(message, field.name)
            assert type(value) is timestamp_pb2.Timestamp
            assert (value.seconds, value.nanos) == (5, 7)
            assert pickle.loads(pickle.dumps(message)) == message
            accepted += 1
    assert accepted > 20


def test_constructors_refuse_other_objects_as_timestamps():
    for value in ("now", google.protobuf.any_pb2.Any()):
        # protobuf's own errors, which depend on its version
        with pytest.raises((AttributeError, TypeError, ValueError)):
            chat_pb2.GetChatCompletionResponse(created=value)


def test_well_known_types_have_their_methods():
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(NEW_YEAR)
    assert stamp.ToJsonString() == "2024-01-01T12:30:00Z"
    stamp.GetCurrentTime()
    wrapped = any_pb2.Any()
    wrapped.Pack(stamp)
    assert wrapped.Is(timestamp_pb2.Timestamp.DESCRIPTOR)
    back = timestamp_pb2.Timestamp()
    assert wrapped.Unpack(back)
    assert back == stamp
    status = status_pb2.Status(code=5, message="gone", details=[wrapped])
    assert status_pb2.Status.FromString(status.SerializeToString()) == status
    assert empty_pb2.Empty.FromString(b"") == empty_pb2.Empty()


def test_unknown_fields_are_kept():
    newer = chat_pb2.Message(name="x").SerializeToString() + b"\xfa\x01\x02hi"
    assert chat_pb2.Message.FromString(newer).SerializeToString() == newer


def run(code: str, **environment: str) -> str:
    """Run ``code`` in a new Python process."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_imports_load_only_their_messages():
    assert run(
        "import sys, xai_vision.proto; assert 'google.protobuf' not in sys.modules\n"
        "from xai_vision.proto import deferred_pb2, _pool; print(*_pool._loaded)"
    ).split() == ["xai/api/v1/deferred.proto"]


def test_the_tables_do_not_need_grpc():
    run("import sys; from xai_vision.proto import chat_pb2_grpc; assert 'grpc' not in sys.modules")


def test_messages_of_modules_not_imported_pickle():
    assert run(
        "import pickle, copy\n"
        "from xai_vision.proto import chat_pb2\n"
        "usage = chat_pb2.GetChatCompletionResponse(usage={'num_sources_used': 3}).usage\n"
        "print(pickle.loads(pickle.dumps(usage)), type(usage).__module__)"
    ).split() == ["num_sources_used:", "3", "xai_vision.proto.usage_pb2"]


def test_threads_can_import_concurrently():
    run(
        "import importlib, threading\n"
        "names = 'chat usage batch video image models files auth'.split()\n"
        "gate, wrong = threading.Barrier(len(names)), []\n"
        "def load(name):\n"
        "    gate.wait()\n"
        "    try:\n"
        "        importlib.import_module(f'xai_vision.proto.{name}_pb2')\n"
        "    except BaseException as error:\n"
        "        wrong.append(error)\n"
        "threads = [threading.Thread(target=load, args=(name,)) for name in names]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert not wrong, wrong\n"
        "from xai_vision.proto import batch_pb2, chat_pb2\n"
        "request = batch_pb2.BatchRequest(completion_request={})\n"
        "assert type(request.completion_request) is chat_pb2.GetCompletionsRequest"
    )


@pytest.mark.slow
def test_this_module_with_pure_python_protobuf():
    if os.environ.get("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION") == "python":
        return
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        cwd=ROOT,
        env={**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
