"""Count how the cost of a step grows: with calls, chunks, turns, rules and tenants.

python -m benchmarks.growth docs/img/growth.svg      counts everything and draws the plots
python -m benchmarks.growth --json growth.json       writes the counts too

The cost is the number of bytecode instructions in the thread that does the work, so it is the same
on an idle and on a busy machine. The fake server's handler runs without a network, because its
calls are otherwise in other threads.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from benchmarks.growth_plot import draw
from tests.counting import steps_of
from xai_vision import Client
from xai_vision.chat import Response, assistant, user
from xai_vision.chat._response.accumulator import StreamAccumulator
from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.testing import FakeServer, Reply, match
from xai_vision.testing._tenant import Tenant
from xai_vision.testing._transport.grpc_handler import GrpcHandler

Costs = list[tuple[int, float]]
"""Sizes, and the cost of a step at each."""
WINDOW = 64  # chunks


class Subject(NamedTuple):
    """Something that can grow.

    Attributes:
        title: What costs something.
        unit: What there is more and more of.
        sizes: The sizes to count at.
        costs: Counts the cost at each size.
    """

    title: str
    unit: str
    sizes: Sequence[int]
    costs: Callable[[Sequence[int]], Costs]


class Context:
    """The context of a call that does not come over a network."""

    def __init__(self, key: str) -> None:
        self._metadata = (("authorization", f"Bearer {key}"),)

    def invocation_metadata(self) -> Any:
        return self._metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def time_remaining(self) -> float | None:
        return None

    def is_active(self) -> bool:
        return True

    def add_callback(self, callback: Callable[[], None]) -> bool:
        return True

    def set_trailing_metadata(self, metadata: Any) -> None:
        pass

    def send_initial_metadata(self, metadata: Any) -> None:
        pass


class LocalCaller:
    """Calls a server's handler in this thread."""

    def __init__(self, server: FakeServer) -> None:
        self._handler = GrpcHandler(server._state.keys)

    def _method(self, method: Any) -> Any:
        return self._handler.service(SimpleNamespace(method=method.path))

    def sample(self, tenant: Tenant, request: bytes) -> bytes:
        handler = self._method(Chat.GetCompletion)
        return handler.unary_unary(request, Context(tenant.api_key))

    def stream(self, tenant: Tenant, request: bytes) -> Iterator[bytes]:
        handler = self._method(Chat.GetCompletionChunk)
        yield from handler.unary_stream(request, Context(tenant.api_key))


def encoded(*texts: str) -> bytes:
    """Return a request with turns of the user and the model."""
    request = chat_pb2.GetCompletionsRequest(model="grok-4")
    for number, text in enumerate(texts):
        role = chat_pb2.ROLE_ASSISTANT if number % 2 else chat_pb2.ROLE_USER
        request.messages.add(role=role).content.add(text=text)
    return request.SerializeToString()


QUESTION = encoded("Hi")


def client_calls(sizes: Sequence[int]) -> Costs:
    """Count a short prompt after other calls of the same client."""
    with FakeServer() as server, Client(server.api_key, api_host=server.target) as client:

        def work() -> None:
            client.chat.create("grok-4").append(user("Hi")).sample()

        return _after(sizes, work, least_of=5)


def fake_calls(sizes: Sequence[int]) -> Costs:
    """Count a call of the fake server after other calls of the same tenant."""
    with FakeServer() as server:
        caller = LocalCaller(server)
        return _after(sizes, lambda: caller.sample(server, QUESTION))


def client_chunks(sizes: Sequence[int]) -> Costs:
    """Count a chunk of a stream whose content is read after each."""
    response = Response(accumulator := StreamAccumulator())
    chunk = chat_pb2.GetChatCompletionChunk(id="1", model="grok-4")
    chunk.outputs.add().delta.content = "a few words "

    def work() -> None:
        accumulator.add(chunk)
        if not response.content:
            raise AssertionError

    return _after(sizes, work, window=WINDOW)


def fake_chunks(sizes: Sequence[int]) -> Costs:
    """Count a chunk that the fake server sends."""
    with FakeServer() as server:
        pieces = ["a few words "] * (max(sizes) + 4 * WINDOW)
        server.on().reply(Reply("".join(pieces), chunks=pieces))
        chunks = LocalCaller(server).stream(server, QUESTION)
        next(chunks)
        return _after(sizes, lambda: next(chunks), window=WINDOW)


