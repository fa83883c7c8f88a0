"""The address that a server listens on, and its API key."""

from __future__ import annotations

import socket
import ssl
import urllib.request

import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer, Fault


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def get_models(server, key):
    """Request the models over REST; return the HTTP status."""
    request = urllib.request.Request(
        f"{server.http_url}/models", headers={"authorization": f"Bearer {key}"}
    )
    context = None
    if server.http_url.startswith("https"):
        context = ssl.create_default_context(cadata=server.root_certificate.decode())
    with urllib.request.urlopen(request, timeout=60, context=context) as response:
        return response.status


@pytest.mark.parametrize("tcp_proxy", [False, True])
def test_a_fixed_port_and_key(tcp_proxy):
    port, http_port = free_port(), free_port()
    server = FakeServer(port=port, http_port=http_port, api_key="our-own-key", tcp_proxy=tcp_proxy)
    for _ in range(2):  # The port stays the same after a stop.
        with server:
            assert server.target == f"localhost:{port}"
            assert server.http_url == f"http://127.0.0.1:{http_port}/v1"
            with open_caller(server, "our-own-key") as caller:
                assert caller.text("Hi")
            with open_caller(server, "another") as caller:
                assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
            assert get_models(server, "our-own-key") == 200
    assert server.calls[0].key_id == "key-0"
    assert "our-own-key" not in f"{server!r} {server.calls!r} {server.calls[0].metadata}"


def test_the_port_stays_when_the_proxy_is_added():
    with FakeServer(port=free_port()) as server, open_caller(server) as caller:
        target = server.target
        assert caller.text("Hi")
        server.fault(Fault.reset_connection(), next=1)
        assert caller.expect_error("Hi")[0] == "UNAVAILABLE"
        assert server.target == target


@pytest.mark.parametrize("options", [{}, {"tcp_proxy": True}, {"tls": True}], ids=str)
def test_the_error_names_a_port_in_use(options, capfd):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = FakeServer(port=port, **options)
        with pytest.raises(
            OSError, match=f"cannot open port {port} of 127.0.0.1: it is already in use"
        ):
            server.start()
        assert not server.running
        message = f"port {port} of 127.0.0.1: it is already in use"
        with FakeServer(http_port=port) as other, pytest.raises(OSError, match=message):
            _ = other.http_url
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1: it is already in use"):
            FakeServer(http=True, http_port=port).start()
    with server, open_any_caller(server) as caller:  # The port is free again.
        assert caller.text("Hi")
    # gRPC writes nothing to stderr either.
    assert capfd.readouterr().err == ""


def open_any_caller(server):
    """Open a caller, over TLS if the server uses it."""
    import grpc

    from tests.testing.grpc_calls import UNLIMITED, GrpcCaller

    class Connection:
        def __enter__(self):
            self.channel = grpc.insecure_channel(server.target, options=UNLIMITED)
            if server._state.certificate:
                credentials = grpc.ssl_channel_credentials(server.root_certificate)
                self.channel = grpc.secure_channel(server.target, credentials, options=UNLIMITED)
            return GrpcCaller(self.channel, server.api_key)

        def __exit__(self, *_):
            self.channel.close()

    return Connection()


@pytest.mark.parametrize(
    ("host", "target", "url"),
    [
        ("127.0.0.1", "localhost:", "http://127.0.0.1:"),
        ("localhost", "localhost:", "http://127.0.0.1:"),
        ("127.0.0.2", "127.0.0.2:", "http://127.0.0.2:"),
        ("::1", "[::1]:", "http://[::1]:"),
        ("[::1]", "[::1]:", "http://[::1]:"),
        ("0.0.0.0", "localhost:", "http://127.0.0.1:"),
        ("::", "localhost:", "http://[::1]:"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"tcp_proxy": True}, {"tls": True}], ids=str)
def test_a_host(host, target, url, options):
    try:
        socket.create_server((host.strip("[]"), 0), family=family(host)).close()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with FakeServer(host=host, **options) as server, open_any_caller(server) as caller:
        assert server.target.startswith(target)
        assert server.http_url.startswith(
            url.replace("http:", "https:") if "tls" in options else url
        )
        assert caller.text("Hi")
        assert get_models(server, server.api_key) == 200


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def test_an_address_of_another_machine():
    with pytest.raises(OSError, match=r"cannot open a port of 203\.0\.113\.7: "):
        FakeServer(host="203.0.113.7").start()


def test_the_default_host_accepts_only_this_machine():
    with FakeServer() as server:
        port = int(server.target.rpartition(":")[2])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=60)
