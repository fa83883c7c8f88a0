"""Which key the upstream gets: the client's own, or the one of the fake server's owner."""

from __future__ import annotations

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.proto import collections_pb2
from xai_vision.proto.collections_pb2_grpc import CollectionsStub
from xai_vision.testing import FakeServer, Settings

OWN = "xai-0123456789-own-key"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("XAI_API_KEY", "XAI_MANAGEMENT_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def real():
    """Stands for the real service, which knows one key."""
    with FakeServer(api_key=OWN) as running:
        yield running


def test_a_key_of_the_client_is_passed_on(real):
    with FakeServer(upstream=real.target) as server:
        with open_caller(server, OWN) as caller:
            assert caller.text("Hi")
        with open_caller(server, "xai-unknown-key") as caller:
            status, details = caller.expect_error("Hi")
    assert status == "UNAUTHENTICATED"
    assert "Incorrect API key" in details
    assert OWN not in repr(server.calls) + repr(server.calls[0].to_dict(volatile=True))


def test_a_key_of_the_fake_server_becomes_the_key_of_the_environment(real, monkeypatch):
    with FakeServer(upstream=real.target) as server, open_caller(server) as caller:
        status, details = caller.expect_error("Hi")
        assert status == "FAILED_PRECONDITION"
        assert "XAI_API_KEY" in details
        assert "upstream_key" in details
        assert not real.calls
        monkeypatch.setenv("XAI_API_KEY", OWN)
        assert caller.text("Hi")


def test_a_given_key_comes_before_the_environment(real, monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", "xai-wrong-key")
    with FakeServer(upstream=real.target, upstream_key=OWN) as server, open_caller(server) as c:
        assert c.text("Hi")


@pytest.mark.parametrize("other", ["", "ended"])
def test_calls_without_a_usable_key_do_not_reach_the_upstream(real, monkeypatch, other):
    monkeypatch.setenv("XAI_API_KEY", OWN)
    with FakeServer(upstream=real.target) as server:
        tenant = server.tenant()
        tenant.close()
        with open_caller(server, tenant.api_key if other else "") as caller:
            assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
    assert not real.calls


def test_a_generated_key_of_another_process_is_not_passed_on(real):
    foreign = "xai-fake-" + "0" * 64
    with FakeServer(upstream=real.target) as server, open_caller(server, foreign) as caller:
        assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
    assert not real.calls


def test_collections_use_the_management_key(real, monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", OWN)
    monkeypatch.setenv("XAI_MANAGEMENT_KEY", real.management_key)
    with FakeServer(upstream=real.target) as server, open_caller(server) as caller:
        stub = CollectionsStub(caller.channel)
        metadata = (("authorization", f"Bearer {server.management_key}"),)
        request = collections_pb2.CreateCollectionRequest(collection_name="from afar")
        created = stub.CreateCollection(request, metadata=metadata)
    assert created.collection_name == "from afar"
    assert [call.method for call in real.calls] == ["CreateCollection"]


def test_the_key_does_not_appear_in_the_settings():
    settings = Settings(upstream="localhost:1", upstream_key=OWN)
    assert OWN not in repr(settings)


def test_an_error_of_the_upstream_does_not_contain_its_key():
    with FakeServer(api_key=OWN) as real:
        real.on().side_effect(lambda call: (_ for _ in ()).throw(ValueError(f"key {OWN}")))
        with FakeServer(upstream=real.target, upstream_key=OWN) as server:
            with open_caller(server) as caller:
                assert OWN not in caller.expect_error("Hi")[1]
            assert OWN not in repr(server.calls.last.to_dict(volatile=True))
        real.clear()


def test_a_key_without_the_right_to_a_model_does_not_reach_the_upstream(real):
    with FakeServer(upstream=real.target, upstream_key=OWN) as server:
        with open_caller(server, server.create_key(models=["grok-3"])) as caller:
            assert caller.expect_error("Hi", model="grok-4")[0] == "PERMISSION_DENIED"
        assert not real.calls
