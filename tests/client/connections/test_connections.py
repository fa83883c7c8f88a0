"""Connections that are cut, stalled or slow and servers that stop, for both clients."""

from __future__ import annotations

import socket
import threading
import time

import grpc
import pytest

from tests.client.connections.proxy import Proxy, proxied
from tests.client.drivers import FAST_RETRIES, OLD_GRPC, SHAPES, get_response
from tests.sample_images import MIB, jpeg_of
from tests.server_process import ServerProcess
from tests.testing.waiting import LIMIT, until
from xai_vision import Client, RetryPolicy
from xai_vision.chat import image
from xai_vision.errors import (
    APIError,
    AuthenticationError,
    RequestTimeoutError,
    StreamBrokenError,
    UnavailableError,
)
from xai_vision.testing import FakeServer, Fault, Reply


@SHAPES
@pytest.mark.parametrize("retries", [5, 0])
def test_a_reset_before_the_response(driver, server, shape, retries):
    server.fault(Fault.reset_connection(), next=1)
    if retries:
        assert get_response(driver, shape, retries=FAST_RETRIES).content
    else:
        with pytest.raises(UnavailableError):
            get_response(driver, shape, retries=0)


def test_a_reset_during_the_response(driver, server):
    server.on().reply(Reply("word " * 4000, chunks=400, tps=4000))
    server.fault(Fault.reset_connection(after_bytes=9000), next=1)
    with pytest.raises(StreamBrokenError) as caught:
        driver.stream()
    assert caught.value.partial.content.startswith("word word")
    assert len([call for call in server.calls if call.method == "GetCompletionChunk"]) == 1


@pytest.mark.parametrize("reset", [True, False], ids=["RST", "FIN"])
@pytest.mark.parametrize("after", [0, 60, 400, 3000])
@SHAPES
def test_a_cut_connection(kind, server, shape, after, reset):
    """The cut is in the handshake, headers, message or trailers."""
    server.on().reply(Reply("word " * 4000, chunks=40)).optional()
    with proxied(server.target) as proxy:
        proxy.cut_after, proxy.reset = after, reset
        driver = kind(api_key=server.api_key, api_host=proxy.target, retries=0)
        # Older grpcio sometimes reconnects by itself until the deadline, if the connection is lost
        # before it has carried anything.
        with pytest.raises((UnavailableError, StreamBrokenError, *OLD_GRPC)):
            get_response(driver, shape, timeout=2 if OLD_GRPC else 60)
        driver.close()


@pytest.mark.parametrize("after", [0, 60, 3000])
@SHAPES
@pytest.mark.slow
def test_a_stalled_connection(kind, server, shape, after):
    server.on().reply(Reply("word " * 4000, chunks=40)).optional()
    with proxied(server.target) as proxy:
        proxy.stall_after = after
        driver = kind(api_key=server.api_key, api_host=proxy.target)
        with pytest.raises(RequestTimeoutError):
            get_response(driver, shape, timeout=0.5)
        driver.close()


@SHAPES
@pytest.mark.slow
def test_a_slow_connection(kind, server, shape):
    with proxied(server.target) as proxy:
        proxy.bytes_per_second = 20_000
        driver = kind(api_key=server.api_key, api_host=proxy.target)
        server.on().reply("word " * 1000)
        start = time.monotonic()
        assert get_response(driver, shape, timeout=60).content == "word " * 1000
        assert time.monotonic() - start > 0.1, "the connection was slow"
        with pytest.raises(RequestTimeoutError):
            get_response(driver, shape, timeout=0.1)
        driver.close()


@SHAPES
def test_a_graceful_server_shutdown(kind, server, shape):
    """After GOAWAY, calls in progress finish and later calls reconnect."""
    server.on().reply(Reply("word " * 20, chunks=20, tps=100))
    with proxied(server.target) as proxy, FakeServer() as second:
        driver = kind(api_key=server.api_key, api_host=proxy.target, retries=FAST_RETRIES)

        def stop() -> None:
            server.calls.wait_for(1, LIMIT)
            server.stop(grace=60)

        stopping = threading.Thread(target=stop)
        stopping.start()
        assert get_response(driver, shape).content == "word " * 20
        stopping.join(LIMIT)
        proxy.move_to(second.target)
        with pytest.raises(APIError) as caught:  # it responds: the key is the other server's
            get_response(driver, shape)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        driver.close()


