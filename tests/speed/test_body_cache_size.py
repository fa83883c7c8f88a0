"""How much is kept, and what is let go of for room."""

from __future__ import annotations

import gc
import io

import pytest

from tests.sample_images import data_url
from tests.speed.body_cache import PICTURE, check, conversation, kept, look, spare
from xai_vision.chat import assistant, image, text, user
from xai_vision.chat._request import body_cache as body

pytestmark = pytest.mark.usefixtures("small_ones_kept")


def test_all_conversations_together_keep_no_more_than_their_room(monkeypatch, file):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(PICTURE))
    chats = [conversation(user(image(file))) for _ in range(6)]
    for chat in chats:
        for _ in range(2):
            chat._body()
    assert kept(chats[-1])
    assert not kept(chats[0])
    assert len(PICTURE) < sum(map(kept, chats)) <= 4 * len(PICTURE)
    for chat in chats:
        check(chat)


def test_what_alone_holds_a_picture_takes_no_room_of_others(monkeypatch):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(PICTURE))
    chats = [conversation(look()) for _ in range(6)]
    for chat in chats:
        for _ in range(2):
            chat._body()
    assert all(map(kept, chats))
    assert sum(map(spare, chats)) < len(PICTURE)


def test_making_room_leaves_the_pictures_that_are_held_nowhere_else(monkeypatch, file):
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 2 * len(PICTURE))
    one, other = (
        conversation(user(image(file), image(PICTURE)), look("And?"), user(image(file)))
        for _ in range(2)
    )
    for chat in (one, other):
        chat._body()
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", 4 * len(PICTURE))
    for chat in (one, other):
        chat._body()
    assert kept(other)
    assert not kept(one)
    assert one.messages[1].images[0].source.read() == PICTURE
    said = one.messages[0].proto
    assert [part.image_url.image_url for part in said.content] == 2 * [data_url(PICTURE)]
    check(one)
    check(one)


def test_a_branch_holds_what_it_shows_and_no_more(file):
    root = conversation(look(), *(user(image(file)) for _ in range(20)))
    for _ in range(2):
        root._body()
    branch = root.fork()
    del branch.messages[1:]
    buffer = branch.messages[0].images[0].source._data._store
    assert buffer is root._body_cache._cached[0].buffer
    del root
    gc.collect()
    assert not isinstance(buffer._storage, io.BytesIO)
    assert sum(map(len, buffer._storage.values())) < 1.4 * len(PICTURE)
    check(branch)
    del branch.messages[0]
    gc.collect()
    assert not buffer._storage


def test_what_is_too_large_to_be_kept_is_let_go_of_apart_from_its_pictures(monkeypatch, file):
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    buffer = chat._body_cache._cached[0].buffer
    monkeypatch.setattr(body, "MAX_CACHED_BYTES", len(PICTURE))
    for _ in range(3):
        chat.append(user(image(file)))
    check(chat)
    assert not kept(chat)
    assert sum(map(len, buffer._storage.values())) < 1.4 * len(PICTURE)
    check(chat)


def test_small_bodies_are_not_kept(monkeypatch):
    monkeypatch.setattr(body, "_MIN_CACHED_BYTES", 2**20)
    chat = conversation(look())
    for _ in range(3):
        check(chat)
    assert not kept(chat)


def test_text_alone_is_not_kept():
    chat = conversation(user("Hi"), assistant("Hello"), user(text("And?")))
    for _ in range(3):
        check(chat)
    assert not kept(chat)


def test_pictures_that_are_gone_are_not_counted(file):
    chat = conversation(user(image(file)), look("And this?"))
    for _ in range(2):
        chat._body()
    encoded = len(PICTURE) * 4 // 3
    assert encoded < spare(chat) < 1.1 * encoded
    chat.messages[-1] = look("Or this?")
    chat._body()
    assert encoded < spare(chat) < 1.1 * encoded
    chat.messages[-1] = user("Or that?", image(file))
    chat._body()
    assert 2 * encoded < spare(chat) < 2.2 * encoded
