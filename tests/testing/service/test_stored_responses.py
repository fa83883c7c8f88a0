"""Responses that the server keeps: deferred, stored and compacted."""

from __future__ import annotations

import grpc
import pytest

from tests.sample_images import jpeg
from tests.testing.grpc_calls import chat_message, image_part, open_caller
from xai_vision.proto import chat_pb2, deferred_pb2
from xai_vision.testing import FakeServer


def test_a_deferred_response(server, caller):
    started = caller.chat.StartDeferredCompletion(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=caller.metadata,
    )
    lookup = deferred_pb2.GetDeferredRequest(request_id=started.request_id)

    def poll():
        return caller.chat.GetDeferredCompletion(lookup, metadata=caller.metadata)

    assert poll().status == deferred_pb2.PENDING
    response = poll()
    assert response.status == deferred_pb2.DONE
    assert "Hi" in response.response.outputs[0].message.content
    server.clock.skip(hours=25)
    assert poll().status == deferred_pb2.EXPIRED
    lookup.request_id = "nope"
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
def test_the_status_of_a_deferred_response(server, caller, plan, status):
    server.deferred(**plan)
    started = caller.chat.StartDeferredCompletion(
        chat_pb2.GetCompletionsRequest(model="grok-4", messages=[chat_message("Hi")]),
        metadata=caller.metadata,
    )
    polled = caller.chat.GetDeferredCompletion(
        deferred_pb2.GetDeferredRequest(request_id=started.request_id), metadata=caller.metadata
    )
    assert polled.status == status


def test_stored_responses_expire_and_can_be_deleted(server, caller):
    response = caller.sample("Hi", store_messages=True)
    lookup = chat_pb2.GetStoredCompletionRequest(response_id=response.id)
    assert caller.chat.GetStoredCompletion(lookup, metadata=caller.metadata) == response
    server.clock.skip(days=29)
    assert caller.sample("More", previous_response_id=response.id)
    server.clock.skip(days=2)
    assert caller.expect_error("More", previous_response_id=response.id)[0] == "NOT_FOUND"
    response = caller.sample("Hi", store_messages=True)
    deleted = caller.chat.DeleteStoredCompletion(
        chat_pb2.DeleteStoredCompletionRequest(response_id=response.id), metadata=caller.metadata
    )
    assert deleted.response_id == response.id
    assert response.id not in server.store
    with pytest.raises(ValueError, match="days must be a finite number of at least 0"):
        server.clock.skip(days=-1)


def test_the_server_can_refuse_to_store_images():
    with FakeServer(stored_images="refuse") as server, open_caller(server) as caller:
        caller.sample("What?", image_part(jpeg()))
        caller.sample("What?", store_messages=True)
        status, details = caller.expect_error("What?", image_part(jpeg()), store_messages=True)
        assert status == "INVALID_ARGUMENT"
        assert "cannot be stored" in details


def test_compaction(caller):
    compacted = caller.chat.CompactContext(
        chat_pb2.CompactContextRequest(
            model="grok-4",
            input=[chat_message("What?", image_part(jpeg())), chat_message("A thing.", role=2)],
        ),
        metadata=caller.metadata,
    )
    assert compacted.dropped_message_count == 2
    assert compacted.usage.prompt_image_tokens == 5 * 256
    carried = chat_pb2.Message(role=1, encrypted_content=compacted.encrypted_content)
    response = caller.sample(messages=[carried, chat_message("And now?")])
    assert "Image 1 (from an earlier turn): JPEG" in response.outputs[-1].message.content
    assert response.usage.prompt_image_tokens == 0
    assert caller.text(
        messages=[chat_pb2.Message(role=1, encrypted_content="???"), chat_message("Hi")]
    )
