"""Error objects: pickling, gRPC metadata, and the class for each status."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import grpc
import pytest

from tests.client.drivers import DRIVERS, SHAPES, get_response
from xai_vision import errors
from xai_vision._transport.retry import RetryPolicy
from xai_vision._transport.rpc import RpcCall
from xai_vision._transport.status_mapping import api_error
from xai_vision.chat import user
from xai_vision.errors import APIError
from xai_vision.proto.chat_pb2_grpc import Chat as Rpc
from xai_vision.testing import Fault


def api_errors() -> list[type[APIError]]:
    classes = [getattr(errors, name) for name in errors.__all__]
    return [kind for kind in classes if issubclass(kind, APIError)]


def test_a_request_that_grpc_could_not_send_is_unavailable():
    # A race in grpc.aio, which test_connections meets now and then.
    empty = grpc.aio.Metadata()
    raised = grpc.aio.AioRpcError(
        grpc.StatusCode.INTERNAL, empty, empty, details="Internal error from Core"
    )
    error = api_error(raised, RpcCall(Rpc.GetCompletion, b"", lambda response: response))
    assert type(error) is errors.UnavailableError
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "the connection was lost while the request was sent" in str(error)
    assert RetryPolicy().wait(error, 1) is not None


@pytest.mark.parametrize("kind", api_errors(), ids=lambda kind: kind.__name__)
def test_pickle_and_copy(kind):
    error = kind(
        grpc.StatusCode.UNAVAILABLE,
        "details",
        trailing_metadata=[("x-request-id", "r1"), ("retry-after", "3")],
        method="/xai_api.Chat/GetCompletion",
        attempts=3,
    )
    for copied in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(copied) is kind
        assert str(copied) == str(error)
        assert copied.code() is error.code()
        assert list(copied.trailing_metadata()) == list(error.trailing_metadata())
        assert (copied.attempts, copied.method) == (3, error.method)
    assert "UNAVAILABLE: details (after 3 attempts, request id r1)" in str(error)


def test_pickling_of_other_errors():
    mismatch = errors.StructuredOutputError("no", text="t", errors=[{"msg": "m"}], response=None)
    copied = pickle.loads(pickle.dumps(mismatch))
    assert (str(copied), copied.text, copied.errors) == ("no", "t", [{"msg": "m"}])
    too_large = errors.ImageTooLargeError("big", size=9, limit=5, remedy="Shrink.", source="a.png")
    copied = pickle.loads(pickle.dumps(too_large))
    assert (str(copied), copied.size, copied.limit) == ("a.png: big Shrink.", 9, 5)


def test_metadata_is_readable_by_code_for_both_apis():
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
        ("INVALID_ARGUMENT", "image-lookup is not a function name", errors.BadRequestError),
        ("INVALID_ARGUMENT", "tool 'the image': bad name", errors.BadRequestError),
        ("INVALID_ARGUMENT", 'no tool "image" or `images`', errors.BadRequestError),
        ("INVALID_ARGUMENT", "the image 'x.jpg' is broken", errors.ImageRefusedError),
        (
            "INVALID_ARGUMENT",
            "Incorrect API key provided: sk***gA. You can obtain an API key from the console.",
            errors.AuthenticationError,
        ),
        ("INVALID_ARGUMENT", "Invalid api-key", errors.AuthenticationError),
        ("INVALID_ARGUMENT", "Invalid api_key", errors.AuthenticationError),
        ("INVALID_ARGUMENT", "The API key is invalid", errors.AuthenticationError),
        ("INVALID_ARGUMENT", "Invalid image_url", errors.ImageRefusedError),
        (
            "INVALID_ARGUMENT",
            "Couldn't decode the image: it isn't a valid JPEG",
            errors.ImageRefusedError,
        ),
        (
            "INVALID_ARGUMENT",
            "This model's maximum prompt length is less than the request's",
            errors.ContextTooLongError,
        ),
        ("INVALID_ARGUMENT", "Schema property images has no type", errors.BadRequestError),
        (
            "RESOURCE_EXHAUSTED",
            "Rate limit reached: 60 requests per minute. Purchase credits to raise it.",
            errors.RateLimitError,
        ),
        ("RESOURCE_EXHAUSTED", "Rate limit of 10 credits per second", errors.RateLimitError),
        ("RESOURCE_EXHAUSTED", "Insufficient quota for this minute", errors.RateLimitError),
        (
            "RESOURCE_EXHAUSTED",
            "You've used all of your credits. You're blocked.",
            errors.OutOfCreditsError,
        ),
        ("UNAUTHENTICATED", "Incorrect API key provided", errors.AuthenticationError),
        (
            "RESOURCE_EXHAUSTED",
            "Your team 16f2 has either used all available credits or reached its monthly "
            "spending limit.",
            errors.OutOfCreditsError,
        ),
        ("RESOURCE_EXHAUSTED", "insufficient_quota", errors.OutOfCreditsError),
        ("PERMISSION_DENIED", "Your team doesn't have any credits yet.", errors.OutOfCreditsError),
        ("PERMISSION_DENIED", "Failed check: SAFETY_CHECK_TYPE_X", errors.SafetyRefusalError),
        ("PERMISSION_DENIED", "The key is blocked", errors.PermissionDeniedError),
        ("RESOURCE_EXHAUSTED", "Too many requests", errors.RateLimitError),
        ("FAILED_PRECONDITION", "no", errors.BadRequestError),
        ("DATA_LOSS", "no", errors.ImageFetchError),
        ("UNIMPLEMENTED", "no", errors.ServerError),
    ],
)
@pytest.mark.parametrize("side", DRIVERS)
def test_error_class_of_each_status(server, side, code, details, kind):
    server.fault(Fault.status(code, details))
    driver = DRIVERS[side](api_key=server.api_key, api_host=server.target, retries=0)
    with pytest.raises(kind) as caught:
        driver.sample()
    driver.close()
    assert type(caught.value) is kind
    assert caught.value.code().name == code
    # The sentence of the service continues with the request id.
    assert f"{code}: {details.removesuffix('.')} (request id " in str(caught.value)
    assert caught.value.remedy in str(caught.value)


@SHAPES
@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "PERMISSION_DENIED"])
def test_out_of_credits_is_not_retried(driver, server, shape, code):
    server.on().replies(Fault.status(code, "Your team has used all available credits"))
    with pytest.raises(errors.RateLimitError, match="Add credits or raise the") as caught:
        get_response(driver, shape)
    assert type(caught.value) is errors.OutOfCreditsError
    assert caught.value.attempts == len(server.calls) == 1


@SHAPES
def test_a_key_that_the_server_repeats_is_masked(driver, server, shape):
    key = server.api_key
    server.on().replies(
        Fault.status(
            "INTERNAL", f"bad key {key}", trailing={"echo": f"<{key}>", "echo-bin": key.encode()}
        )
    )
    with pytest.raises(errors.ServerError, match=r"bad key \*\*\* ") as caught:
        get_response(driver, shape)
    error = caught.value
    assert error.trailing_metadata()["echo"] == "<***>"
    assert error.trailing_metadata()["echo-bin"] == b"***"
    assert key not in repr(error.__context__)
    for text in (str(error), repr(error), error.details(), error.debug_error_string()):
        assert key not in text


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("GetCompletion", "Check the model's name. client.models.list_language_models() lists"),
        ("GetStoredCompletion", "Check the id. Stored responses expire"),
    ],
)
def test_the_remedy_of_not_found_depends_on_what_is_missing(server, client, method, words):
    with pytest.raises(errors.NotFoundError) as caught:
        if method == "GetCompletion":
            client.chat.create("grok-0").append(user("Hi")).sample()
        else:
            client.chat.get_stored_completion("missing")
    assert words in str(caught.value)
    assert caught.value.method.endswith(method)


def test_an_error_of_an_interceptor_without_a_status():
    class Bare(grpc.RpcError):
        pass

    call = RpcCall(Rpc.GetCompletion, b"", lambda message: message)
    error = api_error(Bare(), call)
    assert type(error) is errors.ServerError
    assert error.code() is grpc.StatusCode.UNKNOWN


def test_attempts_of_a_broken_stream(client, server):
    server.on().replies(Fault.unavailable(), Fault.unavailable(), Fault.truncated())
    chat = client.chat.create("grok-4", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(errors.StreamBrokenError) as caught:
        list(chat.stream())
    assert caught.value.attempts == len(server.calls) == 3
    assert caught.value.partial.content


@pytest.mark.parametrize("name", errors.__all__)
def test_classes_show_the_path_that_users_import(name):
    cls = getattr(errors, name)
    assert f"{cls.__module__}.{cls.__qualname__}" == f"xai_vision.errors.{name}"
    assert pickle.loads(pickle.dumps(cls)) is cls


def test_a_subclass_of_a_user_keeps_its_module():
    assert type("Mine", (errors.ImageError,), {"__module__": "app._x"}).__module__ == "app._x"


def test_internal_imports_show_the_public_path_too():
    code = "from xai_vision.errors._api import APIError; print(APIError.__module__)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "xai_vision.errors"