def client_turns(sizes: Sequence[int]) -> Costs:
    """Count the request of a turn of a conversation."""
    with Client("key") as client:
        chat = client.chat.create("grok-4")
        costs: Costs = []
        for turn in range(1, max(sizes) + 1):
            chat.append(user("And what is this?"))
            if turn in sizes:
                costs.append((turn, steps_of(chat._body)))
            else:
                chat._body()
            chat.append(assistant("A few words."))
        return costs


def fake_turns(sizes: Sequence[int]) -> Costs:
    """Count a call of the fake server with a conversation."""
    with FakeServer() as server:
        caller = LocalCaller(server)
        requests = [(n, encoded(*["A few words."] * (2 * n - 1))) for n in sizes]
        caller.sample(server, QUESTION)
        return [(n, steps_of(lambda r=r: caller.sample(server, r))) for n, r in requests]


def rules(sizes: Sequence[int]) -> Costs:
    """Count a call of the fake server that only the last rule matches."""
    costs: Costs = []
    for size in sizes:
        with FakeServer(unused="allow") as server:
            for number in range(size - 1):
                server.on(prompt=match.contains(f"no. {number}")).reply("No.")
            server.on(prompt="Hi").reply("Yes.")
            caller = LocalCaller(server)
            caller.sample(server, QUESTION)
            costs.append((size, steps_of(lambda c=caller, s=server: c.sample(s, QUESTION))))
    return costs


def added_rules(sizes: Sequence[int]) -> Costs:
    """Count the addition of a rule to others."""
    with FakeServer(unused="allow") as server:
        server.on(prompt="Hi").reply("Yes.")
        return _after(sizes, lambda: server.on(prompt="Hi").reply("Yes."))


def tenants(sizes: Sequence[int]) -> Costs:
    """Count the creation, a call and the end of a tenant of a server with others."""
    with FakeServer() as server, ExitStack() as others:
        caller = LocalCaller(server)

        def work() -> None:
            with server.tenant() as tenant:
                caller.sample(tenant, QUESTION)

        costs: Costs = []
        work()
        count = 1
        for size in sizes:
            for _ in range(size - count):
                others.enter_context(server.tenant())
            count = size
            costs.append((size, steps_of(work)))
        return costs


def _after(
    sizes: Sequence[int], work: Callable[[], object], *, window: int = 1, least_of: int = 1
) -> Costs:
    """Count a step after ``size - 1`` steps, as the mean of ``window`` steps.

    Args:
        sizes: The sizes, in ascending order.
        work: The step.
        window: The number of steps to take the mean of.
        least_of: How often to count; the least is taken, because a thread that waits for the
            network now and then waits twice.
    """

    def several() -> None:
        for _ in range(window):
            work()

    costs: Costs = []
    done = 0
    if min(sizes) > 1:
        work()  # The first step is more expensive, because modules are loaded.
        done = 1
    for size in sizes:
        for _ in range(size - 1 - done):
            work()
        costs.append((size, min(steps_of(several) for _ in range(least_of)) / window))
        done = max(done, size - 1) + window * least_of
    return costs


CALLS = (2, 10, 100, 1_000, 10_000)
CHUNKS = (500, 4_000, 16_000, 32_000, 64_000)
TURNS = (1, 2, 50, 100, 150, 200)
RULES = (1, 10, 250, 500, 750, 1_000)
SUBJECTS = {
    "client-calls": Subject("client: a call", "calls before it", CALLS, client_calls),
    "fake-calls": Subject("fake server: a call", "calls before it", CALLS, fake_calls),
    "client-chunks": Subject("client: a chunk", "chunks before it", CHUNKS, client_chunks),
    "fake-chunks": Subject("fake server: a chunk", "chunks before it", CHUNKS, fake_chunks),
    "client-turns": Subject("client: a turn", "turns", TURNS, client_turns),
    "fake-turns": Subject("fake server: a turn", "turns", TURNS, fake_turns),
    "rules": Subject("fake server: a call", "rules", RULES, rules),
    "added-rules": Subject("fake server: adding a rule", "rules", RULES, added_rules),
    "tenants": Subject("fake server: a tenant and its call", "tenants", CALLS, tenants),
}


def main() -> None:
    """Count, print a line for each subject, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plot", type=Path, nargs="?", help="the SVG to write")
    parser.add_argument("--json", type=Path, help="a file for the counts")
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    options = parser.parse_args()
    results = {}
    for name in options.only:
        subject = SUBJECTS[name]
        results[name] = {
            "title": subject.title,
            "unit": subject.unit,
            "costs": subject.costs(subject.sizes),
        }
        shown = ", ".join(f"{size:,}: {cost:,.0f}" for size, cost in results[name]["costs"])
        print(f"{name:14} {shown}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        options.plot.write_text(draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
