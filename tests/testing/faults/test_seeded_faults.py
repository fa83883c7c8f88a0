"""A fault with a rate is drawn by the request, not by the order in which requests arrive."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.testing.grpc_calls import open_caller
from xai_vision.testing import FakeServer, Fault

PROMPTS = [f"question {number}" for number in range(40)]


def failed(prompts=PROMPTS, *, seed=3, threads=1, stream=False, rate=0.3, rules=1):
    """Return the prompts whose calls failed, in order."""
    with FakeServer(seed=seed, unused="allow") as server, open_caller(server) as caller:
        for number in range(rules):
            server.fault(Fault.internal(f"rule {number}"), rate=rate)

        def call(prompt):
            try:
                _ = list(caller.stream(prompt)) if stream else caller.sample(prompt)
            except grpc.RpcError as error:
                return prompt, error.details()
            return prompt, ""

        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(call, prompts))
    return [(prompt, details) for prompt, details in results if details]


def test_the_same_requests_fail_in_each_order_and_with_threads():
    expected = failed()
    assert 4 < len(expected) < 25
    assert failed(threads=20) == expected
    shuffled = random.Random(0).sample(PROMPTS, len(PROMPTS))
    assert sorted(failed(shuffled)) == sorted(expected)
    assert failed(PROMPTS[20:]) == [item for item in expected if item[0] in PROMPTS[20:]]


def test_other_seeds_and_methods_draw_other_requests():
    results = [failed(), failed(seed=4), failed(stream=True)]
    assert len({json.dumps(result) for result in results}) == 3


def test_a_request_is_drawn_anew_each_time_it_arrives():
    """Otherwise a client that retries the same request could never succeed."""
    same = ["Hi"] * 40
    assert 4 < len(failed(same)) < 25
    assert len(failed(same, threads=20)) == len(failed(same))


def test_rules_draw_independently():
    details = {text for _, text in failed(rules=2, rate=0.5)}
    assert details == {"rule 0", "rule 1"}
    first = {prompt for prompt, text in failed(rules=2, rate=0.5) if text == "rule 0"}
    assert first == {prompt for prompt, _ in failed(rate=0.5)}


def test_large_requests_are_drawn_too():
    prompts = [f"{number} {'x' * 100_000}" for number in range(20)]
    assert failed(prompts) == failed(prompts, threads=5)


def test_rest_calls_with_and_without_a_body():
    pytest.importorskip("uvicorn")

    def pattern():
        with FakeServer(seed=5) as server:
            server.fault(Fault.internal("no"), rate=0.5)
            statuses = []
            for path in ("models", "responses") * 12:
                body = json.dumps({"model": "grok-4", "input": "Hi"}).encode()
                http = urllib.request.Request(
                    f"{server.http_url}/{path}",
                    body if path == "responses" else None,
                    {
                        "authorization": f"Bearer {server.api_key}",
                        "content-type": "application/json",
                    },
                )
                try:
                    with urllib.request.urlopen(http) as response:
                        statuses.append(response.status)
                except urllib.error.HTTPError as error:
                    with error:
                        statuses.append(error.code)
            return statuses

    statuses = pattern()
    assert {*statuses[::2]} == {*statuses[1::2]} == {200, 500}
    assert pattern() == statuses


def test_clear_starts_again():
    with FakeServer(seed=3) as server, open_caller(server) as caller:
        patterns = []
        for _ in range(2):
            server.fault(Fault.internal("no"), rate=0.5)
            statuses = []
            for _ in range(12):
                try:
                    caller.sample("Hi")
                    statuses.append("OK")
                except grpc.RpcError as error:
                    statuses.append(error.code().name)
            patterns.append(statuses)
            server.clear()
    assert patterns[0] == patterns[1]
    assert {*patterns[0]} == {"OK", "INTERNAL"}
