"""Helpers for tests of the cache of request bodies."""

from __future__ import annotations

import threading

from tests.sample_images import jpeg
from xai_vision.chat import image, user
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._request.settings import make_settings
from xai_vision.proto import chat_pb2

Request = chat_pb2.GetCompletionsRequest
IMAGE = jpeg()


def conversation(*messages):
    return Conversation(make_settings("grok-4", {}), messages)


def image_message(text="What is this?"):
    return user(text, image(IMAGE))


def cached_bytes(chat):
    return chat._body_cache.size


def evictable_bytes(chat):
    return chat._body_cache.evictable_bytes


def expected_request(chat):
    """Return the request that the messages make, without the cache and without changing them."""
    request = Request(model="grok-4", n=1)
    request.messages.extend(message._as_proto() for message in chat.messages)
    return request


def check_body(chat):
    expected = expected_request(chat)
    assert Request.FromString(chat._body()) == expected
    assert expected_request(chat) == expected


def run_threads(count, work):
    errors = []

    def run():
        try:
            work()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert not any(thread.is_alive() for thread in threads)
