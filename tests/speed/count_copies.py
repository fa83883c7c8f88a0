"""The number of copies of an image's data: one, in the request's body.

test_copies.py runs this file in a separate process: before Python 3.13 tracemalloc may crash a
process in which other threads, such as those of gRPC, start and end.
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
OVERHEAD = MIB  # Everything except the image.


class Growth:
    """The number of bytes allocated since the start of a measurement."""

    size = 0


@contextmanager
def peak_growth():
    """Measure the peak of the memory that the block allocates."""
    growth = Growth()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        yield growth
        growth.size = tracemalloc.get_traced_memory()[1] - before
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


def test_bytes_are_encoded_into_the_body_without_another_copy(data):
    with peak_growth() as preparing:
        chat = conversation().append(user("What is this?", image(data)))
    assert preparing.size < OVERHEAD
    with peak_growth() as writing:
        body = chat._body()
    assert ENCODED < len(body) <= writing.size < ENCODED + OVERHEAD


def test_a_file_is_read_in_chunks(path):
    with peak_growth() as preparing:
        chat = conversation().append(user("What is this?", image(path)))
    assert preparing.size < OVERHEAD
    with peak_growth() as writing:
        chat._body()
    assert ENCODED < writing.size < ENCODED + OVERHEAD


def test_an_image_used_twice_is_stored_twice_only_in_the_body(data):
    chat = conversation().append(user(image(data), image(data)))
    with peak_growth() as writing:
        chat._body()
    assert writing.size < 2 * ENCODED + OVERHEAD


def test_a_conversation_stores_one_body_for_all_turns(path):
    file = path.with_name("small.jpg")
    file.write_bytes(jpeg_of(MIB))
    chat, turns = conversation(), 12
    with peak_growth() as growth:
        for _ in range(turns):
            chat.append(user("And this?", image(file)))
            size = len(chat._body())
            chat.append(assistant("A bicycle."))
    # A growing buffer may be moved, which needs a little more memory.
    assert size < growth.size < 1.25 * size + OVERHEAD


@pytest.fixture(scope="module")
def small():
    return jpeg_of(MIB)


def new_copy(data):
    """Return the same bytes in new memory."""
    return bytes(bytearray(data))


SOURCES = {
    "bytes": lambda data, path: data,
    "view": lambda data, path: memoryview(bytearray(data)),
    "data URL": lambda data, path: data_url(data),
    "base64": lambda data, path: data_url(data).partition(",")[2],
    "path": lambda data, path: path,
    "open file": lambda data, path: io.BytesIO(data),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_conversation_stores_an_image_once(source, tmp_path, small):
    turns, file = 6, tmp_path / "photo.jpg"
    file.write_bytes(small)
    with final_growth() as growth:
        chat = conversation()
        for _ in range(turns):
            chat.append(user("And this?", image(SOURCES[source](new_copy(small), file))))
            encoded = len(chat._body())
            chat.append(assistant("A bicycle."))
    assert growth.size < 1.02 * encoded + OVERHEAD / 4, "the image is stored outside the body"
    assert growth.size > encoded


@pytest.mark.parametrize("source", SOURCES)
def test_before_the_second_turn_the_source_stays(source, tmp_path, small):
    file = tmp_path / "photo.jpg"
    file.write_bytes(small)
    with final_growth() as growth:
        chat = conversation().append(
            user("And this?", image(SOURCES[source](new_copy(small), file)))
        )
        chat._body()
    assert growth.size < 4 / 3 * MIB + OVERHEAD / 4
    assert (growth.size < OVERHEAD / 4) == (source == "path")


PROTO_READERS = {
    "chat.proto": lambda chat: chat.proto,
    "message.proto": lambda chat: chat.messages[0].proto,
    "part.proto": lambda chat: chat.messages[0].content[0].proto,
    "image_url.proto": lambda chat: chat.messages[0].content[0].image_url.proto,
}


@pytest.mark.parametrize("reader", PROTO_READERS)
@pytest.mark.parametrize("turns", [1, 3])
def test_data_copied_into_protobuf_is_released(reader, turns, small):
    """tracemalloc sees only Python's memory, so an image in protobuf does not count."""
    with final_growth() as growth:
        chat = conversation().append(user(image(new_copy(small))))
        for _ in range(turns):
            chat._body()
        before = tracemalloc.get_traced_memory()[0]
        assert before > MIB
        proto = PROTO_READERS[reader](chat)
        chat._body()
    assert proto.ByteSize() > MIB
    assert growth.size < OVERHEAD / 4


@contextmanager
def final_growth():
    """Measure the memory that is still allocated at the end of the block."""
    growth = Growth()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield growth
        gc.collect()
        growth.size = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
