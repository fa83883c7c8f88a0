"""All services of the API are passed on, and data that a test has made locally stays local."""

from __future__ import annotations

import grpc
import pytest

from tests.testing.grpc_calls import request
from tests.testing.waiting import LIMIT
from xai_vision.proto import (
    batch_pb2,
    chat_pb2,
    deferred_pb2,
    files_pb2,
    image_pb2,
    tokenize_pb2,
    video_pb2,
)
from xai_vision.proto.auth_pb2_grpc import Auth
from xai_vision.proto.batch_pb2_grpc import BatchMgmt
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.proto.collections_pb2_grpc import Collections
from xai_vision.proto.documents_pb2_grpc import Documents
from xai_vision.proto.empty_pb2 import Empty
from xai_vision.proto.files_pb2_grpc import Files, FilesStub
from xai_vision.proto.image_pb2_grpc import Image
from xai_vision.proto.models_pb2_grpc import Models
from xai_vision.proto.tokenize_pb2_grpc import Tokenize
from xai_vision.proto.video_pb2_grpc import Video, VideoStub
from xai_vision.testing import Fault
from xai_vision.testing._service.methods import STREAM_METHODS, UNARY_METHODS, UPLOAD_METHODS

SERVICES = (Auth, BatchMgmt, Chat, Collections, Documents, Files, Image, Models, Tokenize, Video)
METHODS = [method for service in SERVICES for method in service.METHODS]


def invoke(caller, method, message, metadata=None):
    multicallable = getattr(caller.channel, method.shape)(
        method.path,
        request_serializer=method.request.SerializeToString,
        response_deserializer=method.response.FromString,
    )
    result = multicallable(message, metadata=metadata or caller.metadata, timeout=LIMIT)
    return list(result) if method.server_streaming else result


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.path)
def test_every_method_that_the_fake_serves_is_passed_on(server, upstream, caller, method):
    if method not in {*UNARY_METHODS, *STREAM_METHODS, *UPLOAD_METHODS}:
        pytest.skip("the fake server does not serve this method")
    key = server.management_key if method.service == Collections.SERVICE else server.api_key
    message = iter([method.request()]) if method.client_streaming else method.request()
    try:
        invoke(caller, method, message, (("authorization", f"Bearer {key}"),))
    except grpc.RpcError as error:
        answer = (error.code().name, error.details())
    else:
        answer = ("OK", "")
    passed = [call.method for call in upstream.calls]
    assert passed == [method.name]
    assert answer == (upstream.calls.last.status, upstream.calls.last.details)


def test_lists_and_small_calls_have_the_data_of_the_upstream(upstream, caller):
    upstream.models.add("grok-99")
    models = invoke(caller, Models.ListLanguageModels, Empty()).models
    assert "grok-99" in {model.name for model in models}
    assert invoke(caller, Auth.get_api_key_info, Empty()).name
    tokens = invoke(
        caller, Tokenize.TokenizeText, tokenize_pb2.TokenizeTextRequest(text="a b", model="grok-4")
    )
    assert tokens.tokens
    image = invoke(
        caller,
        Image.GenerateImage,
        image_pb2.GenerateImageRequest(prompt="a cat", model="grok-imagine-image"),
    )
    assert image.images[0].url
    assert [call.method for call in upstream.calls].count("GenerateImage") == 1


