"""The cache never shows: a body always equals the current conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speed.body_cache import check_body, conversation, expected_request, image_message
from xai_vision.chat import assistant, system
from xai_vision.proto import chat_pb2

pytestmark = pytest.mark.usefixtures("cache_small_bodies")


def _first_image(chat):
    return next((m for m in chat.messages if m.images), None)


def _append_text(chat, text):
    chat.append(assistant(text))


def _append_image(chat, text):
    chat.append(image_message(text))


def _append_same_message(chat, text):
    chat.append(chat.messages[0])


def _append_message_of_another_chat(chat, text):
    message = image_message(text)
    other = conversation(message)
    for _ in range(2):
        other._body()
    chat.append(other.messages[0])


def _same_message_twice(chat, text):
    message = image_message(text)
    chat.messages[:0] = [message, message]


def _delete_last(chat, text):
    if len(chat.messages) > 1:
        del chat.messages[-1]


def _replace(chat, text):
    chat.messages[0] = image_message(text)


def _delete(chat, text):
    if len(chat.messages) > 1:
        del chat.messages[-2]


def _insert(chat, text):
    chat.messages.insert(0, system(text))


def _change_text_beside_image(chat, text):
    message = _first_image(chat)
    if message is not None:
        message.content[0].text = text


def _change_detail(chat, text):
    message = _first_image(chat)
    if message is not None:
        message.images[0].detail = (message.images[0].detail + 1) % 4


def _change_role(chat, text):
    chat.messages[-1].role = chat_pb2.ROLE_ASSISTANT


def _change_message_proto(chat, text):
    chat.messages[0].proto.content.add(text=text)


def _change_part_proto(chat, text):
    message = _first_image(chat)
    if message is not None:
        message.images[0].proto.image_url.image_url = f"https://example.com/{len(text)}"


def _add_tool_call(chat, text):
    message = _first_image(chat)
    if message is not None:
        message.tool_calls.add(id=text)


def _send(chat, text):
    chat._body()


changes = st.sampled_from(
    [value for name, value in sorted(globals().items()) if name.startswith("_") and callable(value)
     and name not in ("_first_image", "_cache_small_bodies") and not name.startswith("__")]
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


def test_bodies_follow_every_change():
    @given(st.lists(st.tuples(changes, texts), max_size=8))
    def follow(steps):
        chat = conversation(
            system("Be short."), image_message(), assistant("A cat."), image_message("And this?")
        )
        check_body(chat)
        branches = []
        for change, text in steps:
            branches.append((chat.fork(), expected_request(chat)))
            change(chat, text)
            check_body(chat)
        for branch, request in branches:
            assert expected_request(branch) == request
            check_body(branch)
            check_body(branch)

    follow()