@pytest.mark.parametrize("after", [1000, 1_000_000])
@SHAPES
@pytest.mark.slow
def test_a_large_request_over_a_cut_connection(kind, server, shape, after):
    with proxied(server.target) as proxy:
        proxy.cut_request_after = after
        driver = kind(api_key=server.api_key, api_host=proxy.target, retries=FAST_RETRIES)
        with pytest.raises(UnavailableError) as caught:
            get_response(driver, shape, image(jpeg_of(15 * MIB)), image(jpeg_of(15 * MIB)))
        assert caught.value.attempts == 5
        assert proxy.connections >= 2
        assert len(server.calls) == 0, "no attempt arrived completely"
        proxy.cut_request_after = None
        assert get_response(driver, shape, image(jpeg_of(15 * MIB))).content
        driver.close()


def test_a_server_that_stops_during_a_stream(driver, server):
    server.on().reply(Reply("word " * 4000, chunks=400, tps=40))

    def stop() -> None:
        until(lambda: server.calls and server.calls.last.chunks_sent >= 20)
        server.stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    with pytest.raises(StreamBrokenError) as caught:
        driver.stream()
    stopping.join(LIMIT)
    assert caught.value.partial.content


@SHAPES
def test_an_unreachable_server(kind, shape):
    driver = kind(api_key="k", api_host="localhost:9", retries=FAST_RETRIES)
    with pytest.raises(UnavailableError, match="after 5 attempts.*Check the host") as caught:
        get_response(driver, shape)
    assert caught.value.attempts == 5
    driver.close()


def test_a_new_client_connects_after_another_one_failed(kind, server):
    target = server.target
    server.stop()
    first = kind(api_key="k", api_host=target, retries=0)
    with pytest.raises(UnavailableError):
        first.sample()
    with FakeServer(port=int(target.rpartition(":")[2])) as restarted:
        second = kind(api_key=restarted.api_key, api_host=restarted.target, retries=0)
        assert second.sample().content
        second.close()
    first.close()


@SHAPES
def test_retries_reach_a_server_that_starts_again(kind, shape):
    """Before grpcio 1.80, channels of blocking clients connect while something waits for them.

    The server has a process of its own, because a server waits for events as well.
    """
    first = ServerProcess()
    retries = RetryPolicy(attempts=200, initial=0.2, maximum=0.2, jitter=0)
    driver = kind(api_key=first.key, api_host=first.target, retries=retries)
    assert driver.sample().content
    first.kill()
    with pytest.raises(UnavailableError) as unreachable:
        get_response(driver, shape, retries=5)
    assert unreachable.value.attempts == 6
    second = ServerProcess(first.port)
    # The second server has another key. Its answer shows that the client reached it.
    with pytest.raises(AuthenticationError) as caught:
        get_response(driver, shape)
    # gRPC itself waits up to two seconds between connections; a hung one takes twenty.
    assert caught.value.attempts < 60
    driver.close()
    second.kill()


@SHAPES
@pytest.mark.slow
def test_wait_for_ready_waits_for_a_server_that_starts_late(kind, server, shape):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    driver = kind(api_key=server.api_key, api_host=f"localhost:{port}", retries=0)
    with pytest.raises(UnavailableError):
        get_response(driver, shape)
    with pytest.raises(RequestTimeoutError):
        get_response(driver, shape, wait_for_ready=True, timeout=0.3)
    started: list[Proxy] = []
    late = threading.Timer(0.5, lambda: started.append(Proxy(server.target, port)))
    late.start()
    assert get_response(driver, shape, wait_for_ready=True, timeout=60).content
    late.join(LIMIT)
    started[0].stop()
    driver.close()


@pytest.mark.parametrize("target", ["dns:///localhost:{}", "dns:localhost:{}", "ipv4:127.0.0.1:{}"])
def test_grpc_target_names(kind, server, target):
    port = server.target.rpartition(":")[2]
    driver = kind(api_key=server.api_key, api_host=target.format(port), retries=0)
    assert driver.sample().content
    driver.close()


def test_a_reconnect_is_due_before_the_first_retry():
    """Otherwise a server that is up a moment later is reached only by the last attempts."""
    with Client("k", api_host="localhost:1") as client:
        options = dict(client._config.options())
    assert options["grpc.initial_reconnect_backoff_ms"] < RetryPolicy().initial * 1000
