"""Threads and branches that share cached bodies."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest

from tests.speed.body_cache import (
    IMAGE,
    Request,
    cached_bytes,
    check_body,
    conversation,
    expected_request,
    image_message,
    run_threads,
)
from xai_vision.chat import image, user

pytestmark = pytest.mark.usefixtures("cache_small_bodies")


def test_branches_and_copies_have_an_empty_cache():
    chat = conversation(image_message())
    for _ in range(2):
        chat._body()
    branch = chat.fork()
    stored = pickle.loads(pickle.dumps(chat))
    for copied in (branch, stored, copy.deepcopy(chat)):
        assert cached_bytes(copied) == 0
        check_body(copied)
    branch.append(image_message("Elsewhere"))
    check_body(chat)
    assert len(pickle.dumps(chat)) < 2 * len(IMAGE)


def test_two_threads_read_the_same_complete_proto():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(300):
            message, protos = user("What?", image(IMAGE)), []

            def read(message=message, protos=protos):
                protos.append(message.proto)

            run_threads(2, read)
            assert protos[0] is protos[1]
            assert [part.WhichOneof("content") for part in protos[0].content] == [
                "text",
                "image_url",
            ]
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_share_a_chat_get_complete_bodies():
    chat = conversation(*(image_message(str(n)) for n in range(20)))
    expected, errors = Request.FromString(chat._body()), []

    def send():
        for _ in range(30):
            if Request.FromString(chat._body()) != expected:
                errors.append(1)

    run_threads(6, send)
    assert not errors
    assert len(chat._body_cache._cached) == 1


def test_branches_that_read_from_each_other_do_not_deadlock():
    root = conversation(image_message("root"))
    for _ in range(2):
        root._body()
    branches, errors = [root.fork(), root.fork()], []
    numbers = iter(range(2))

    def work():
        number = next(numbers)
        own, other = branches[number], branches[1 - number]
        for _ in range(40):
            own.append(other.messages[-1])
            if Request.FromString(own._body()) != expected_request(own):
                errors.append(1)
            del own.messages[1:-1]

    run_threads(2, work)
    assert not errors


def test_the_proto_can_be_read_while_other_threads_send():
    for _ in range(30):
        chat = conversation(*(image_message(str(n)) for n in range(4)))
        expected, errors = Request.FromString(chat._body()), []
        messages = list(chat.messages)
        turns = iter(range(3))

        def work(chat=chat, expected=expected, errors=errors, messages=messages, turns=turns):
            if next(turns) == 0:
                for message in messages:
                    message.images[0].proto  # noqa: B018
                    message.proto  # noqa: B018
            elif any(Request.FromString(chat._body()) != expected for _ in range(10)):
                errors.append(1)

        run_threads(3, work)
        assert not errors
