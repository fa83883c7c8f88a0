"""Tests of the public packages: their names, their paths and their imports."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest

import xai_vision
import xai_vision.chat
import xai_vision.errors
import xai_vision.imaging
import xai_vision.openai_compat
import xai_vision.search
import xai_vision.testing
import xai_vision.testing.match
import xai_vision.tools

PUBLIC = [
    xai_vision,
    xai_vision.chat,
    xai_vision.errors,
    xai_vision.imaging,
    xai_vision.openai_compat,
    xai_vision.search,
    xai_vision.testing,
    xai_vision.testing.match,
    xai_vision.tools,
]


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_names_in_all_exist(module):
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_classes_and_functions_have_a_public_path(module):
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, (type, FunctionType)):
            path = f"{value.__module__}.{value.__qualname__}"
            assert "._" not in path
            assert getattr(import_module(value.__module__), value.__qualname__) is value, path
            assert pickle.loads(pickle.dumps(value)) is value


def test_the_tree_in_the_errors_docstring_is_complete():
    tree = xai_vision.errors.__doc__
    for name in xai_vision.errors.__all__:
        assert name in tree, name
        assert issubclass(getattr(xai_vision.errors, name), (Exception, Warning))


def test_submodules_load_on_first_use():
    code = "import xai_vision; print(xai_vision.chat.user('Hi'), xai_vision.testing.FakeServer)"
    subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'Cleint'"):
        xai_vision.Cleint  # noqa: B018


@pytest.mark.parametrize(
    ("code", "excluded"),
    [
        ("import xai_vision", {"grpc", "google.protobuf", "PIL"}),
        ("from xai_vision.imaging import prepare_image", {"grpc", "google.protobuf", "PIL"}),
        ("from xai_vision.proto import chat_pb2", {"grpc"}),
        ("from xai_vision import Client; import xai_vision.chat", {"PIL", "numpy", "pydantic"}),
        ("import xai_vision.testing", {"xai_vision.client", "xai_vision.chat"}),
    ],
)
def test_importing_a_package_does_not_load_others(code, excluded):
    script = f"import sys; {code}; print(sorted(set(sys.modules) & {excluded!r}))"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
