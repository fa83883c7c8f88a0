"""Conversations with pictures, and what of their bodies is kept."""

from __future__ import annotations

import threading

from tests.sample_images import jpeg
from xai_vision.chat import image, user
from xai_vision.chat._conversation import Conversation
from xai_vision.chat._request.settings import make_settings
from xai_vision.proto import chat_pb2

Request = chat_pb2.GetCompletionsRequest
PICTURE = jpeg()


def conversation(*messages):
    return Conversation(make_settings("grok-4", {}), messages)


def look(words="What is this?"):
    return user(words, image(PICTURE))


def kept(chat):
    return chat._body_cache.size


def spare(chat):
    return chat._body_cache.evictable_bytes


def meant(chat):
    """What the messages say, each read anew; they stay as they are."""
    request = Request(model="grok-4", n=1)
    request.messages.extend(message._as_proto() for message in chat.messages)
    return request


def check(chat):
    wanted = meant(chat)
    assert Request.FromString(chat._body()) == wanted
    assert meant(chat) == wanted


def run(wide, work):
    failed = []

    def one():
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise

    crew = [threading.Thread(target=one, daemon=True) for _ in range(wide)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(30)
    assert not failed
    assert not any(thread.is_alive() for thread in crew)
