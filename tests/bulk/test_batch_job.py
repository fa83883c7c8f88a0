"""Jobs through the Batch API: bulk.ask(via="batch"), with a ledger."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import sample_images
from xai_vision import AsyncClient, bulk
from xai_vision.bulk import _batch_api
from xai_vision.bulk._batch_api import BatchSender
from xai_vision.errors import BadRequestError
from xai_vision.testing import FakeServer, Fault

PROMPT = "Describe it."
ROWS = [(f"r{n}", sample_images.jpeg(16, 16, seed=n)) for n in range(12)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Poll without pauses, and fill several batches."""
    monkeypatch.setattr(
        _batch_api,
        "BatchSender",
        lambda **options: BatchSender(rows_per_batch=5, interval=0.01, **options),
    )


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
async def client(server):
    async with AsyncClient(server.api_key, api_host=server.target) as opened:
        yield opened


def calls(server):
    return server.calls.where(method="GetCompletion")


async def test_rows_are_recorded(server, client, tmp_path):
    server.batches(ready_after=0)
    out = tmp_path / "out.jsonl"
    result = await bulk.ask(PROMPT, ROWS, out=out, via="batch", client=client).arun()
    assert (result.answered, result.failed) == (12, 0)
    outcomes = list(bulk.read_outcomes(out))
    assert {outcome.id for outcome in outcomes} == {name for name, _ in ROWS}
    assert {outcome.via for outcome in outcomes} == {"batch"}
    assert all(outcome.usd and outcome.image_sha256 and outcome.asked_at for outcome in outcomes)
    assert all("JPEG, 16x16" in outcome.answer for outcome in outcomes)
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl"}
    server.calls.assert_called(method="CreateBatch", times=3)


async def test_failed_rows_are_asked_again(server, client, tmp_path):
    server.fault(Fault.internal(), next=3)
    server.fault(Fault.unavailable(), rate=0.3)
    result = await bulk.ask(
        PROMPT, ROWS, out=tmp_path / "out.jsonl", via="batch", client=client, retries=10
    ).arun()
    assert (result.answered, result.failed) == (12, 0)
    answered = Counter(call.images[0].sha256 for call in calls(server) if call.status == "OK")
    assert set(answered.values()) == {1}


async def test_rows_of_a_generator_that_fail_are_not_lost(server, client, tmp_path):
    server.fault(Fault.internal(), next=1)
    job = bulk.ask(PROMPT, iter(ROWS), out=tmp_path / "out.jsonl", via="batch", client=client)
    result = await job.arun()
    assert result.answered + result.failed == 12
    assert len(job.failed()) == result.failed


@pytest.mark.parametrize("seed", range(8))
async def test_the_budget_is_never_exceeded(server, client, tmp_path, seed):
    # The fake does not bill less for batches; the service may change its discount too.
    limit = 0.004 * (seed + 1)
    job = bulk.ask(
        PROMPT,
        ROWS,
        out=tmp_path / "out.jsonl",
        via="batch",
        client=client,
        max_usd=limit,
        settings={"max_tokens": 50 + 40 * seed},
    )
    result = await job.arun()
    spent = sum(call.response.usage.cost_in_usd_ticks for call in calls(server)) / 1e10
    assert spent <= limit
    assert result.usd == pytest.approx(spent)
    if result.stopped:
        assert result.stopped == "max_usd"
    else:
        assert result.answered == 12


class TestAuto:
    async def test_few_rows_are_asked_now(self, server, client):
        result = await bulk.ask(PROMPT, ROWS, via="auto", client=client).arun()
        assert result.answered == 12
        server.calls.assert_not_called(method="CreateBatch")

    async def test_many_rows_are_sent_in_batches(self, server, client, monkeypatch, tmp_path):
        monkeypatch.setattr("xai_vision.bulk._batch_api.choice._FEW_ROWS", 10)
        out = tmp_path / "out.jsonl"
        await bulk.ask(PROMPT, ROWS, out=out, via="auto", client=client).arun()
        server.calls.assert_called(method="CreateBatch")

    @pytest.mark.parametrize("via", ["auto", "batch"])
    async def test_a_row_that_is_too_large_for_a_batch(
        self, server, client, monkeypatch, tmp_path, via
    ):
        monkeypatch.setattr("xai_vision.bulk._batch_api.choice._FEW_ROWS", 10)
        monkeypatch.setattr("xai_vision.bulk._batch_api.batch_run._CALL_BYTES", 20_000)
        server.fault(Fault.internal(), method="GetCompletion", next=1)
        rows = [*ROWS, ("large", sample_images.jpeg(600, 600, seed=1))]
        out = tmp_path / "out.jsonl"
        job = bulk.ask(PROMPT, rows, out=out, via=via, client=client, max_usd=10.0)
        result = await job.arun()
        ways = {outcome.id: outcome.via for outcome in bulk.read_outcomes(out)}
        assert {ways[name] for name, _ in ROWS} == {"batch"}
        if via == "auto":
            assert (result.answered, result.failed) == (13, 0)
            assert ways["large"] == "now"
        else:
            assert (result.answered, result.failed) == (12, 1)
            assert 'or via="auto"' in job.failed()[0].error.message

    async def test_a_model_without_batches_is_asked_now(
        self, server, client, monkeypatch, tmp_path
    ):
        monkeypatch.setattr("xai_vision.bulk._batch_api.choice._FEW_ROWS", 10)
        server.batches(models_refused=["grok-4"])
        out = tmp_path / "out.jsonl"
        result = await bulk.ask(PROMPT, ROWS, out=out, via="auto", client=client).arun()
        assert (result.answered, result.failed) == (12, 0)
        assert {outcome.via for outcome in bulk.read_outcomes(out)} == {"now"}
        assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl"}

    async def test_the_same_row_by_row(self, server, client, monkeypatch, tmp_path):
        monkeypatch.setattr("xai_vision.bulk._batch_api.choice._FEW_ROWS", 10)
        server.batches(models_refused=["grok-4"])
        out = tmp_path / "out.jsonl"
        await bulk.ask(PROMPT, ROWS[:4], out=out, client=client).arun()
        job = bulk.ask(PROMPT, ROWS, out=out, via="auto", client=client)
        found = [outcome.id async for outcome in job]
        assert sorted(found) == sorted(name for name, _ in ROWS)

    async def test_rows_that_cannot_be_read_again_are_asked_now(self, server, client):
        result = await bulk.ask(PROMPT, iter(ROWS), via="auto", client=client).arun()
        assert result.answered == 12
        server.calls.assert_not_called(method="CreateBatch")


async def test_a_model_without_batches_is_an_error(server, client, tmp_path):
    server.batches(models_refused=["grok-4"])
    job = bulk.ask(PROMPT, ROWS, out=tmp_path / "out.jsonl", via="batch", client=client)
    with pytest.raises(BadRequestError, match="not available for batch"):
        await job.arun()
    assert not job.failed()
