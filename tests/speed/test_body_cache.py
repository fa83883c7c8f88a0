"""The body of the last turn is cached, and later messages are appended to it."""

from __future__ import annotations

import pickle

import pytest

from tests.speed.body_cache import (
    IMAGE,
    Request,
    cached_bytes,
    check_body,
    conversation,
    image_message,
)
from xai_vision import prepare_image
from xai_vision.chat import assistant, image, user

pytestmark = pytest.mark.usefixtures("cache_small_bodies")


def test_the_second_body_is_cached_and_grows():
    chat = conversation(image_message())
    chat._body()
    assert not cached_bytes(chat)
    chat._body()
    first = cached_bytes(chat)
    assert first > len(IMAGE)
    chat.append(image_message("And this?"))
    check_body(chat)
    assert cached_bytes(chat) > 2 * len(IMAGE)


def test_options_of_a_call_are_not_cached():
    chat = conversation(image_message())
    for tokens in (None, 5, 6000, 5, None):
        overrides = {} if tokens is None else {"max_tokens": tokens}
        assert Request.FromString(chat._body(**overrides)).max_tokens == (tokens or 0)


def test_a_body_in_use_is_not_changed():
    chat = conversation(image_message())
    chat._body()
    first = chat._body()
    request = Request.FromString(first)
    chat.append(image_message("Another"))
    chat.messages[0] = image_message("Changed")
    check_body(chat)
    assert Request.FromString(first) == request


def test_a_file_is_read_once_for_all_turns(tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(IMAGE)
    chat = conversation(user(image(file)))
    chat._body()
    chat._body()
    file.unlink()
    assert len(chat.append(user("And now?"))._body()) > len(IMAGE)


def test_reading_the_proto_releases_the_cache():
    chat = conversation(image_message())
    for _ in range(2):
        chat._body()
    request = Request.FromString(chat._body())
    request.ClearField("n")
    assert chat.proto == request
    assert not cached_bytes(chat)


def test_a_failed_write_leaves_the_cache_consistent(tmp_path):
    chat = conversation(image_message())
    for _ in range(2):
        chat._body()
    file = tmp_path / "photo.jpg"
    file.write_bytes(IMAGE)
    chat.append(user(image(file)))
    file.unlink()
    with pytest.raises(Exception, match="file not found"):
        chat._body()
    del chat.messages[-1]
    check_body(chat)


def test_replacing_the_last_response_keeps_the_buffer(monkeypatch):
    chat = conversation(image_message(), assistant("A cat."))
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    chat.messages[-1] = assistant("A dog.")
    check_body(chat)
    assert chat._body_cache._cached[0].buffer is before


def test_replacing_the_last_image_keeps_the_buffer():
    chat = conversation(image_message(), assistant("A cat."), image_message("And this?"))
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    chat.messages[-1] = image_message("Or this?")
    check_body(chat)
    assert chat._body_cache._cached[0].buffer is before


def test_repeating_an_image_keeps_the_buffer():
    chat = conversation(image_message())
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    for _ in range(4):
        chat.append(user("And again?", chat.messages[0].content[1]))
        check_body(chat)
        assert chat._body_cache._cached[0].buffer is before


def test_a_part_with_a_proto_ignores_a_new_source():
    part = image(IMAGE)
    source = part.source
    part.proto.image_url.image_url = "https://example.com/other"
    part.replace_image(prepare_image(IMAGE), instead_of=source)
    assert part.source.url() == "https://example.com/other"
    check_body(conversation(user(part)))


def test_a_cached_image_has_the_same_properties():
    prepared = prepare_image(IMAGE, name="cat", strip_metadata=True)
    chat = conversation(user(image(prepared, detail="high")))
    for _ in range(2):
        chat._body()
    cached = chat.messages[0].images[0].source
    assert cached is not prepared
    for name in ("source", "format", "size", "size_bytes", "changes", "tokens", "url_size"):
        assert getattr(cached, name) == getattr(prepared, name), name
    assert cached.read() == prepared.read()
    assert cached.sha256() == prepared.sha256()
    assert cached.pil().tobytes() == prepared.pil().tobytes()
    assert cached.describe() == prepared.describe()
    assert pickle.loads(pickle.dumps(cached)).read() == prepared.read()
    assert prepare_image(cached, max_side=20).size[0] <= 20
    assert prepare_image(cached, verify=True).read() == prepared.read()
