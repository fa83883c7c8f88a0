"""What is kept between turns never shows: a body is what the conversation says now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.speed.body_cache import check, conversation, look, meant
from xai_vision.chat import assistant, system
from xai_vision.proto import chat_pb2

pytestmark = pytest.mark.usefixtures("small_ones_kept")


def _first_image(chat):
    return next((m for m in chat.messages if m.images), None)


def _append_text(chat, words):
    chat.append(assistant(words))


def _append_image(chat, words):
    chat.append(look(words))


def _append_again(chat, words):
    chat.append(chat.messages[0])


def _append_elsewhere_first(chat, words):
    message = look(words)
    other = conversation(message)
    for _ in range(2):
        other._body()
    chat.append(other.messages[0])


def _same_message_twice(chat, words):
    message = look(words)
    chat.messages[:0] = [message, message]


def _delete_last(chat, words):
    if len(chat.messages) > 1:
        del chat.messages[-1]


def _replace(chat, words):
    chat.messages[0] = look(words)


def _delete(chat, words):
    if len(chat.messages) > 1:
        del chat.messages[-2]


def _insert(chat, words):
    chat.messages.insert(0, system(words))


def _change_text_beside_image(chat, words):
    message = _first_image(chat)
    if message is not None:
        message.content[0].text = words


def _change_detail(chat, words):
    message = _first_image(chat)
    if message is not None:
        message.images[0].detail = (message.images[0].detail + 1) % 4


def _change_role(chat, words):
    chat.messages[-1].role = chat_pb2.ROLE_ASSISTANT


def _change_held_proto(chat, words):
    chat.messages[0].proto.content.add(text=words)


def _change_part_proto(chat, words):
    message = _first_image(chat)
    if message is not None:
        message.images[0].proto.image_url.image_url = f"https://example.com/{len(words)}"


def _name_the_shell(chat, words):
    message = _first_image(chat)
    if message is not None:
        message.tool_calls.add(id=words)


def _send(chat, words):
    chat._body()


changes = st.sampled_from(
    [value for name, value in sorted(globals().items()) if name.startswith("_") and callable(value)
     and name not in ("_first_image", "_keep_small_ones") and not name.startswith("__")]
)  # fmt: skip
words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


def test_bodies_follow_every_change():
    @given(st.lists(st.tuples(changes, words), max_size=8))
    def follow(steps):
        chat = conversation(system("Be short."), look(), assistant("A cat."), look("And this?"))
        check(chat)
        branches = []
        for change, said in steps:
            branches.append((chat.fork(), meant(chat)))
            change(chat, said)
            check(chat)
        for branch, said in branches:
            assert meant(branch) == said
            check(branch)
            check(branch)

    follow()
