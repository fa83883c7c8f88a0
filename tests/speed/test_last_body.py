"""What is kept between turns never shows: a body is what the conversation says now."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pictures import data_url, jpeg
from xai_vision import prepare_image
from xai_vision.chat import assistant, body, image, system, text, user
from xai_vision.chat.conversation import Conversation
from xai_vision.chat.settings import make_settings
from xai_vision.proto import chat_pb2

Request = chat_pb2.GetCompletionsRequest
PICTURE = jpeg()


@pytest.fixture(autouse=True)
def _keep_small_ones(monkeypatch):
    monkeypatch.setattr(body, "_LEAST_KEPT", 0)


def conversation(*messages):
    return Conversation(make_settings("grok-4", {}), messages)


def look(words="What is this?"):
    return user(words, image(PICTURE))


def kept(chat):
    return chat._last_body.size


def spare(chat):
    return chat._last_body.spare


def meant(chat):
    """What the messages say, each read anew; they stay as they are."""
    request = Request(model="grok-4", n=1)
    request.messages.extend(message._as_proto() for message in chat.messages)
    return request


def check(chat):
    wanted = meant(chat)
    assert Request.FromString(chat._body()) == wanted
    assert meant(chat) == wanted


def _first_picture(chat):
    return next((m for m in chat.messages if m.pictures), None)


def _append_text(chat, words):
    chat.append(assistant(words))


def _append_picture(chat, words):
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


def _change_text_beside_picture(chat, words):
    message = _first_picture(chat)
    if message is not None:
        message.content[0].text = words


def _change_detail(chat, words):
    message = _first_picture(chat)
    if message is not None:
        message.pictures[0].detail = (message.pictures[0].detail + 1) % 4


def _change_role(chat, words):
    chat.messages[-1].role = chat_pb2.ROLE_ASSISTANT


def _change_held_proto(chat, words):
    chat.messages[0].proto.content.add(text=words)


def _change_part_proto(chat, words):
    message = _first_picture(chat)
    if message is not None:
        message.pictures[0].proto.image_url.image_url = f"https://example.com/{len(words)}"


def _name_the_shell(chat, words):
    message = _first_picture(chat)
    if message is not None:
        message.tool_calls.add(id=words)


def _send(chat, words):
    chat._body()


changes = st.sampled_from(
    [value for name, value in sorted(globals().items()) if name.startswith("_") and callable(value)
     and name not in ("_first_picture", "_keep_small_ones") and not name.startswith("__")]
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
    with pytest.raises(Exception, match="no such file"):
        chat._body()
    del chat.messages[-1]
    check(chat)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PICTURE)
    return path


def test_all_conversations_together_keep_no_more_than_their_room(monkeypatch, file):
    monkeypatch.setattr(body, "KEPT_BYTES", 4 * len(PICTURE))
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
    monkeypatch.setattr(body, "KEPT_BYTES", 4 * len(PICTURE))
    chats = [conversation(look()) for _ in range(6)]
    for chat in chats:
        for _ in range(2):
            chat._body()
    assert all(map(kept, chats))
    assert sum(map(spare, chats)) < len(PICTURE)


def test_making_room_leaves_the_pictures_that_are_held_nowhere_else(monkeypatch, file):
    monkeypatch.setattr(body, "KEPT_BYTES", 2 * len(PICTURE))
    one, other = (
        conversation(user(image(file), image(PICTURE)), look("And?"), user(image(file)))
        for _ in range(2)
    )
    for chat in (one, other):
        chat._body()
    monkeypatch.setattr(body, "KEPT_BYTES", 4 * len(PICTURE))
    for chat in (one, other):
        chat._body()
    assert kept(other)
    assert not kept(one)
    assert one.messages[1].pictures[0].picture.read() == PICTURE
    said = one.messages[0].proto
    assert [part.image_url.image_url for part in said.content] == 2 * [data_url(PICTURE)]
    check(one)
    check(one)


def test_dropping_the_last_answer_writes_nothing_anew(monkeypatch):
    chat = conversation(look(), assistant("A cat."))
    for _ in range(2):
        chat._body()
    before = chat._last_body._held[0].buffer
    chat.messages[-1] = assistant("A dog.")
    check(chat)
    assert chat._last_body._held[0].buffer is before


def test_replacing_the_last_picture_writes_nothing_anew():
    chat = conversation(look(), assistant("A cat."), look("And this?"))
    for _ in range(2):
        chat._body()
    before = chat._last_body._held[0].buffer
    chat.messages[-1] = look("Or this?")
    check(chat)
    assert chat._last_body._held[0].buffer is before


def test_a_picture_that_is_shown_again_makes_nothing_old_new():
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    before = chat._last_body._held[0].buffer
    for _ in range(4):
        chat.append(user("And again?", chat.messages[0].content[1]))
        check(chat)
        assert chat._last_body._held[0].buffer is before


def test_a_branch_holds_what_it_shows_and_no_more(file):
    root = conversation(look(), *(user(image(file)) for _ in range(20)))
    for _ in range(2):
        root._body()
    branch = root.fork()
    del branch.messages[1:]
    buffer = branch.messages[0].pictures[0].picture._content._store
    assert buffer is root._last_body._held[0].buffer
    del root
    gc.collect()
    assert not isinstance(buffer._out, io.BytesIO)
    assert sum(map(len, buffer._out.values())) < 1.4 * len(PICTURE)
    check(branch)
    del branch.messages[0]
    gc.collect()
    assert not buffer._out


def test_what_is_too_large_to_be_kept_is_let_go_of_apart_from_its_pictures(monkeypatch, file):
    chat = conversation(look())
    for _ in range(2):
        chat._body()
    buffer = chat._last_body._held[0].buffer
    monkeypatch.setattr(body, "KEPT_BYTES", len(PICTURE))
    for _ in range(3):
        chat.append(user(image(file)))
    check(chat)
    assert not kept(chat)
    assert sum(map(len, buffer._out.values())) < 1.4 * len(PICTURE)
    check(chat)


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


def test_a_part_that_is_protobuf_does_not_go_back_to_its_picture():
    part = image(PICTURE)
    picture = part.picture
    part.proto.image_url.image_url = "https://example.com/other"
    part.hold(prepare_image(PICTURE), instead_of=picture)
    assert part.picture.url() == "https://example.com/other"
    check(conversation(user(part)))


def test_pictures_are_what_they_were():
    prepared = prepare_image(PICTURE, name="cat", strip_metadata=True)
    chat = conversation(user(image(prepared, detail="high")))
    for _ in range(2):
        chat._body()
    held = chat.messages[0].pictures[0].picture
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


def test_small_bodies_are_not_kept(monkeypatch):
    monkeypatch.setattr(body, "_LEAST_KEPT", 2**20)
    chat = conversation(look())
    for _ in range(3):
        check(chat)
    assert not kept(chat)


def test_text_alone_is_not_kept():
    chat = conversation(user("Hi"), assistant("Hello"), user(text("And?")))
    for _ in range(3):
        check(chat)
    assert not kept(chat)


def test_threads_that_share_a_chat_get_whole_bodies():
    chat = conversation(*(look(str(n)) for n in range(20)))
    wanted, wrong = Request.FromString(chat._body()), []

    def ask():
        for _ in range(30):
            if Request.FromString(chat._body()) != wanted:
                wrong.append(1)

    run(6, ask)
    assert not wrong
    assert len(chat._last_body._held) == 1


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
                    message.pictures[0].proto  # noqa: B018
                    message.proto  # noqa: B018
            elif any(Request.FromString(chat._body()) != wanted for _ in range(10)):
                wrong.append(1)

        run(3, ask)
        assert not wrong


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
