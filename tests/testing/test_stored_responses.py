"""Answers the server keeps: deferred, stored, compacted."""

from __future__ import annotations

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import connected, picture, said
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FakeServer


def test_deferred(server, ask):
    started = ask.chat.StartDeferredCompletion(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[said("Hi")]),
        metadata=ask.metadata,
    )
    wanted = deferred_pb2.GetDeferredRequest(request_id=started.request_id)

    def poll():
        return ask.chat.GetDeferredCompletion(wanted, metadata=ask.metadata)

    assert poll().status == deferred_pb2.PENDING
    done = poll()
    assert done.status == deferred_pb2.DONE
    assert "Hi" in done.response.outputs[0].message.content
    server.clock.skip(hours=25)
    assert poll().status == deferred_pb2.EXPIRED
    wanted.request_id = "nope"
    with pytest.raises(grpc.RpcError) as caught:
        poll()
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        ({"ready_after_polls": 0}, deferred_pb2.DONE),
        ({"ready_after_polls": 0, "failed": True}, deferred_pb2.FAILED),
        ({"ready_after_polls": 0, "expired": True}, deferred_pb2.EXPIRED),
        ({"ready_after_polls": 9}, deferred_pb2.PENDING),
    ],
)
def test_how_deferred_answers_come(server, ask, plan, status):
    server.deferred(**plan)
    started = ask.chat.StartDeferredCompletion(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[said("Hi")]),
        metadata=ask.metadata,
    )
    polled = ask.chat.GetDeferredCompletion(
        deferred_pb2.GetDeferredRequest(request_id=started.request_id), metadata=ask.metadata
    )
    assert polled.status == status


def test_stored_answers_expire_and_are_deleted(server, ask):
    answer = ask("Hi", store_messages=True)
    wanted = chat_pb2.GetStoredCompletionRequest(response_id=answer.id)
    assert ask.chat.GetStoredCompletion(wanted, metadata=ask.metadata) == answer
    server.clock.skip(days=29)
    assert ask("More", previous_response_id=answer.id)
    server.clock.skip(days=2)
    assert ask.refusal("More", previous_response_id=answer.id)[0] == "NOT_FOUND"
    answer = ask("Hi", store_messages=True)
    gone = ask.chat.DeleteStoredCompletion(
        chat_pb2.DeleteStoredCompletionRequest(response_id=answer.id), metadata=ask.metadata
    )
    assert gone.response_id == answer.id
    assert answer.id not in server.store
    with pytest.raises(ValueError, match="days must be a finite number of at least 0"):
        server.clock.skip(days=-1)


def test_storing_pictures_can_be_refused():
    with FakeServer(stored_images="refuse") as server, connected(server) as ask:
        ask("What?", picture(jpeg()))
        ask("What?", store_messages=True)
        status, words = ask.refusal("What?", picture(jpeg()), store_messages=True)
        assert status == "INVALID_ARGUMENT"
        assert "cannot be stored" in words


def test_compaction(ask):
    compacted = ask.chat.CompactContext(
        chat_pb2.CompactContextRequest(
            model="grok-4", input=[said("What?", picture(jpeg())), said("A thing.", role=2)]
        ),
        metadata=ask.metadata,
    )
    assert compacted.dropped_message_count == 2
    assert compacted.usage.prompt_image_tokens == 5 * 256
    carried = chat_pb2.Message(role=1, encrypted_content=compacted.encrypted_content)
    answer = ask(messages=[carried, said("And now?")])
    assert "Image 1 (from an earlier turn): JPEG" in answer.outputs[-1].message.content
    assert answer.usage.prompt_image_tokens == 0
    assert ask.text(messages=[chat_pb2.Message(role=1, encrypted_content="???"), said("Hi")])
