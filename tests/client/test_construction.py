"""A client's arguments: checked when it is made, in words that say the remedy."""

from __future__ import annotations

import copy
import pickle
import traceback
from datetime import timedelta

import pytest

from xai_vision import AsyncClient, Client, ConfigurationError
from xai_vision._transport.config import ConnectionConfig
from xai_vision.chat import user
from xai_vision.errors import ClientClosedError, InsecureChannelWarning

BOTH = pytest.mark.parametrize("kind", [Client, AsyncClient])
KEY = "xai-secret-0123456789"
PEM = b"-----BEGIN CERTIFICATE-----"


def connection(**arguments) -> ConnectionConfig:
    return Client(**{"api_key": KEY, **arguments})._connection


@BOTH
def test_no_key(kind, monkeypatch):
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match=r"api_key= or set .* XAI_API_KEY") as caught:
        kind()
    assert isinstance(caught.value, ValueError)


def test_key_from_the_environment(monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", "from-env")
    assert ("authorization", "Bearer from-env") in Client()._connection.metadata
    assert ("authorization", "Bearer given") in Client("given")._connection.metadata


@BOTH
@pytest.mark.parametrize(
    "key", ["", "  ", KEY + "\n", " " + KEY, "xai\x00", "ключ", "a\nb", "a b", b"k"]
)
def test_keys_that_cannot_be(kind, key):
    with pytest.raises(ConfigurationError, match="API key") as caught:
        kind(api_key=key)
    assert not key or not str(key).strip() or str(key) not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "target", "secure"),
    [
        ("api.x.ai", "api.x.ai:443", True),
        ("api.x.ai:8443", "api.x.ai:8443", True),
        ("localhost:5000", "localhost:5000", False),
        ("127.0.0.1:5000", "127.0.0.1:5000", False),
        ("[::1]:5000", "[::1]:5000", False),
        ("localhost", "localhost:443", False),
        ("localhost.evil.com:443", "localhost.evil.com:443", True),
        ("localhost-evil.com", "localhost-evil.com:443", True),
        ("127.0.0.1.evil.com", "127.0.0.1.evil.com:443", True),
        ("LOCALHOST:5000", "LOCALHOST:5000", False),
    ],
)
def test_hosts(host, target, secure):
    made = connection(api_host=host)
    assert (made.target, made.secure) == (target, secure)
    assert made.loopback is not secure
    assert dict(made.options()).get("grpc.enable_http_proxy") == (None if secure else 0)


def test_a_key_in_plain_text_to_elsewhere_warns():
    with pytest.warns(InsecureChannelWarning, match="inside.example in plain text") as warned:
        assert connection(api_host="inside.example", use_insecure_channel=True).secure is False
    assert KEY not in str(warned[0].message)


def test_loopback_needs_no_warning():
    assert connection(api_host="localhost:1", use_insecure_channel=True).secure is False


def test_certificates_mean_tls_even_on_loopback():
    assert connection(api_host="localhost:1", root_certificates=PEM).secure is True
    with pytest.raises(ConfigurationError, match="leave out use_insecure_channel="):
        connection(root_certificates=PEM, use_insecure_channel=True)


@pytest.mark.parametrize("retries", [-1, 1.5, "3", True])
def test_retries_that_cannot_be(retries):
    with pytest.raises(ConfigurationError, match="retries must be a whole number of 0 or more"):
        Client(api_key=KEY, retries=retries)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("a b", "x"), "metadata key 'a b'"),
        (("", "x"), "metadata key ''"),
        (("a", "x\ny"), "the value of metadata key 'a' must be printable"),
        (("a", 3), "the value of metadata key 'a' must be printable"),
    ],
)
def test_metadata_that_cannot_be(pair, words):
    with pytest.raises(ConfigurationError, match=words):
        Client(api_key=KEY, metadata=[pair])


@BOTH
@pytest.mark.parametrize(
    ("host", "words"),
    [
        (b"api.x.ai", "api_host must be a str, not bytes"),
        ("https://api.x.ai", "give 'api.x.ai' instead"),
        ("https://api.x.ai/v1", "give 'api.x.ai' instead"),
        ("api.x.ai/v1", "give 'api.x.ai' instead"),
        ("", "api_host is empty"),
        ("api.x.ai:70000", "a port is 1 to 65535"),
        ("api.x.ai:0", "a port is 1 to 65535"),
        ("api.x.ai:port", "not of the form"),
        ("api x.ai", "not of the form"),
        ("localhost:443.evil.com", "not of the form"),
        ("user@api.x.ai", "not of the form"),
        ("api.x.ai\n", "not of the form"),
    ],
)
def test_hosts_that_cannot_be(kind, host, words):
    with pytest.raises(ConfigurationError, match=words):
        kind(api_key=KEY, api_host=host)


