"""How often the data of a picture is held: once, in the request's body.

Run by test_copies.py, in a process of its own: until Python 3.13 tracing memory may crash a process
in which other threads, such as gRPC's, come and go.
"""

from __future__ import annotations

import gc
import io
import tracemalloc
from contextlib import contextmanager

import pytest

from examples.images import jpeg_of
from tests.sample_images import data_url
from xai_vision.chat import assistant, image, user
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._request.settings import make_settings

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


@pytest.fixture(scope="module")
def small():
    return jpeg_of(MIB)


def another(data):
    """The same bytes in a place of their own."""
    return bytes(bytearray(data))


FORMS = {
    "bytes": lambda data, path: data,
    "view": lambda data, path: memoryview(bytearray(data)),
    "data URL": lambda data, path: data_url(data),
    "base64": lambda data, path: data_url(data).partition(",")[2],
    "path": lambda data, path: path,
    "open file": lambda data, path: io.BytesIO(data),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_holds_a_picture_once(form, tmp_path, small):
    turns, file = 6, tmp_path / "photo.jpg"
    file.write_bytes(small)
    with rest() as held:
        chat = conversation()
        for _ in range(turns):
            chat.append(user("And this?", image(FORMS[form](another(small), file))))
            encoded = len(chat._body())
            chat.append(assistant("A bicycle."))
    assert held.grown < 1.02 * encoded + ROOM / 4, "a picture is held beside the body"
    assert held.grown > encoded


@pytest.mark.parametrize("form", FORMS)
def test_before_the_second_turn_it_is_held_as_it_was_given(form, tmp_path, small):
    file = tmp_path / "photo.jpg"
    file.write_bytes(small)
    with rest() as held:
        chat = conversation().append(user("And this?", image(FORMS[form](another(small), file))))
        chat._body()
    assert held.grown < 4 / 3 * MIB + ROOM / 4
    assert (held.grown < ROOM / 4) == (form == "path")


ASKS = {
    "chat.proto": lambda chat: chat.proto,
    "message.proto": lambda chat: chat.messages[0].proto,
    "part.proto": lambda chat: chat.messages[0].content[0].proto,
    "image_url.proto": lambda chat: chat.messages[0].content[0].image_url.proto,
}


@pytest.mark.parametrize("asked", ASKS)
@pytest.mark.parametrize("turns", [1, 3])
def test_what_protobuf_holds_is_let_go_of(asked, turns, small):
    """Only what Python allocates is seen here, so a picture in protobuf counts nothing."""
    with rest() as held:
        chat = conversation().append(user(image(another(small))))
        for _ in range(turns):
            chat._body()
        before = tracemalloc.get_traced_memory()[0]
        assert before > MIB
        proto = ASKS[asked](chat)
        chat._body()
    assert proto.ByteSize() > MIB
    assert held.grown < ROOM / 4


@contextmanager
def rest():
    """How much more is held at the end."""
    found = Peak()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield found
        gc.collect()
        found.grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
