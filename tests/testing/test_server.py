"""The server as a whole: tenants, TLS, health, reflection, many calls, coming and going."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import grpc
import pytest

from tests.testing.grpc_calls import Asker, connected, request
from xai_vision.proto.chat_grpc import AsyncChatStub, ChatStub
from xai_vision.testing import FakeServer, Fault
from xai_vision.testing._transport.tls import Certificate


def test_tenants_share_a_port_and_nothing_else(server):
    one, two = server.tenant(), server.tenant(unmatched="error")
    assert one.target == two.target == server.target
    one.on().reply("one")
    one.urls["https://e.x/a.png"] = b""
    with connected(one) as ask_one, connected(two) as ask_two:
        assert ask_one.text("Hi") == "one"
        assert ask_two.refusal("Hi")[0] == "FAILED_PRECONDITION"
        stored = ask_one("Hi", store_messages=True).id
        assert ask_two.refusal("Hi", previous_response_id=stored)[0] == "NOT_FOUND"
    assert [len(t.calls) for t in (one, two, server)] == [2, 2, 0]
    assert len(two.urls) == 0
    one.close()
    with connected(one) as ask:
        assert ask.refusal("Hi")[0] == "UNAUTHENTICATED"
    assert two.calls.last.status == "UNAUTHENTICATED"


def test_a_tenant_that_leaves_lets_go_of_hanging_calls(server):
    tenant = server.tenant()
    tenant.fault(Fault.hang())
    with connected(tenant) as ask:
        ended = []
        thread = threading.Thread(target=lambda: ended.append(ask.refusal("Hi")))
        thread.start()
        assert tenant.calls.wait_for(1)
        time.sleep(0.05)
        tenant.close()
        thread.join(5)
    assert ended == [("UNAVAILABLE", "The fake server was stopped.")]


def test_clearing(server, ask):
    server.on().reply("x").times(1)
    server.fault(Fault.unavailable())
    server.rate_limit(requests=1)
    server.files["file-1"] = b"x"
    ask.refusal("Hi")
    server.clear()
    assert ask.text("Hi") != "x"
    assert len(server.calls) == 1
    assert not server.files
    server.verify()


def test_tls():
    with FakeServer(tls=True) as server:
        trusted = grpc.ssl_channel_credentials(server.root_certificate)
        metadata = (("authorization", f"Bearer {server.api_key}"),)
        with grpc.secure_channel(server.target, trusted) as channel:
            assert ChatStub(channel).GetCompletion(request("Hi"), metadata=metadata).id
        with grpc.insecure_channel(server.target) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                ChatStub(channel).GetCompletion(request("Hi"), metadata=metadata)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        server.fault(Fault.reset_connection(), next=1)
        with grpc.secure_channel(server.target, trusted) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                ChatStub(channel).GetCompletion(request("Hi"), metadata=metadata)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_health():
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with FakeServer(health=True) as server, grpc.insecure_channel(server.target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", "xai_api.Chat"):
            checked = stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert checked.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection():
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
        ProtoReflectionDescriptorDatabase,
    )

    with FakeServer(reflection=True) as server, grpc.insecure_channel(server.target) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert "xai_api.Chat" in database.get_services()
        service = DescriptorPool(database).FindServiceByName("xai_api.Chat")
        assert service.methods_by_name["GetCompletion"].input_type.name == "GetCompletionsRequest"


@pytest.mark.parametrize(
    ("module", "options", "extra"),
    [
        ("trustme", {"tls": True}, "tls"),
        ("grpc_health.v1.health", {"health": True}, "health"),
        ("grpc_reflection.v1alpha.reflection", {"reflection": True}, "reflection"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, module, options, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"pip install 'xai-vision\[{extra}\]'"):
        FakeServer(**options).start()
    assert "BEGIN" not in repr(Certificate(b"BEGIN", b"BEGIN", b"BEGIN"))


@pytest.mark.slow
async def test_a_thousand_hanging_calls(server):
    server.fault(Fault.hang(), prompt="hang")
    metadata = (("authorization", f"Bearer {server.api_key}"),)
    async with grpc.aio.insecure_channel(server.target) as channel:
        stub = AsyncChatStub(channel)
        hanging = [
            asyncio.ensure_future(stub.GetCompletion(request("hang"), metadata=metadata))
            for _ in range(1000)
        ]
        assert await asyncio.to_thread(server.calls.wait_for, 1000, 20)
        # With all of them waiting another one is answered.
        assert (await stub.GetCompletion(request("Hi"), metadata=metadata, timeout=10)).id
        start = time.monotonic()
        await asyncio.to_thread(server.stop)
        assert time.monotonic() - start < 5
        ended = await asyncio.gather(*hanging, return_exceptions=True)
    assert {error.code() for error in ended} == {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.slow
async def test_two_thousand_calls_at_the_same_moment(server):
    metadata = (("authorization", f"Bearer {server.api_key}"),)
    async with grpc.aio.insecure_channel(server.target) as channel:
        stub = AsyncChatStub(channel)
        calls = [stub.GetCompletion(request("Hi"), metadata=metadata) for _ in range(2000)]
        ended = await asyncio.gather(*(call.code() for call in calls))
    assert set(ended) == {grpc.StatusCode.OK}
    assert len(server.calls) == 2000


def test_many_servers_leave_nothing_behind(server, ask):
    ask("Hi")
    gc.collect()
    before = threading.active_count()
    for _ in range(20):
        with FakeServer() as other, connected(other) as ask_other:
            ask_other("Hi")
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


@pytest.mark.slow
def test_a_thousand_tenants_leave_nothing_behind(server, ask):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    def held():
        return len(server._state.keys.tenants), threading.active_count(), open_files()

    for turn in range(1000):
        tenant = server.tenant()
        tenant.on().reply("x").times(1)
        assert Asker(ask.channel, tenant.api_key).text("Hi") == "x"
        tenant.verify()
        tenant.close()
        if turn == 10:
            before = held()
    # One after the other: as tuples a fall in the first would hide a rise in the others. The
    # crew may have started a thread more for two calls that overlapped.
    tenants, threads, files = held()
    assert tenants <= before[0]
    assert threads <= before[1] + 3
    assert files <= before[2] + 3


def test_stopping_with_grace(server, ask):
    server.fault(Fault.latency(0.2))
    call = ask.chat.GetCompletion.future(request("Hi"), metadata=ask.metadata)
    assert server.calls.wait_for(1)
    server.stop(grace=5)
    assert call.result().id


def test_a_process_that_forgets_to_stop_it_ends():
    program = textwrap.dedent("""
        import threading, grpc
        from tests.testing.grpc_calls import connected
        from xai_vision.testing import FakeServer, Fault
        server = FakeServer(tcp_proxy=True).start()
        server.fault(Fault.hang(), after=1)
        connection = connected(server)
        asker = connection.__enter__()
        print(asker.text("Hi"))
        threading.Thread(target=lambda: asker("hang"), daemon=True).start()
        server.calls.wait_for(2)
    """)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'You asked: "Hi"' in done.stdout
    assert time.monotonic() - start < 10


def test_what_is_no_message_is_refused(server, ask):
    call = ask.channel.unary_unary("/xai_api.Chat/GetCompletion")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\xff\xff", metadata=ask.metadata)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "failed to decode" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        ask.channel.unary_unary("/xai_api.Chat/NoSuchThing")(b"", metadata=ask.metadata)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_handler_without_a_port():
    """The gRPC handler runs on grpcio-testing's server: no sockets and no threads of gRPC."""
    import grpc_testing

    from xai_vision.proto import chat_pb2
    from xai_vision.testing._transport.grpc_handler import GrpcHandler

    stopped = FakeServer()
    handler = GrpcHandler(stopped._state.keys)
    service = chat_pb2.DESCRIPTOR.services_by_name["Chat"]
    method = service.methods_by_name["GetCompletion"]

    class Details:
        method = "/xai_api.Chat/GetCompletion"

    class Servicer:
        def GetCompletion(self, request, context):
            context.peer = lambda: "nobody:0"  # grpcio-testing has no peer.
            raw = handler.service(Details).unary_unary(request.SerializeToString(), context)
            return chat_pb2.GetChatCompletionResponse.FromString(raw)

    server = grpc_testing.server_from_dictionary(
        {service: Servicer()}, grpc_testing.strict_real_time()
    )
    key = (("authorization", f"Bearer {stopped.api_key}"),)
    rpc = server.invoke_unary_unary(method, key, request("Hi"), None)
    response, _, code, _ = rpc.termination()
    assert code is grpc.StatusCode.OK
    assert "Hi" in response.outputs[0].message.content
    rpc = server.invoke_unary_unary(method, (), request("Hi"), None)
    assert rpc.termination()[2] is grpc.StatusCode.UNAUTHENTICATED
