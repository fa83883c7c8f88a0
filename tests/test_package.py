"""The front door: what is public is there, for people and for editors."""

from __future__ import annotations

import subprocess
import sys

import pytest

import xai_vision
import xai_vision.chat
import xai_vision.errors
import xai_vision.imaging
import xai_vision.openai_compat
import xai_vision.search
import xai_vision.testing
import xai_vision.tools

PUBLIC = [
    xai_vision,
    xai_vision.chat,
    xai_vision.errors,
    xai_vision.imaging,
    xai_vision.openai_compat,
    xai_vision.search,
    xai_vision.testing,
    xai_vision.tools,
]


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_all_is_true(module):
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


def test_what_is_drawn_in_the_errors_docstring_is_what_there_is():
    tree = xai_vision.errors.__doc__
    for name in xai_vision.errors.__all__:
        assert name in tree, name
        assert issubclass(getattr(xai_vision.errors, name), (Exception, Warning))


def test_rooms_are_reachable_from_the_front_door():
    code = "import xai_vision; print(xai_vision.chat.user('Hi'), xai_vision.testing.FakeServer)"
    subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'Cleint'"):
        xai_vision.Cleint  # noqa: B018


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import xai_vision", {"grpc", "google.protobuf", "PIL"}),
        ("from xai_vision.imaging import prepare_image", {"grpc", "google.protobuf", "PIL"}),
        ("from xai_vision.proto import chat_pb2", {"grpc"}),
        ("from xai_vision import Client; import xai_vision.chat", {"PIL", "numpy", "pydantic"}),
        ("import xai_vision.testing", {"xai_vision.client", "xai_vision.chat"}),
    ],
)
def test_each_room_loads_only_what_it_stands_on(code, unwanted):
    ask = f"import sys; {code}; print(sorted(set(sys.modules) & {unwanted!r}))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
