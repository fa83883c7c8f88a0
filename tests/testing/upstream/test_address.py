"""The setting ``upstream``."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_vision.testing import FakeServer, Settings
from xai_vision.testing._upstream.address import UpstreamAddress, parse_address


@pytest.mark.parametrize(
    ("upstream", "target", "tls"),
    [
        ("api.x.ai", "api.x.ai:443", True),
        ("api.x.ai:8443", "api.x.ai:8443", True),
        ("10.0.0.5:50051", "10.0.0.5:50051", True),
        ("localhost:50051", "localhost:50051", False),
        ("127.0.0.1:50051", "127.0.0.1:50051", False),
        ("127.1.2.3", "127.1.2.3:80", False),
        ("[::1]:50051", "[::1]:50051", False),
        ("[2001:db8::1]", "[2001:db8::1]:443", True),
        ("grpc://10.0.0.5:50051", "10.0.0.5:50051", False),
        ("grpcs://localhost:50051", "localhost:50051", True),
    ],
)
def test_addresses_of_grpc_services(upstream, target, tls):
    assert parse_address(upstream) == UpstreamAddress(target, tls)


def test_the_collections_of_xai_have_a_host_of_their_own():
    assert parse_address("api.x.ai").management_target == "management-api.x.ai:443"
    assert parse_address("localhost:1").management_target == "localhost:1"


@pytest.mark.parametrize(
    ("upstream", "target", "tls"),
    [
        ("openai:http://localhost:11434/v1", "http://localhost:11434/v1", False),
        ("openai:https://models.example.com/v1/", "https://models.example.com/v1", True),
        ("openai:http://[::1]:8080", "http://[::1]:8080", False),
    ],
)
def test_addresses_of_openai_servers(upstream, target, tls):
    assert parse_address(upstream) == UpstreamAddress(target, tls, is_openai=True)


@pytest.mark.parametrize(
    ("upstream", "words"),
    [
        ("", "is not a host"),
        ("https://api.x.ai", "must be a host, not a URL"),
        ("http://localhost:11434/v1", "openai:http://localhost:11434/v1"),
        ("api.x.ai/v1", "is not a host"),
        ("localhost:0", "the port must be from 1 to 65535"),
        ("localhost:99999", "the port must be from 1 to 65535"),
        ("openai:", "'openai:' needs a URL"),
        ("openai:localhost:11434", "'openai:' needs a URL"),
        ("openai:http://:80/v1", "'openai:' needs a URL"),
        ("openai:http://localhost:99999/v1", "'openai:' needs a URL"),
        ("openai:http://[::1/v1", "'openai:' needs a URL"),
        ("openai:http://localhost:x/v1", "'openai:' needs a URL"),
        ("openai:http://user:secret@localhost/v1", "'openai:' needs a URL"),
    ],
)
def test_wrong_addresses_are_refused(upstream, words):
    with pytest.raises(ValueError, match=re.escape(words)) as info:
        FakeServer(upstream=upstream)
    assert "upstream" in str(info.value)
    assert "secret" not in str(info.value)


def test_an_address_must_be_a_string():
    with pytest.raises(TypeError, match="upstream must be a str, not int"):
        FakeServer(upstream=8080)


def target_or_error(text):
    try:
        return parse_address(text).target
    except ValueError as error:
        return str(error)


@given(st.text() | st.from_regex(r"(openai:|grpcs?://)?[a-z:/.@\[\]0-9]{0,20}", fullmatch=True))
def test_any_text_is_an_address_or_a_clear_error(text):
    outcome = target_or_error(text)
    assert outcome.startswith(("upstream", "http")) or re.fullmatch(r".+:\d+", outcome)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"upstream_key": "k"}, "upstream_key is the key of an upstream. Pass upstream too"),
        ({"model": "m"}, "model selects the model of an upstream='openai:...'"),
        ({"model": "m", "upstream": "api.x.ai"}, "model selects the model"),
        ({"upstream": "api.x.ai", "unmatched": "error"}, "exclude each other"),
        ({"upstream": "api.x.ai", "upstream_key": "two words"}, "upstream_key must be printable"),
    ],
)
def test_settings_that_do_not_belong_together_are_refused(settings, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Settings(**settings)


def test_a_tenant_can_do_without_the_upstream_of_its_server():
    with FakeServer(upstream="localhost:1", upstream_key="k") as server:
        tenant = server.tenant(upstream=None, upstream_key=None, unmatched="error")
        assert tenant.settings.upstream is None
