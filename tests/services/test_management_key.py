"""The key and the host of the management API, which collections use."""

from __future__ import annotations

import pytest

from tests.services.service_driver import Driver
from xai_vision.errors import (
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
)


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("variable", [None, ""])
def test_without_a_management_key_only_search_works(server, monkeypatch, kind, variable):
    monkeypatch.delenv("XAI_MANAGEMENT_KEY", raising=False)
    if variable is not None:
        monkeypatch.setenv("XAI_MANAGEMENT_KEY", variable)
    driver = Driver(kind, api_key=server.api_key, api_host=server.target)
    with pytest.raises(ConfigurationError, match="management_api_key=.*XAI_MANAGEMENT_KEY"):
        driver.collections.list()
    with pytest.raises(ConfigurationError, match="management"):
        driver.collections.upload_document("id", "a.txt", b"x")
    assert len(server.calls) == 0
    with pytest.raises(NotFoundError, match="Collection not found: id"):
        driver.collections.search("q", ["id"])
    driver.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_key_can_come_from_the_environment(server, monkeypatch, kind):
    monkeypatch.setenv("XAI_MANAGEMENT_KEY", server.management_key)
    driver = Driver(
        kind,
        api_key=server.api_key,
        api_host=server.target,
        management_api_host=server.target,
    )
    assert driver.collections.create("x").collection_id
    # A derived client shares the connection and has other defaults.
    derived = driver.client.with_options(metadata={"x-team": "a"})
    driver.run(lambda: derived.collections.list())
    assert server.calls.last.header("x-team") == "a"
    driver.close()


def test_the_kinds_of_keys_are_apart(server):
    options = {"api_host": server.target, "management_api_host": server.target}
    swapped = Driver(
        "sync", api_key=server.management_key, management_api_key=server.api_key, **options
    )
    with pytest.raises(AuthenticationError, match="is an API key, but .* needs a management key"):
        swapped.collections.list()
    with pytest.raises(AuthenticationError, match="is a management key, but .* needs an API key"):
        swapped.files.list()
    swapped.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"management_api_key": ""}, "the management API key is empty"),
        ({"management_api_key": "a b"}, "the management API key contains a space"),
        ({"management_api_key": 3}, "the management API key must be a string"),
        ({"management_api_key": "k", "management_api_host": "https://x"}, "must be a host"),
        ({"management_api_host": "a:b"}, "management_api_host must have the form"),
        ({"management_api_host": ""}, "management_api_host is empty"),
    ],
)
def test_invalid_management_arguments_are_refused(server, arguments, words):
    from xai_vision import Client

    with pytest.raises(ConfigurationError, match=words) as error:
        Client(server.api_key, api_host=server.target, **arguments)
    assert "a b" not in str(error.value)


def test_the_management_key_is_not_shown(server):
    from xai_vision import Client

    client = Client(server.api_key, "mgmt-secret-123", api_host=server.target)
    assert "mgmt-secret-123" not in repr(client)
    assert "mgmt-secret-123" not in repr(client._management_config)
    client.close()
