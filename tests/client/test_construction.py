"""The checks of a client's arguments, and the remedies in their errors."""

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


def make_config(**kwargs) -> ConnectionConfig:
    return Client(**{"api_key": KEY, **kwargs})._config


@BOTH
def test_no_key(kind, monkeypatch):
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match=r"api_key= or set .* XAI_API_KEY") as caught:
        kind()
    assert isinstance(caught.value, ValueError)


def test_key_from_the_environment(monkeypatch):
    monkeypatch.setenv("XAI_API_KEY", "from-env")
    assert ("authorization", "Bearer from-env") in Client()._config.metadata
    assert ("authorization", "Bearer given") in Client("given")._config.metadata


@BOTH
@pytest.mark.parametrize(
    "key", ["", "  ", KEY + "\n", " " + KEY, "xai\x00", "ключ", "a\nb", "a b", b"k"]
)
def test_invalid_keys(kind, key):
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
        ("dns:///api.x.ai", "dns:///api.x.ai:443", True),
        ("dns:api.x.ai:8443", "dns:api.x.ai:8443", True),
        ("dns:///localhost:5000", "dns:///localhost:5000", False),
        ("ipv4:127.0.0.1:5000", "ipv4:127.0.0.1:5000", False),
        ("ipv4:10.0.0.1:5000", "ipv4:10.0.0.1:5000", True),
        ("ipv6:[::1]:5000", "ipv6:[::1]:5000", False),
    ],
)
def test_hosts(host, target, secure):
    config = make_config(api_host=host)
    assert (config.target, config.secure) == (target, secure)
    assert config.loopback is not secure
    assert dict(config.options()).get("grpc.enable_http_proxy") == (None if secure else 0)


def test_the_host_from_the_environment(monkeypatch):
    monkeypatch.setenv("XAI_API_HOST", "localhost:5000")
    assert make_config().target == "localhost:5000"
    assert make_config(api_host="localhost:1").target == "localhost:1"
    monkeypatch.setenv("XAI_API_HOST", "")
    assert make_config().target == "api.x.ai:443"


@pytest.mark.parametrize(
    ("host", "interval"), [("api.x.ai", 30), ("eu-west-1.api.x.ai:443", 30), ("my.proxy", 310)]
)
def test_pings_come_before_load_balancers_forget_a_connection(host, interval):
    options = dict(make_config(api_host=host).options())
    assert options["grpc.keepalive_time_ms"] == interval * 1000
    assert options.get("grpc.keepalive_permit_without_calls") == (1 if interval == 30 else None)
    changed = make_config(api_host=host, channel_options=[("grpc.keepalive_time_ms", 5)])
    assert dict(changed.options())["grpc.keepalive_time_ms"] == 5


def test_the_channel_option_that_turns_retries_off():
    off = [("grpc.enable_retries", 0)]
    assert make_config(channel_options=off).retries.attempts == 1
    assert make_config(channel_options=off).retries.rate_limit_attempts == 1
    assert make_config(channel_options=off, retries=3).retries.attempts == 4
    assert make_config(channel_options=[("grpc.enable_retries", 1)]).retries.attempts == 5


@BOTH
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("base_url", "; use api_host='host:port'"),
        ("max_retries", "; use retries="),
        ("default_headers", "; use metadata="),
        ("api_hots", "; did you mean 'api_host'?"),
        ("time_out", "; did you mean 'timeout'?"),
        ("zzz", ""),
    ],
)
def test_unknown_arguments(kind, name, hint):
    message = f"{kind.__name__}() got an unexpected keyword argument '{name}'{hint}"
    with pytest.raises(TypeError) as caught:
        kind(KEY, **{name: 1})
    assert str(caught.value) == message


def test_a_key_in_plain_text_to_another_machine_warns():
    with pytest.warns(InsecureChannelWarning, match="inside.example in plain text") as warned:
        config = Client(KEY, api_host="inside.example", use_insecure_channel=True)._config
    assert config.secure is False
    assert KEY not in str(warned[0].message)
    assert warned[0].filename == __file__


def test_the_management_key_in_plain_text_warns_too():
    with pytest.warns(InsecureChannelWarning) as warned:
        Client(KEY, "xai-management-0123", api_host="localhost", use_insecure_channel=True)
    [warning] = warned
    assert "the management API key and all documents are sent to management-api.x.ai" in str(
        warning.message
    )
    assert "0123" not in str(warning.message)
    assert warning.filename == __file__


def test_loopback_needs_no_warning():
    assert make_config(api_host="localhost:1", use_insecure_channel=True).secure is False


def test_certificates_mean_tls_even_on_loopback():
    assert make_config(api_host="localhost:1", root_certificates=PEM).secure is True
    with pytest.raises(ConfigurationError, match="Leave out use_insecure_channel="):
        make_config(root_certificates=PEM, use_insecure_channel=True)


@pytest.mark.parametrize("retries", [-1, 1.5, "3", True])
def test_invalid_retries(retries):
    with pytest.raises(ConfigurationError, match="retries must be an integer of at least 0"):
        Client(api_key=KEY, retries=retries)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("a b", "x"), "metadata key 'a b'"),
        (("", "x"), "metadata key ''"),
        (("a", "x\ny"), "the value of metadata key 'a' must be printable"),
        (("a", 3), "the value of metadata key 'a' must be printable"),
    ],
)
def test_invalid_metadata(pair, message):
    with pytest.raises(ConfigurationError, match=message):
        Client(api_key=KEY, metadata=[pair])


