"""The body of the last turn is kept, and what follows written to its end."""

from __future__ import annotations

import pickle

import pytest

from tests.speed.body_cache import PICTURE, Request, check, conversation, kept, look
from xai_vision import prepare_image
from xai_vision.chat import assistant, image, user

pytestmark = pytest.mark.usefixtures("small_ones_kept")


def test_the_second_body_is_kept_and_grows():
    chat = conversation(look())
    chat._body()
    assert not kept(chat)
    chat._body()
    first = kept(chat)
    assert first > len(PICTURE)
    chat.append(look("And this?"))
    check(chat)
    assert kept(chat) > 2 * len(PICTURE)


def test_settings_for_one_call_are_not_kept():
    chat = conversation(look())
    for tokens in (None, 5, 6000, 5, None):
        overrides = {} if tokens is None else {"max_tokens": tokens}
        assert Request.FromString(chat._body(**overrides)).max_tokens == (tokens or 0)


def test_a_body_in_use_is_not_written_to():
    chat = conversation(look())
    chat._body()
    first = chat._body()
    said = Request.FromString(first)
    chat.append(look("Another"))
    chat.messages[0] = look("Changed")
    check(chat)
    assert Request.FromString(first) == said


def test_a_picture_is_read_once_however_many_turns(tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(PICTURE)
    chat = conversation(user(image(file)))
    chat._body()
    chat._body()
    file.unlink()
    assert len(chat.append(user("And now?"))._body()) > len(PICTURE)


def test_taking_the_proto_lets_go_of_it():
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    said = Request.FromString(chat._body())
    said.ClearField("n")
    assert chat.proto == said
    assert not kept(chat)


def test_a_failure_while_writing_leaves_nothing_half_done(tmp_path):
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    file = tmp_path / "photo.jpg"
    file.write_bytes(PICTURE)
    chat.append(user(image(file)))
    file.unlink()
    with pytest.raises(Exception, match="file not found"):
        chat._body()
    del chat.messages[-1]
    check(chat)


def test_dropping_the_last_answer_writes_nothing_anew(monkeypatch):
    chat = conversation(look(), assistant("A cat."))
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    chat.messages[-1] = assistant("A dog.")
    check(chat)
    assert chat._body_cache._cached[0].buffer is before


def test_replacing_the_last_picture_writes_nothing_anew():
    chat = conversation(look(), assistant("A cat."), look("And this?"))
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    chat.messages[-1] = look("Or this?")
    check(chat)
    assert chat._body_cache._cached[0].buffer is before


def test_a_picture_that_is_shown_again_makes_nothing_old_new():
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    before = chat._body_cache._cached[0].buffer
    for _ in range(4):
        chat.append(user("And again?", chat.messages[0].content[1]))
        check(chat)
        assert chat._body_cache._cached[0].buffer is before


def test_a_part_that_is_protobuf_does_not_go_back_to_its_picture():
    part = image(PICTURE)
    picture = part.source
    part.proto.image_url.image_url = "https://example.com/other"
    part.replace_image(prepare_image(PICTURE), instead_of=picture)
    assert part.source.url() == "https://example.com/other"
    check(conversation(user(part)))


def test_pictures_are_what_they_were():
    prepared = prepare_image(PICTURE, name="cat", strip_metadata=True)
    chat = conversation(user(image(prepared, detail="high")))
    for _ in range(2):
        chat._body()
    held = chat.messages[0].images[0].source
    assert held is not prepared
    for name in ("source", "format", "size", "size_bytes", "changes", "tokens", "url_size"):
        assert getattr(held, name) == getattr(prepared, name), name
    assert held.read() == prepared.read()
    assert held.sha256() == prepared.sha256()
    assert held.pil().tobytes() == prepared.pil().tobytes()
    assert held.describe() == prepared.describe()
    assert pickle.loads(pickle.dumps(held)).read() == prepared.read()
    assert prepare_image(held, max_side=20).size[0] <= 20
    assert prepare_image(held, verify=True).read() == prepared.read()