@BOTH
@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), timedelta(0)])
def test_timeouts_that_cannot_be(kind, timeout):
    with pytest.raises(ConfigurationError, match="timeout must be a finite time above 0 seconds"):
        kind(api_key=KEY, timeout=timeout)


@pytest.mark.parametrize("timeout", ["5", True, b"1"])
def test_timeouts_that_are_no_time(timeout):
    with pytest.raises(ConfigurationError, match="timeout must be seconds or a timedelta"):
        Client(api_key=KEY, timeout=timeout)


@pytest.mark.parametrize("timeout", [timedelta.max, 1e18, 10**400])
def test_very_long_timeouts_are_long(client, timeout):
    """gRPC takes them for times that have passed; ours are cut to some thirty years."""
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert chat.sample(timeout=timeout).content
    assert [r for r, _ in chat.stream(timeout=timeout, idle_timeout=timeout)][-1].content
    assert connection(timeout=timeout).timeout == 1e9


def test_timeouts():
    assert connection().timeout == 27 * 60
    assert connection(timeout=3600).timeout == 3600
    assert connection(timeout=timedelta(minutes=1)).timeout == 60


def test_the_key_stays_out_of_sight():
    client = Client(api_key=KEY, metadata=[("team", "a")])
    assert KEY not in repr(client)
    assert KEY not in repr(client._connection)
    assert ("team", "a") in client._connection.metadata


def test_authorization_is_not_metadata():
    with pytest.raises(ConfigurationError, match="use api_key="):
        Client(api_key=KEY, metadata=[("Authorization", "Bearer x")])


@pytest.mark.parametrize("pem", ["-----BEGIN CERTIFICATE-----", b"junk", b""])
def test_certificates_that_cannot_be(pem):
    with pytest.raises(ConfigurationError, match="root_certificates must be bytes in PEM form"):
        Client(api_key=KEY, root_certificates=pem)


@pytest.mark.parametrize("options", [[("a",)], ["ab"], [(1, 2)]])
def test_channel_options_that_cannot_be(options):
    with pytest.raises(ConfigurationError, match="channel_options must be pairs"):
        Client(api_key=KEY, channel_options=options)


def test_metadata_may_be_a_dict():
    assert ("team", "a") in connection(metadata={"Team": "a"}).metadata


@BOTH
def test_a_url_with_a_password_is_not_shown(kind):
    with pytest.raises(ConfigurationError, match="give 'api.x.ai' instead") as caught:
        kind(api_key=KEY, api_host="https://me:secret@api.x.ai/v1")
    assert "secret" not in str(caught.value)


@BOTH
def test_a_client_that_was_not_made_can_be_shown(kind):
    """As error reports do, which show the local variables of a traceback."""
    with pytest.raises(ConfigurationError) as caught:
        kind(api_key="abc\n")
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "not made" in shown


@BOTH
@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_not_to_be_copied(kind, how):
    with pytest.raises(TypeError, match="make one in each process"):
        how(kind(api_key=KEY))


def test_channel_options_of_the_caller_win():
    made = connection(channel_options=[("grpc.max_send_message_length", 5)])
    assert dict(made.options())["grpc.max_send_message_length"] == 5
    assert dict(connection().options())["grpc.max_send_message_length"] == -1


def test_use_after_close(server):
    client = Client(api_key=server.api_key, api_host=server.target)
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert chat.sample().content
    client.close()
    client.close()
    for call in (chat.sample, lambda: next(chat.stream())):
        with pytest.raises(ClientClosedError, match="make a new one"):
            call()


async def test_async_use_after_close(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert (await chat.sample()).content
    await client.close()
    await client.close()
    with pytest.raises(ClientClosedError, match="make a new one"):
        await chat.sample()
    with pytest.raises(ClientClosedError, match="make a new one"):
        await anext(aiter(chat.stream()))
