"""A client that outlives its test does not disturb the next one, and is told what is wrong."""

from __future__ import annotations

import gc
import json
import sys
import threading
import urllib.error
import urllib.request

import grpc
import pytest

from tests.testing.grpc_calls import open_caller, request
from tests.testing.waiting import LIMIT
from xai_vision import Client
from xai_vision.chat import user
from xai_vision.errors import AuthenticationError
from xai_vision.proto import empty_pb2
from xai_vision.proto.auth_pb2_grpc import AuthStub
from xai_vision.testing import FakeServer
from xai_vision.testing._calls.redaction import is_from_this_process, new_key
from xai_vision.testing._service.api_keys import has_ended

ENDED = "belonged to a test that has ended. Is there a client that outlives its test"


@pytest.fixture
def ended(server):
    """The key of a tenant that has ended. A newer tenant would get calls with an unknown key."""
    tenant = server.tenant()
    tenant.close()
    return tenant.api_key


@pytest.fixture
def running(server):
    tenant = server.tenant(unmatched="error")
    yield tenant
    tenant.close()


def test_a_straggler_is_in_no_log_and_learns_why(server):
    first = server.tenant()
    outlived = threading.Event()
    errors = []

    def straggler():
        with Client(first.api_key, api_host=server.target) as client:
            assert outlived.wait(LIMIT)
            try:
                client.chat.create("grok-4", messages=[user("Hi")]).sample()
            except AuthenticationError as error:
                errors.append(error)

    thread = threading.Thread(target=straggler)
    thread.start()
    first.close()
    second = server.tenant(unmatched="error")
    second.on().reply("x").times(0)
    outlived.set()
    thread.join()
    second.calls.assert_not_called()
    second.verify()
    server.calls.assert_not_called()
    assert errors[0].code() is grpc.StatusCode.UNAUTHENTICATED
    assert ENDED in str(errors[0])
    assert "Check the key" not in str(errors[0]), "the key is right, but late"
    assert first.api_key not in str(errors[0])
    second.close()


@pytest.mark.parametrize("which", ["tenant", "created"])
def test_each_key_of_an_ended_tenant(server, running, which):
    tenant = server.tenant()
    key = tenant.api_key if which == "tenant" else tenant.create_key()
    tenant.close()
    with open_caller(server, key) as caller:
        status, details = caller.expect_error("Hi")
        assert (status, ENDED in details) == ("UNAUTHENTICATED", True)
        with pytest.raises(grpc.RpcError, match=ENDED):
            list(caller.stream("Hi"))
        with pytest.raises(grpc.RpcError, match=ENDED):  # a blocked key may call this method
            AuthStub(caller.channel).get_api_key_info(empty_pb2.Empty(), metadata=caller.metadata)
    running.calls.assert_not_called()


@pytest.mark.parametrize("error_form", ["xai", "openai"])
@pytest.mark.parametrize(
    ("path", "status"), [("responses", 0), ("models", 0), ("api-key", 0), ("no-such-path", 404)]
)
def test_over_rest(path, status, error_form):
    pytest.importorskip("uvicorn")
    with FakeServer(error_form=error_form) as server:
        tenant = server.tenant()
        tenant.close()
        http = urllib.request.Request(
            f"{server.http_url}/{path}",
            json.dumps({"model": "grok-4", "input": "Hi"}).encode()
            if path == "responses"
            else None,
            {"authorization": f"Bearer {tenant.api_key}"},
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(http, timeout=LIMIT)
        with caught.value as error:
            assert error.code == (status or (400 if error_form == "xai" else 401))
            assert status or ENDED in error.read().decode()
        server.calls.assert_not_called()


@pytest.mark.parametrize("api_key", [None, "our-own-key", "k"])
def test_the_key_of_a_server_that_was_stopped(server, running, api_key):
    with FakeServer(api_key=api_key) as other:
        assert not has_ended(other.api_key)
        with open_caller(server, other.api_key) as caller:  # the wrong server, but no ended test
            assert "Incorrect API key" in caller.expect_error("Hi")[1]
    running.calls.assert_called(1)
    with open_caller(server, other.api_key) as caller:
        assert ENDED in caller.expect_error("Hi")[1]
    running.calls.assert_called(1)
    with FakeServer(api_key=api_key or other.api_key) as again, open_caller(again) as caller:
        assert caller.text("Hi")
        again.calls.assert_called(1)


@pytest.mark.parametrize("key", ["", "wrong", "xai-fake-" + "0" * 64, "xai-fake-0", "ключ"])
def test_an_unknown_key_belongs_to_the_newest_tenant(server, running, key):
    assert not has_ended(key)
    if key.isascii():
        with open_caller(server, key) as caller:
            assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
        running.calls.assert_called(1, status="UNAUTHENTICATED")


def test_keys_are_recognized_without_a_list(ended):
    assert has_ended(ended)
    key = new_key()
    assert is_from_this_process(key)
    changed = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert not is_from_this_process(changed)
    assert not is_from_this_process(key + "0")
    assert len({new_key() for _ in range(100)}) == 100


def test_ten_thousand_tenants_leave_nothing_behind(server):
    def blocks():
        gc.collect()
        return sys.getallocatedblocks()

    def run(count):
        for _ in range(count):
            server.tenant().close()

    run(100)
    before = blocks()
    run(10_000)
    # Less than one object for each 50 tenants, which is noise of the interpreter.
    assert blocks() - before < 200


def test_a_call_in_progress_ends_in_the_log_of_its_own_tenant(server):
    tenant = server.tenant()
    tenant.on().side_effect(lambda call: gate.wait(LIMIT) and "late")
    gate = threading.Event()
    with open_caller(tenant) as caller:
        call = caller.chat.GetCompletion.future(
            request("Hi"), metadata=caller.metadata, timeout=LIMIT
        )
        assert tenant.calls.wait_for(1, timeout=LIMIT)
        tenant.close()
        newer = server.tenant()
        gate.set()
        assert call.result().outputs[0].message.content == "late"
    newer.calls.assert_not_called()
    tenant.calls.assert_called(1)
    newer.close()
