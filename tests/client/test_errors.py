"""Errors as objects: pickled, read by code for either side of gRPC, worded for people."""

from __future__ import annotations

import copy
import pickle

import grpc
import pytest

from tests.client.both import DRIVERS
from xai_vision import errors
from xai_vision._transport.retry import RetryPolicy
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.status_mapping import api_error
from xai_vision.errors import APIError
from xai_vision.proto.chat_grpc import Chat as Rpc
from xai_vision.testing import Fault


def api_kinds() -> list[type[APIError]]:
    found = [getattr(errors, name) for name in errors.__all__]
    return [kind for kind in found if issubclass(kind, APIError)]


def test_a_request_that_could_not_be_sent_on_was_cut_off():
    # A race in grpc.aio, which "over a line that is cut" in test_faults now and then meets.
    nothing = grpc.aio.Metadata()
    raised = grpc.aio.AioRpcError(
        grpc.StatusCode.INTERNAL, nothing, nothing, details="Internal error from Core"
    )
    error = api_error(raised, RpcCall(Rpc.GetCompletion, b"", lambda reply: reply))
    assert type(error) is errors.UnavailableError
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "the connection was lost while the request was sent" in str(error)
    assert RetryPolicy().wait(error, 1) is not None


@pytest.mark.parametrize("kind", api_kinds(), ids=lambda kind: kind.__name__)
def test_pickle_and_copy(kind):
    error = kind(
        grpc.StatusCode.UNAVAILABLE,
        "details",
        trailing_metadata=[("x-request-id", "r1"), ("retry-after", "3")],
        method="/xai_api.Chat/GetCompletion",
        attempts=3,
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert twin.code() is error.code()
        assert list(twin.trailing_metadata()) == list(error.trailing_metadata())
        assert (twin.attempts, twin.method) == (3, error.method)
    assert "UNAVAILABLE: details after 3 attempts (request id r1)" in str(error)


def test_pickling_what_else_there_is():
    misfit = errors.StructuredOutputError("no", text="t", errors=[{"msg": "m"}], response=None)
    twin = pickle.loads(pickle.dumps(misfit))
    assert (str(twin), twin.text, twin.errors) == ("no", "t", [{"msg": "m"}])
    picture = errors.ImageTooLargeError("big", size=9, limit=5, remedy="Shrink.", source="a.png")
    twin = pickle.loads(pickle.dumps(picture))
    assert (str(twin), twin.size, twin.limit) == ("a.png: big Shrink.", 9, 5)


def test_metadata_reads_as_on_either_side():
    error = APIError(grpc.StatusCode.INTERNAL, trailing_metadata=[("a", "1"), ("b", b"2")])
    metadata = error.trailing_metadata()
    assert [pair.key for pair in metadata] == ["a", "b"]
    assert [value for _, value in metadata] == ["1", b"2"]
    assert metadata[0] == ("a", "1")
    assert metadata["a"] == "1"
    assert dict(metadata) == {"a": "1", "b": b"2"}
    assert len(metadata) == 2


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        ("INVALID_ARGUMENT", "Invalid JPEG image", errors.ImageRefusedError),
        ("INVALID_ARGUMENT", "Invalid PNG image.", errors.ImageRefusedError),
        (
            "INVALID_ARGUMENT",
            "Base64 string of provided image cannot be decoded",
            errors.ImageRefusedError,
        ),
        (
            "INVALID_ARGUMENT",
            "This model's maximum prompt length is 8192",
            errors.ContextTooLongError,
        ),
        ("INVALID_ARGUMENT", "tool image_generation is not available", errors.BadRequestError),
        ("INVALID_ARGUMENT", "Image generation is off", errors.BadRequestError),
        ("PERMISSION_DENIED", "Failed check: SAFETY_CHECK_TYPE_X", errors.SafetyRefusalError),
        ("PERMISSION_DENIED", "The key is blocked", errors.PermissionDeniedError),
        ("RESOURCE_EXHAUSTED", "Too many requests", errors.RateLimitError),
        ("FAILED_PRECONDITION", "no", errors.BadRequestError),
        ("DATA_LOSS", "no", errors.ImageFetchError),
        ("UNIMPLEMENTED", "no", errors.ServerError),
    ],
)
@pytest.mark.parametrize("side", DRIVERS)
def test_which_error_a_status_becomes(server, side, code, details, kind):
    server.fault(Fault.status(code, details))
    driver = DRIVERS[side](api_key=server.api_key, api_host=server.target, retries=0)
    with pytest.raises(kind) as caught:
        driver.sample()
    driver.close()
    assert type(caught.value) is kind
    assert caught.value.code().name == code
    assert details in str(caught.value)
    assert caught.value.remedy in str(caught.value)


def test_attempts_of_a_stream_that_does_not_finish(client, server):
    server.on().replies(Fault.unavailable(), Fault.unavailable(), Fault.truncated())
    chat = client.chat.create("grok-4", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(errors.StreamBrokenError) as caught:
        list(chat.stream())
    assert caught.value.attempts == len(server.calls) == 3
    assert caught.value.partial.content
