"""What ``networks.md`` says about proxies and certificates, over a proxy with CONNECT."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress

import pytest

from xai_vision.testing import FakeServer

LIMIT = 120  # seconds; a limit for waits, not a measurement
VARIABLES = {"http_proxy", "https_proxy", "grpc_proxy", "no_proxy", "no_grpc_proxy"}


class ConnectProxy:
    """An HTTP proxy that forwards every CONNECT to one server.

    Attributes:
        requests: The request lines so far.
    """

    def __init__(self, target: str) -> None:
        self.requests: list[str] = []
        self._port = int(target.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(4096)
                if not data:
                    return
                head += data
            self.requests.append(head.decode().splitlines()[0])
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=self._forward, args=[server, client], daemon=True)
                back.start()
                self._forward(client, server)
                back.join()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def proxied(server):
    proxy = ConnectProxy(server.target)
    yield proxy
    proxy.close()


CALL = """
    import sys, warnings
    from xai_vision import Client
    from xai_vision.chat import user
    from xai_vision.errors import APIError

    warnings.simplefilter("ignore")
    key, host, *options = sys.argv[1:]
    pairs = [tuple(option.split("=", 1)) for option in options]
    pairs = [(name, int(value) if value.isdigit() else value) for name, value in pairs]
    insecure = ("insecure", 1) in pairs
    client = Client(
        key, api_host=host, use_insecure_channel=insecure, retries=0,
        channel_options=[pair for pair in pairs if pair[0] != "insecure"],
    )
    try:
        print(client.chat.create("grok-4", messages=[user("Hi")]).sample(timeout=60).content)
    except APIError as error:
        print(type(error).__name__)
"""


def call(server, host, *options, **variables):
    env = {name: value for name, value in os.environ.items() if name.lower() not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CALL), server.api_key, host, *options],
        env={**env, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("variable", ["grpc_proxy", "https_proxy", "http_proxy"])
@pytest.mark.parametrize("prefix", ["", "dns:///"])
def test_the_variables_of_proxies(server, proxied, variable, prefix):
    variables = {variable: f"http://user:secret@{proxied.address}"}
    assert "You asked" in call(server, f"{prefix}xai.invalid:443", "insecure=1", **variables)
    assert proxied.requests == ["CONNECT xai.invalid:443 HTTP/1.1"]


def test_their_order(server, proxied):
    variables = {"https_proxy": f"http://{proxied.address}", "http_proxy": "http://127.0.0.1:9"}
    assert "You asked" in call(server, "xai.invalid:443", "insecure=1", **variables)


@pytest.mark.parametrize(
    ("host", "form", "others"),
    [
        ("xai.invalid:443", "HTTPS_PROXY=http://{}", {}),
        ("xai.invalid:443", "https_proxy=socks5://{}", {}),
        ("xai.invalid:443", "https_proxy=https://{}", {}),
        ("xai.invalid:443", "https_proxy=http://{}", {"no_proxy": "example.com,.invalid"}),
        ("192.0.2.7:443", "https_proxy=http://{}", {"no_proxy": "192.0.2.0/24"}),
    ],
)
def test_a_proxy_that_is_not_used(server, proxied, host, form, others):
    name, _, value = form.format(proxied.address).partition("=")
    assert call(server, host, "insecure=1", **{name: value}, **others) == "UnavailableError\n"
    assert proxied.requests == []


def test_no_proxy_has_no_wildcard(server, proxied):
    variables = {"https_proxy": f"http://{proxied.address}", "no_proxy": "*"}
    assert "You asked" in call(server, "xai.invalid:443", "insecure=1", **variables)


def test_loopback_hosts_are_not_proxied(server, proxied):
    assert "You asked" in call(server, server.target, https_proxy=f"http://{proxied.address}")
    assert proxied.requests == []


def test_the_channel_options_of_proxies(server, proxied):
    through = f"grpc.http_proxy=http://{proxied.address}"
    assert "You asked" in call(server, "xai.invalid:443", "insecure=1", through)
    variables = {"https_proxy": f"http://{proxied.address}"}
    direct = "grpc.enable_http_proxy=0"
    result = call(server, "xai.invalid:443", "insecure=1", direct, **variables)
    assert result == "UnavailableError\n"
    assert len(proxied.requests) == 1


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "You asked"),
        ("SSL_CERT_FILE", "CertificateError"),
        ("REQUESTS_CA_BUNDLE", "CertificateError"),
    ],
)
def test_the_variables_of_certificates(tmp_path, variable, expected):
    pytest.importorskip("trustme")
    with FakeServer(tls=True) as server:
        assert server.root_certificate is not None
        (tmp_path / "ca.pem").write_bytes(server.root_certificate)
        proxy = ConnectProxy(server.target)
        # The certificate is for localhost, and a loopback host would not use TLS.
        options = (f"grpc.http_proxy=http://{proxy.address}",)
        options += ("grpc.ssl_target_name_override=localhost",)
        variables = {variable: str(tmp_path / "ca.pem")}
        assert expected in call(server, "xai.invalid:443", *options, **variables)
        proxy.close()
