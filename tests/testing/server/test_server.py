"""The server as a whole: tenants, TLS, health, reflection, many calls, start and stop."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import grpc
import pytest

from tests.testing.grpc_calls import GrpcCaller, open_caller, request
from tests.testing.waiting import LIMIT, until
from xai_vision.proto.chat_pb2_grpc import AsyncChatStub, ChatStub
from xai_vision.testing import FakeServer, Fault
from xai_vision.testing._transport.tls import Certificate


def test_tenants_share_only_a_port(server):
    first, second = server.tenant(), server.tenant(unmatched="error")
    assert first.target == second.target == server.target
    first.on().reply("first")
    first.urls["https://e.x/a.png"] = b""
    with open_caller(first) as first_caller, open_caller(second) as second_caller:
        assert first_caller.text("Hi") == "first"
        assert second_caller.expect_error("Hi")[0] == "FAILED_PRECONDITION"
        stored = first_caller.sample("Hi", store_messages=True).id
        assert second_caller.expect_error("Hi", previous_response_id=stored)[0] == "NOT_FOUND"
    assert [len(t.calls) for t in (first, second, server)] == [2, 2, 0]
    assert len(second.urls) == 0
    first.close()
    with open_caller(first) as caller:
        assert caller.expect_error("Hi")[0] == "UNAUTHENTICATED"
    assert len(second.calls) == 2


def test_closing_a_tenant_ends_its_hanging_calls(server):
    tenant = server.tenant()
    tenant.fault(Fault.hang())
    with open_caller(tenant) as caller:
        errors = []
        thread = threading.Thread(target=lambda: errors.append(caller.expect_error("Hi")))
        thread.start()
        until(lambda: tenant.calls and tenant.calls.last.faults)
        tenant.close()
        thread.join(LIMIT)
    assert errors == [("UNAVAILABLE", "The fake server was stopped.")]


def test_clear(server, caller):
    server.on().reply("x").times(1)
    server.fault(Fault.unavailable())
    server.rate_limit(requests=1)
    server.files["file-1"] = b"x"
    caller.expect_error("Hi")
    server.clear()
    assert caller.text("Hi") != "x"
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
def test_the_error_names_the_missing_extra(monkeypatch, module, options, extra):
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
        assert await asyncio.to_thread(server.calls.wait_for, 1000, LIMIT)
        # The server still answers while all of them hang.
        assert (await stub.GetCompletion(request("Hi"), metadata=metadata, timeout=LIMIT)).id
        await asyncio.wait_for(asyncio.to_thread(server.stop), LIMIT)
        errors = await asyncio.gather(*hanging, return_exceptions=True)
    assert {error.code() for error in errors} == {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.slow
async def test_two_thousand_concurrent_calls(server):
    metadata = (("authorization", f"Bearer {server.api_key}"),)
    async with grpc.aio.insecure_channel(server.target) as channel:
        stub = AsyncChatStub(channel)
        calls = [stub.GetCompletion(request("Hi"), metadata=metadata) for _ in range(2000)]
        codes = await asyncio.gather(*(call.code() for call in calls))
    assert set(codes) == {grpc.StatusCode.OK}
    assert len(server.calls) == 2000


def test_stopped_servers_leave_no_threads(server, caller):
    caller.sample("Hi")
    gc.collect()
    before = threading.active_count()
    for _ in range(20):
        with FakeServer() as other, open_caller(other) as other_caller:
            other_caller.sample("Hi")
    until(lambda: threading.active_count() <= before)


@pytest.mark.slow
def test_closed_tenants_leave_no_threads_and_files(server, caller):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    def resources():
        return len(server._state.keys.tenants), threading.active_count(), open_files()

    for turn in range(1000):
        tenant = server.tenant()
        tenant.on().reply("x").times(1)
        assert GrpcCaller(caller.channel, tenant.api_key).text("Hi") == "x"
        tenant.verify()
        tenant.close()
        if turn == 10:
            before = resources()
    # Compared one by one: a comparison of tuples stops at the first difference. The thread pool
    # may have started another thread for two calls that overlapped.
    tenants, threads, files = resources()
    assert tenants <= before[0]
    assert threads <= before[1] + 3
    assert files <= before[2] + 3


def test_stop_with_grace_waits_for_active_calls(server, caller):
    server.fault(Fault.latency(0.2))
    call = caller.chat.GetCompletion.future(request("Hi"), metadata=caller.metadata)
    assert server.calls.wait_for(1, LIMIT)
    server.stop(grace=LIMIT)
    assert call.result().id


def test_a_process_ends_without_stopping_the_server():
    program = textwrap.dedent("""
        import threading, grpc
        from tests.testing.grpc_calls import open_caller
        from xai_vision.testing import FakeServer, Fault
        server = FakeServer(tcp_proxy=True).start()
        server.fault(Fault.hang(), after=1)
        connection = open_caller(server)
        caller = connection.__enter__()
        print(caller.text("Hi"))
        hang = lambda: caller.sample("hang", timeout=600)
        threading.Thread(target=hang, daemon=True).start()
        assert server.calls.wait_for(2, timeout=60)
    """)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert 'You asked: "Hi"' in result.stdout


def test_an_undecodable_request_is_rejected(server, caller):
    call = caller.channel.unary_unary("/xai_api.Chat/GetCompletion")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\xff\xff", metadata=caller.metadata)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "failed to decode" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        caller.channel.unary_unary("/xai_api.Chat/NoSuchMethod")(b"", metadata=caller.metadata)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_handler_runs_without_a_port():
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


def test_stopping_right_after_the_start_leaves_no_socket_open():
    for _ in range(20):
        FakeServer(http=True).start().stop()
    gc.collect()  # An open socket would raise a ResourceWarning.
