"""What editors see of the fake server. Checked like ``seen_by_editors.py``, never run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from xai_vision.testing import (
    Call,
    CallImage,
    CallList,
    CallLog,
    Cassette,
    Clock,
    FakeServer,
    Fault,
    FaultRule,
    FunctionCall,
    Reply,
    Rule,
    RuleRecord,
    ServerToolCall,
    Settings,
    Tenant,
    match,
)
from xai_vision.testing.match import Matcher


def rules(server: Tenant) -> None:
    rule = server.on(prompt=match.contains("caption"), image=match.size(640, 480), images=1)
    assert_type(rule, Rule)
    assert_type(rule.reply("text", chunks=5, ttft=0.8, tps=40, jitter=0.1), Rule)
    assert_type(rule.replies(Reply.tool_call("f", city="Oslo"), "12 C", Fault.hang()), Rule)
    assert_type(rule.reply_json({"animal": "cat"}, reasoning="hm"), Rule)
    assert_type(rule.times(1).optional(), Rule)
    server.on(when=lambda call: call.prompt.startswith("a")).side_effect(
        lambda call: Reply(call.prompt)
    )
    server.on(tools=("web_search", "f"), schema=match.any, metadata={"x": "y"}, stream=True)
    server.on(promt="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    server.on(prompt=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.on(prompt=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.on(images=match.none, image=Path("a.png"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rule.reply("x", resoning="y")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    rule.times("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rule.side_effect("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(match.size(1, 2) & ~match.format("PNG") | match.any, Matcher)


def replies() -> None:
    assert_type(Reply("x", finish="length", usage={"prompt_tokens": 5}).replace(text="y"), Reply)
    assert_type(Reply.from_json(Reply("x").to_json()), Reply)
    assert_type(Reply.from_response(None), Reply)
    assert_type(
        Reply("x", tool_calls=[FunctionCall("f", {"a": 1})], steps=[ServerToolCall("mcp")]), Reply
    )
    Reply("x", finish="stopp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Reply("x", resoning="y")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def faults(server: Tenant) -> None:
    handle = server.fault(Fault.unavailable(after_chunks=2), next=2, rate=0.5, prompt="x")
    assert_type(handle, FaultRule)
    assert_type(handle.optional(), FaultRule)
    assert_type(handle.fired, int)
    assert_type(Fault.after_chunks(3, status="INTERNAL", trailing={"k": "v"}), Fault)
    assert_type(Fault.rate_limited(retry_after=1), Fault)
    Fault.latency("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Fault.latency(1, jiter=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    server.fault(Fault.hang)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.rate_limit(tokens=20_000.0)
    server.rate_limit(token=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    server.deferred(ready_after_polls=2)
    assert_type(server.clock, Clock)
    server.clock.set(datetime(2026, 1, 31), frozen=True)
    server.clock.set("2026-01-31")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.clock.skip(days=31)
    server.clock.skip(day=31)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(server.create_key(vision=False, models=["grok-3"]), str)
    server.create_key(visoin=False)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def calls(server: Tenant) -> None:
    assert_type(server.calls, CallLog)
    assert_type(server.calls.where(image=match.any, status="OK"), CallList)
    assert_type(server.calls.last, Call)
    assert_type(server.calls[1:].attempts, CallList)
    assert_type(server.calls.dropped, int)
    call = server.calls.last
    assert_type(call.images, Sequence[CallImage])
    assert_type(call.images[0].data, bytes)
    if call.rule is not None:
        assert_type(call.rule.record(), RuleRecord)
    assert_type(call.faults, tuple[Fault, ...])
    assert_type(call.to_dict(volatile=True), dict[str, Any])
    assert_type(server.calls.to_json(indent=None), str)
    assert_type(server.calls.wait_for(2, prompt="x"), bool)
    server.calls.wait_for(promt="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    server.calls.assert_called(2, prompt="x")
    server.calls.where(statsu="OK")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def servers() -> None:
    with FakeServer(port=50051, host="127.0.0.1", api_key="k", unused="allow") as server:
        assert_type(server, FakeServer)
        assert_type(server.tenant(unmatched="error", seed=7), Tenant)
        with server.tenant() as tenant:
            assert_type(tenant, Tenant)
        assert_type(await server.calls.wait_for_async(2, status="OK"), bool)
        assert_type(await server.calls.last.wait_async(), bool)
        assert_type(await server.calls.last.wait_cancelled_async(), bool)
    async with FakeServer(Settings(seed=1), tls=True) as other:
        assert_type(other.root_certificate, bytes)
        assert_type(other.problems(), list[str])
    cassette = Cassette("a.json", images="thumbnail", scrub={"Jane": "NAME"}, pace=1)
    assert_type(cassette.path, Path)
    FakeServer(upstream="api.x.ai", cassette=cassette, record="once")
    FakeServer(cassette=Path("a.json"))
    FakeServer(record="never")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Cassette("a.json", images="pixels")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    FakeServer(unmatchd="error")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    FakeServer(unused="alow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Settings(sede=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