@BOTH
@pytest.mark.parametrize(
    ("host", "message"),
    [
        (b"api.x.ai", "api_host must be a string, not bytes"),
        ("https://api.x.ai", "must be a host, not a URL. Pass 'api.x.ai'"),
        ("https://api.x.ai/v1", "must be a host, not a URL. Pass 'api.x.ai'"),
        ("api.x.ai/v1", "must be a host, not a URL. Pass 'api.x.ai'"),
        ("", "api_host is empty"),
        ("api.x.ai:70000", "the port must be from 1 to 65535"),
        ("api.x.ai:0", "the port must be from 1 to 65535"),
        ("api.x.ai:port", "must have the form"),
        ("api x.ai", "must have the form"),
        ("localhost:443.evil.com", "must have the form"),
        ("user@api.x.ai", "must have the form"),
        ("api.x.ai\n", "must have the form"),
        ("dns://8.8.8.8/api.x.ai", "must be a host, not a URL. Pass '8.8.8.8'"),
        ("ipv5:1.2.3.4:5", "must have the form"),
    ],
)
def test_invalid_hosts(kind, host, message):
    with pytest.raises(ConfigurationError, match=message):
        kind(api_key=KEY, api_host=host)


@BOTH
@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), timedelta(0)])
def test_timeouts_out_of_range(kind, timeout):
    with pytest.raises(ConfigurationError, match="timeout must be a finite time above 0 seconds"):
        kind(api_key=KEY, timeout=timeout)


@pytest.mark.parametrize("timeout", ["5", True, b"1"])
def test_timeouts_of_a_wrong_type(timeout):
    with pytest.raises(ConfigurationError, match="timeout must be seconds or a timedelta"):
        Client(api_key=KEY, timeout=timeout)


@pytest.mark.parametrize("timeout", [timedelta.max, 1e18, 10**400])
def test_very_long_timeouts(client, timeout):
    """gRPC treats them as already passed; they are limited to some thirty years."""
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert chat.sample(timeout=timeout).content
    assert [r for r, _ in chat.stream(timeout=timeout, idle_timeout=timeout)][-1].content
    assert make_config(timeout=timeout).timeout == 1e9


def test_timeouts():
    assert make_config().timeout == 27 * 60
    assert make_config(timeout=3600).timeout == 3600
    assert make_config(timeout=timedelta(minutes=1)).timeout == 60


def test_repr_leaves_out_the_key():
    client = Client(api_key=KEY, metadata=[("team", "a")])
    assert KEY not in repr(client)
    assert KEY not in repr(client._config)
    assert ("team", "a") in client._config.metadata


def test_authorization_is_not_metadata():
    with pytest.raises(ConfigurationError, match="Pass api_key="):
        Client(api_key=KEY, metadata=[("Authorization", "Bearer x")])


@pytest.mark.parametrize("pem", ["-----BEGIN CERTIFICATE-----", b"junk", b""])
def test_invalid_certificates(pem):
    with pytest.raises(ConfigurationError, match="root_certificates must be bytes in PEM form"):
        Client(api_key=KEY, root_certificates=pem)


@pytest.mark.parametrize("options", [[("a",)], ["ab"], [(1, 2)]])
def test_invalid_channel_options(options):
    with pytest.raises(ConfigurationError, match="channel_options must be pairs"):
        Client(api_key=KEY, channel_options=options)


def test_metadata_may_be_a_dict():
    assert ("team", "a") in make_config(metadata={"Team": "a"}).metadata


@BOTH
def test_a_url_with_a_password_is_not_shown(kind):
    with pytest.raises(
        ConfigurationError, match="must be a host, not a URL. Pass 'api.x.ai'"
    ) as caught:
        kind(api_key=KEY, api_host="https://me:secret@api.x.ai/v1")
    assert "secret" not in str(caught.value)


@BOTH
def test_repr_of_a_client_whose_init_failed(kind):
    """Error reports format the local variables of a traceback."""
    with pytest.raises(ConfigurationError) as caught:
        kind(api_key="abc\n")
    report = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "not connected" in report


@BOTH
@pytest.mark.parametrize("copy_client", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_cannot_be_copied(kind, copy_client):
    with pytest.raises(TypeError, match="create one in each process"):
        copy_client(kind(api_key=KEY))


def test_channel_options_of_the_caller_take_precedence():
    config = make_config(channel_options=[("grpc.max_send_message_length", 5)])
    assert dict(config.options())["grpc.max_send_message_length"] == 5
    assert dict(make_config().options())["grpc.max_send_message_length"] == -1


def test_use_after_close(server):
    client = Client(api_key=server.api_key, api_host=server.target)
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert chat.sample().content
    client.close()
    client.close()
    for call in (chat.sample, lambda: next(chat.stream())):
        with pytest.raises(ClientClosedError, match="Create a new one"):
            call()


async def test_async_use_after_close(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    chat = client.chat.create("grok-4").append(user("Hi"))
    assert (await chat.sample()).content
    await client.close()
    await client.close()
    with pytest.raises(ClientClosedError, match="Create a new one"):
        await chat.sample()
    with pytest.raises(ClientClosedError, match="Create a new one"):
        await anext(aiter(chat.stream()))
