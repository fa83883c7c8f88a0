"""Threads and branches that share what is kept."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest

from tests.speed.body_cache import PICTURE, Request, check, conversation, kept, look, meant, run
from xai_vision.chat import image, user

pytestmark = pytest.mark.usefixtures("small_ones_kept")


def test_branches_and_copies_have_none_of_it():
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    branch = chat.fork()
    stored = pickle.loads(pickle.dumps(chat))
    for twin in (branch, stored, copy.deepcopy(chat)):
        assert kept(twin) == 0
        check(twin)
    branch.append(look("Elsewhere"))
    check(chat)
    assert len(pickle.dumps(chat)) < 2 * len(PICTURE)


def test_two_threads_that_ask_for_a_proto_get_the_same_whole_one():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(300):
            message, got = user("What?", image(PICTURE)), []

            def ask(message=message, got=got):
                got.append(message.proto)

            run(2, ask)
            assert got[0] is got[1]
            assert [part.WhichOneof("content") for part in got[0].content] == ["text", "image_url"]
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_share_a_chat_get_whole_bodies():
    chat = conversation(*(look(str(n)) for n in range(20)))
    wanted, wrong = Request.FromString(chat._body()), []

    def ask():
        for _ in range(30):
            if Request.FromString(chat._body()) != wanted:
                wrong.append(1)

    run(6, ask)
    assert not wrong
    assert len(chat._body_cache._cached) == 1


def test_branches_that_read_from_each_other_do_not_wait_for_each_other():
    root = conversation(look("root"))
    for _ in range(2):
        root._body()
    branches, wrong = [root.fork(), root.fork()], []
    numbers = iter(range(2))

    def talk():
        number = next(numbers)
        mine, other = branches[number], branches[1 - number]
        for _ in range(40):
            mine.append(other.messages[-1])
            if Request.FromString(mine._body()) != meant(mine):
                wrong.append(1)
            del mine.messages[1:-1]

    run(2, talk)
    assert not wrong


def test_the_proto_may_be_asked_for_while_others_send():
    for _ in range(30):
        chat = conversation(*(look(str(n)) for n in range(4)))
        wanted, wrong = Request.FromString(chat._body()), []
        messages = list(chat.messages)
        turns = iter(range(3))

        def ask(chat=chat, wanted=wanted, wrong=wrong, messages=messages, turns=turns):
            if next(turns) == 0:
                for message in messages:
                    message.images[0].proto  # noqa: B018
                    message.proto  # noqa: B018
            elif any(Request.FromString(chat._body()) != wanted for _ in range(10)):
                wrong.append(1)

        run(3, ask)
        assert not wrong
