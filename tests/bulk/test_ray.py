"""Jobs on Ray Data: a cluster of one node, on the loopback interface."""

from __future__ import annotations

import functools
import logging
import os
from collections import Counter

import pytest
import ray

from tests import sample_images
from xai_vision import AsyncClient
from xai_vision.bulk.ray import ask
from xai_vision.errors import InvalidRequestError
from xai_vision.testing import FakeServer, Fault

# Ray uses what it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("default")
PROMPT = "Describe it."


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init("local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
def options(server, tmp_path):
    client = functools.partial(AsyncClient, server.api_key, api_host=server.target)
    return {"client": client, "ledger": tmp_path / "ledgers", "actors": 1, "block_rows": 10}


def dataset(count, blocks=4):
    return ray.data.from_items(
        [
            {"id": f"r{n}", "image": sample_images.jpeg(16, 16, seed=n), "label": n}
            for n in range(count)
        ],
        override_num_blocks=blocks,
    )


def paid(server):
    """Return how often the service answered each image."""
    calls = server.calls.where(method="GetCompletion")
    return Counter(call.images[0].sha256 for call in calls if call.status == "OK")


def rows_of(answers):
    return {row["id"]: row for row in answers.take_all()}


def test_nothing_is_sent_before_the_result_is_consumed(server, options):
    answers = ask(dataset(20), PROMPT, keep=["label"], **options)
    assert not server.calls
    found = rows_of(answers)
    assert set(found) == {f"r{n}" for n in range(20)}
    assert all("JPEG, 16x16" in row["answer"] for row in found.values())
    assert found["r7"]["label"] == 7
    assert found["r7"]["usage"]["total_tokens"] > 0
    assert set(paid(server).values()) == {1}


def test_failed_rows_have_the_reason(server, options):
    server.fault(Fault.internal(), rate=0.2)
    server.rate_limit(requests=200)
    bad = [{"id": "bad", "image": b"not an image", "label": 0}]
    found = rows_of(ask(dataset(30).union(ray.data.from_items(bad)), PROMPT, **options))
    assert len(found) == 31
    assert found["bad"]["error"]["type"] == "NotAnImageError"
    assert found["bad"]["answer"] is None
    assert [row["id"] for row in found.values() if row["answer"] is None] == ["bad"]
    assert set(paid(server).values()) == {1}


def test_another_run_asks_what_has_no_answer(server, options):
    rows_of(ask(dataset(20, blocks=2), PROMPT, **options))
    # More rows, in other blocks.
    found = rows_of(ask(dataset(26, blocks=5).random_shuffle(seed=1), PROMPT, **options))
    assert set(found) == {f"r{n}" for n in range(26)}
    assert all(row["answer"] for row in found.values())
    assert len(paid(server)) == 26
    assert set(paid(server).values()) == {1}
    # The first blocks again: their ledgers do not have all of the rows.
    found = rows_of(ask(dataset(26, blocks=2), PROMPT, **options))
    assert all(row["answer"] for row in found.values())
    assert set(paid(server).values()) == {1}


def test_the_budget_is_that_of_all_runs(server, options):
    limits = {"max_tokens": 12_000, "settings": {"max_tokens": 100}}
    found = rows_of(ask(dataset(40), PROMPT, **limits, **options))
    assert len(found) == 40
    asked = [row for row in found.values() if row["answer"] is not None]
    assert 0 < len(asked) < 40
    errors = {row["error"]["type"] for row in found.values() if row["answer"] is None}
    assert errors == {"BudgetError"}
    found = rows_of(ask(dataset(40), PROMPT, **limits, **options))
    total = sum(row["usage"]["total_tokens"] for row in found.values() if row["usage"])
    assert 6_000 < total <= 12_000


def test_an_actor_that_is_killed_loses_nothing(server, options, tmp_path):
    marker = tmp_path / "killed"

    def kill_once(row):
        from xai_vision.chat import image, user

        if row.id == "r25" and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), 9)
        return user(PROMPT, image(row.images[0]))

    found = rows_of(ask(dataset(40), kill_once, concurrency=4, **options))
    assert marker.exists()
    assert set(found) == {f"r{n}" for n in range(40)}
    assert all(row["answer"] for row in found.values())
    assert len(paid(server)) == 40
    assert sum(paid(server).values()) <= 40 + 4


def test_an_error_that_affects_all_rows_ends_the_job(server, options):
    options["client"] = functools.partial(AsyncClient, "wrong-key", api_host=server.target)
    with pytest.raises(Exception, match="UNAUTHENTICATED|key"):
        rows_of(ask(dataset(20), PROMPT, **options))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dataset": [1]}, "dataset must be a Ray Dataset, not"),
        ({"concurrency": 0}, "concurrency"),
        ({"block_rows": 0}, "block_rows"),
        ({"actors": 0}, "actors"),
        ({"max_usd": -1}, "max_usd"),
        ({"via": "batch"}, "via"),
        ({"retries": -1}, "retries"),
        ({"prompt": ""}, "prompt"),
        ({"modle": "grok-4"}, "modle"),
        ({"keep": ["nothing"]}, "keep: 'nothing' is not a column"),
        ({"image": "photo"}, "image='photo' is not a column"),
        ({"id": "sku"}, "id='sku' is not a column"),
    ],
)
def test_bad_arguments(options, change, words):
    arguments = {"dataset": dataset(1, blocks=1), "prompt": PROMPT, **options, **change}
    with pytest.raises((InvalidRequestError, TypeError), match=words):
        ask(arguments.pop("dataset"), arguments.pop("prompt"), **arguments)
