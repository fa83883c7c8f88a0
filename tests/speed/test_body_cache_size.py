"""The size limits of the cache of request bodies, and eviction."""

from __future__ import annotations

import gc
import io

import pytest

from tests.sample_images import data_url
from tests.speed.body_cache import (
    IMAGE,
    cached_bytes,
    check_body,
    conversation,
    evictable_bytes,
    image_message,
)
from xai_vision.chat import assistant, image, text, user
from xai_vision.chat._request import body_cache as body

pytestmark = pytest.mark.usefixtures("cache_small_bodies")


def test_all_conversations_share_the_limit(monkeypatch, file):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(IMAGE))
    chats = [conversation(user(image(file))) for _ in range(6)]
    for chat in chats:
        for _ in range(2):
            chat._body()
    assert cached_bytes(chats[-1])
    assert not cached_bytes(chats[0])
    assert len(IMAGE) < sum(map(cached_bytes, chats)) <= 4 * len(IMAGE)
    for chat in chats:
        check_body(chat)


def test_the_only_copy_of_an_image_does_not_count_for_the_limit(monkeypatch):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(IMAGE))
    chats = [conversation(image_message()) for _ in range(6)]
    for chat in chats:
        for _ in range(2):
            chat._body()
    assert all(map(cached_bytes, chats))
    assert sum(map(evictable_bytes, chats)) < len(IMAGE)


def test_eviction_keeps_the_only_copy_of_an_image(monkeypatch, file):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 2 * len(IMAGE))
    first, second = (
        conversation(user(image(file), image(IMAGE)), image_message("And?"), user(image(file)))
        for _ in range(2)
    )
    for chat in (first, second):
        chat._body()
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(IMAGE))
    for chat in (first, second):
        chat._body()
    assert cached_bytes(second)
    assert not cached_bytes(first)
    assert first.messages[1].images[0].source.read() == IMAGE
    proto = first.messages[0].proto
    assert [part.image_url.image_url for part in proto.content] == 2 * [data_url(IMAGE)]
    check_body(first)
    check_body(first)


def test_a_branch_keeps_only_its_own_images(file):
    root = conversation(image_message(), *(user(image(file)) for _ in range(20)))
    for _ in range(2):
        root._body()
    branch = root.fork()
    del branch.messages[1:]
    buffer = branch.messages[0].images[0].source._data._store
    assert buffer is root._body_cache._cached[0].buffer
    del root
    gc.collect()
    assert not isinstance(buffer._storage, io.BytesIO)
    assert sum(map(len, buffer._storage.values())) < 1.4 * len(IMAGE)
    check_body(branch)
    del branch.messages[0]
    gc.collect()
    assert not buffer._storage


def test_a_too_large_body_keeps_only_its_images(monkeypatch, file):
    chat = conversation(image_message())
    for _ in range(2):
        chat._body()
    buffer = chat._body_cache._cached[0].buffer
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", len(IMAGE))
    for _ in range(3):
        chat.append(user(image(file)))
    check_body(chat)
    assert not cached_bytes(chat)
    assert sum(map(len, buffer._storage.values())) < 1.4 * len(IMAGE)
    check_body(chat)


def test_small_bodies_are_not_cached(monkeypatch):
    monkeypatch.setattr(body, "_MIN_CACHED_BYTES", 2**20)
    chat = conversation(image_message())
    for _ in range(3):
        check_body(chat)
    assert not cached_bytes(chat)


def test_bodies_without_images_are_not_cached():
    chat = conversation(user("Hi"), assistant("Hello"), user(text("And?")))
    for _ in range(3):
        check_body(chat)
    assert not cached_bytes(chat)


def test_removed_images_do_not_count(file):
    chat = conversation(user(image(file)), image_message("And this?"))
    for _ in range(2):
        chat._body()
    encoded = len(IMAGE) * 4 // 3
    assert encoded < evictable_bytes(chat) < 1.1 * encoded
    chat.messages[-1] = image_message("Or this?")
    chat._body()
    assert encoded < evictable_bytes(chat) < 1.1 * encoded
    chat.messages[-1] = user("Or that?", image(file))
    chat._body()
    assert 2 * encoded < evictable_bytes(chat) < 2.2 * encoded
