"""How often the data of a picture is held: once, in the request's body."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import contextmanager

import pytest

from examples.pictures import jpeg_of
from xai_vision.chat import assistant, image, user
from xai_vision.chat.conversation import Conversation
from xai_vision.chat.settings import make_settings

MIB = 2**20
SIZE = 10 * MIB
ENCODED = SIZE * 4 // 3
ROOM = MIB  # for all that is not the picture


class Peak:
    """Bytes that were held at most, over what was held before."""

    grown = 0


@contextmanager
def peak():
    found = Peak()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        yield found
        found.grown = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def data():
    return jpeg_of(SIZE)


@pytest.fixture
def path(data, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(data)
    return file


def conversation():
    return Conversation(make_settings("grok-4", {}))


@pytest.fixture(autouse=True)
def _loaded(tmp_path):
    conversation().append(user("What?", image(jpeg_of(8192))))._body()


def test_bytes_are_encoded_into_the_body_and_held_nowhere_else(data):
    with peak() as preparing:
        chat = conversation().append(user("What is this?", image(data)))
    assert preparing.grown < ROOM
    with peak() as writing:
        body = chat._body()
    assert ENCODED < len(body) <= writing.grown < ENCODED + ROOM


def test_a_path_is_read_in_steps(path):
    with peak() as preparing:
        chat = conversation().append(user("What is this?", image(path)))
    assert preparing.grown < ROOM
    with peak() as writing:
        chat._body()
    assert ENCODED < writing.grown < ENCODED + ROOM


def test_the_same_picture_twice_is_held_twice_only_in_the_body(data):
    chat = conversation().append(user(image(data), image(data)))
    with peak() as writing:
        chat._body()
    assert writing.grown < 2 * ENCODED + ROOM


def test_a_conversation_holds_one_body_however_many_turns(path):
    file = path.with_name("small.jpg")
    file.write_bytes(jpeg_of(MIB))
    chat, turns = conversation(), 12
    with peak() as talking:
        for _ in range(turns):
            chat.append(user("And this?", image(file)))
            size = len(chat._body())
            chat.append(assistant("A bicycle."))
    # While it grows it may have to move: then a little more than once.
    assert size < talking.grown < 1.25 * size + ROOM