def upload(caller, *chunks):
    messages = [files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.txt"))]
    messages += [files_pb2.UploadFileChunk(data=chunk) for chunk in chunks]
    return FilesStub(caller.channel).UploadFile(
        iter(messages), metadata=caller.metadata, timeout=LIMIT
    )


def test_a_file_is_uploaded_and_downloaded_chunk_by_chunk(server, upstream, caller):
    content = [bytes([index]) * 1_000_000 for index in range(8)]
    file = upload(caller, *content)
    assert upstream.files.fetch(file.id) == b"".join(content)
    assert not server.files
    record = server.calls.last
    assert record.upload.size == 8_000_000
    assert record.upload.sha256 == upstream.calls.last.upload.sha256
    fetched = invoke(
        caller, Files.RetrieveFileContent, files_pb2.RetrieveFileContentRequest(file_id=file.id)
    )
    assert len(fetched) > 1
    assert b"".join(chunk.data for chunk in fetched) == b"".join(content)


def test_a_fault_ends_an_upload_on_its_way(server, upstream, caller):
    server.fault(Fault.status("UNAVAILABLE", "gone", after_chunks=1))
    with pytest.raises(grpc.RpcError) as info:
        upload(caller, b"one", b"two", b"three")
    assert (info.value.code().name, info.value.details()) == ("UNAVAILABLE", "gone")
    assert upstream.calls.last.wait(LIMIT)
    assert not upstream.files


def test_an_upload_that_the_upstream_refuses(upstream, caller):
    upstream.fault(Fault.status("RESOURCE_EXHAUSTED", "too many files"))
    with pytest.raises(grpc.RpcError) as info:
        upload(caller, b"one")
    assert (info.value.code().name, info.value.details()) == (
        "RESOURCE_EXHAUSTED",
        "too many files",
    )


def test_a_cancelled_upload_is_cancelled_upstream(server, upstream, caller):
    def messages():
        yield files_pb2.UploadFileChunk(init=files_pb2.UploadFileInit(name="a.txt"))
        yield files_pb2.UploadFileChunk(data=b"one")
        assert upstream.calls.wait_for(1, timeout=LIMIT)
        call.cancel()
        upstream.calls.last.wait(LIMIT)

    call = FilesStub(caller.channel).UploadFile.future(
        messages(), metadata=caller.metadata, timeout=LIMIT
    )
    with pytest.raises(grpc.FutureCancelledError):
        call.result()
    assert server.calls.wait_for(1, timeout=LIMIT)
    assert server.calls.last.wait_cancelled(LIMIT)
    assert upstream.calls.last.wait_cancelled(LIMIT)
    assert not upstream.files


def test_stored_and_deferred_completions_are_those_of_the_upstream(upstream, caller):
    upstream.on(prompt="one").reply("stored far away")
    first = caller.sample("one", store_messages=True)
    upstream.on(turn=2).reply("and continued")
    assert caller.text("two", previous_response_id=first.id) == "and continued"
    stored = invoke(
        caller, Chat.GetStoredCompletion, chat_pb2.GetStoredCompletionRequest(response_id=first.id)
    )
    assert stored.outputs[0].message.content == "stored far away"
    upstream.on(prompt="later").reply("deferred far away")
    upstream.deferred(ready_after_polls=0)
    started = invoke(caller, Chat.StartDeferredCompletion, request("later"))
    polled = poll(caller, started)
    assert polled.response.outputs[0].message.content == "deferred far away"


def poll(caller, started):
    message = deferred_pb2.GetDeferredRequest(request_id=started.request_id)
    return invoke(caller, Chat.GetDeferredCompletion, message)


def test_what_a_rule_stored_or_deferred_is_answered_locally(server, upstream, caller):
    server.on(prompt="one").reply("stored here")
    server.on(turn=2).reply("continued here")
    first = caller.sample("one", store_messages=True)
    message = chat_pb2.GetStoredCompletionRequest(response_id=first.id)
    assert invoke(caller, Chat.GetStoredCompletion, message) == first
    assert caller.text("two", previous_response_id=first.id) == "continued here"
    server.deferred(ready_after_polls=0)
    started = invoke(caller, Chat.StartDeferredCompletion, request("one"))
    assert poll(caller, started).response.outputs[0].message.content == "stored here"
    assert not upstream.calls


def test_files_images_and_videos_of_the_test_are_answered_locally(server, upstream, caller):
    server.files["file-local"] = b"local"
    fetched = invoke(
        caller,
        Files.RetrieveFileContent,
        files_pb2.RetrieveFileContentRequest(file_id="file-local"),
    )
    assert b"".join(chunk.data for chunk in fetched) == b"local"
    server.images(missing=1)
    message = image_pb2.GenerateImageRequest(prompt="a cat", model="grok-imagine-image", n=2)
    assert len(invoke(caller, Image.GenerateImage, message).images) == 1
    server.videos(ready_after_polls=0)
    video = video_pb2.GenerateVideoRequest(prompt="a cat", model="grok-imagine-video")
    started = invoke(caller, Video.GenerateVideo, video)
    state = VideoStub(caller.channel).GetDeferredVideo(
        video_pb2.GetDeferredVideoRequest(request_id=started.request_id),
        metadata=caller.metadata,
        timeout=LIMIT,
    )
    assert state.status == deferred_pb2.DONE
    assert not upstream.calls


def test_batches_run_at_the_upstream(server, upstream, caller):
    upstream.on(prompt="in a batch").reply("answer of the batch")
    upstream.batches(ready_after=0)
    batch = invoke(caller, BatchMgmt.CreateBatch, batch_pb2.CreateBatchRequest(name="b"))
    item = batch_pb2.BatchRequest(batch_request_id="1", completion_request=request("in a batch"))
    invoke(
        caller,
        BatchMgmt.AddBatchRequests,
        batch_pb2.AddBatchRequestsRequest(batch_id=batch.batch_id, batch_requests=[item]),
    )
    results = invoke(
        caller,
        BatchMgmt.ListBatchResults,
        batch_pb2.ListBatchResultsRequest(batch_id=batch.batch_id),
    )
    assert "answer of the batch" in str(results)
    assert len(server.calls) == 3
