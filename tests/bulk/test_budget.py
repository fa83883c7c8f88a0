"""Budgets: never overspent, whatever a token costs."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bulk.rows import jpeg
from xai_vision import AsyncClient, bulk
from xai_vision.bulk import LedgerError
from xai_vision.bulk._limits.budget import LocalBudget
from xai_vision.chat import user
from xai_vision.errors import NotFoundError
from xai_vision.testing import Fault, Reply


def spent(server) -> int:
    """Return the price of all completions in ticks."""
    calls = server.calls.where(method="GetCompletion", status="OK")
    return sum(call.response.usage.cost_in_usd_ticks for call in calls)


@pytest.fixture
def ask(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)

    def create(source, **options):
        options = {"settings": {"max_tokens": 200}, "client": client, **options}
        return bulk.ask("Describe it", source, **options)

    return create


@pytest.mark.parametrize("seed", range(6))
def test_random_price_tables(server, ask, seed):
    rng = random.Random(seed)
    prices = {
        name: rng.choice([0, rng.randrange(1, 10**4), rng.randrange(10**4, 10**6)])
        for name in ("text_price", "image_price", "cached_price", "completion_price")
    }
    server.models.add("priced", **prices)
    server.on().reply("word " * rng.randrange(1, 190)).optional()
    rows = [(str(n), jpeg(n)) for n in range(30)]
    max_usd = 4000 * max(1, *prices.values()) * rng.uniform(1, 20) / 1e10
    result = ask(rows, model="priced", max_usd=max_usd, concurrency=rng.randrange(1, 9)).run()
    assert spent(server) <= max_usd * 1e10
    assert result.usd == pytest.approx(spent(server) / 1e10)
    if result.stopped:
        assert result.stopped == "max_usd"
        assert result.answered < 30
        # The rest of the budget did not suffice for the most that a row can cost.
        assert result.status.needed_usd + result.usd > max_usd - 1e-9
    else:
        assert result.answered == 30


def test_the_budget_is_that_of_all_runs(server, ask, tmp_path):
    out = tmp_path / "answers.jsonl"
    rows = [(str(n), jpeg(n)) for n in range(40)]
    first = ask(rows, out=out, max_usd=0.05).run()
    assert first.stopped == "max_usd"
    assert 0 < first.answered < 40
    second = ask(rows, out=out, max_usd=0.05).run()
    assert second.answered - first.answered <= 1
    assert spent(server) <= 0.05e10
    assert ask(rows, out=out, max_usd=10).run().answered == 40
    assert not out.with_name("answers.jsonl.budget").exists()


def test_max_tokens(server, ask):
    rows = [(str(n), jpeg(n)) for n in range(40)]
    result = ask(rows, max_tokens=20_000, concurrency=3).run()
    assert (result.stopped, result.failed) == ("max_tokens", 0)
    calls = server.calls.where(method="GetCompletion", status="OK")
    assert sum(call.response.usage.total_tokens for call in calls) <= 20_000
    assert 0 < result.answered < 40


def test_a_model_without_a_price(server, ask):
    """Its tokens can be limited, but not its price."""
    server.fault(Fault.status("NOT_FOUND", "no such model"), method="GetLanguageModel")
    with pytest.raises(NotFoundError, match="no such model"):
        ask([("a", jpeg(1))], max_usd=1.0).run()
    assert not server.calls.where(method="GetCompletion")
    assert ask([("a", jpeg(1))], max_tokens=100_000).run().answered == 1


def test_a_budget_below_one_row(server, ask):
    result = ask([("a", jpeg(1))], max_usd=1e-9).run()
    assert (result.answered, result.failed, result.stopped) == (0, 0, "max_usd")
    assert "the next row can cost up to $0.0" in str(result)
    assert not server.calls.where(method="GetCompletion")


def test_answers_are_limited_without_max_tokens(server, ask):
    ask([("a", jpeg(1))], settings=None, max_usd=10).run()
    assert server.calls.last.request.max_tokens == 16_384
    ask([("a", jpeg(1))], settings=None).run()
    assert not server.calls.last.request.HasField("max_tokens")


def test_failed_requests_return_their_reservation(server, ask):
    server.fault(Fault.status("INVALID_ARGUMENT", "no"), next=9, method="GetCompletion")
    rows = [(str(n), jpeg(n)) for n in range(12)]
    result = ask(rows, max_usd=0.02, concurrency=1).run()
    assert (result.answered, result.failed, result.stopped) == (3, 9, None)


def test_requests_that_timed_out_count_as_paid(server, ask):
    """The service may have answered them, although the answer did not arrive in time."""
    client = AsyncClient(api_key=server.api_key, api_host=server.target, timeout=1.0)
    server.fault(Fault.hang(), method="GetCompletion")
    needed = ask([("a", jpeg(1))], max_usd=1e-9).run().status.needed_usd
    result = ask([("a", jpeg(1))], max_usd=2.5 * needed, retries=5, client=client).run()
    assert (result.answered, result.failed) == (0, 1)
    assert len(server.calls.where(method="GetCompletion")) == 2


def test_spends_that_no_ledger_has_count_in_later_runs(server, ask, tmp_path):
    out = tmp_path / "answers.jsonl"
    client = AsyncClient(api_key=server.api_key, api_host=server.target, timeout=1.0)
    hang = server.fault(Fault.hang(), method="GetCompletion")
    needed = ask([("a", jpeg(1))], max_usd=1e-9).run().status.needed_usd
    options = {"out": out, "max_usd": 2.5 * needed}
    assert ask([("a", jpeg(1))], **options, retries=1, client=client).run().failed == 1
    hang.stop()
    result = ask([("a", jpeg(1))], **options).run()
    assert (result.answered, result.stopped) == (0, "max_usd")
    assert len(server.calls.where(method="GetCompletion")) == 2


def test_answers_without_a_price_count_in_later_runs(server, ask, tmp_path):
    """The most that they can cost is counted, because the service did not tell their price."""
    server.on().reply(Reply("A cat.", cost_ticks=-1))
    needed = ask([("a", jpeg(1))], max_usd=1e-9).run().status.needed_usd
    options = {"out": tmp_path / "answers.jsonl", "max_usd": 2.5 * needed}
    rows = [(str(n), jpeg(n)) for n in range(6)]
    for _ in range(2):
        result = ask(rows, **options).run()
        assert (result.answered, result.stopped) == (2, "max_usd")
    assert result.status.unpriced == 0
    assert len(server.calls.where(method="GetCompletion")) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"tools": [{"type": "web_search"}]},
        {"previous_response_id": "r"},
    ],
)
def test_requests_of_unknown_size(server, ask, settings):
    job = ask([("a", jpeg(1))], settings=settings, max_usd=1)
    assert job.run().failed == 1
    assert "are not known before it is sent" in job.failed()[0].error.message
    assert not server.calls.where(method="GetCompletion")


def test_long_texts_are_reserved_by_their_bytes(server):
    text = "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 3000

    def run(max_tokens):
        job = bulk.ask(
            lambda row: user(text),
            [bulk.Row("a")],
            settings={"max_tokens": 10},
            client=AsyncClient(api_key=server.api_key, api_host=server.target),
            max_tokens=max_tokens,
        )
        return job.run()

    assert (run(9_000).answered, run(9_000).stopped) == (0, "max_tokens")
    assert not server.calls.where(method="GetCompletion")
    assert run(11_000).answered == 1


# --- the journal ---


def reserve(budget, usd):
    return asyncio.run(budget.reserve(usd, 10, wait=False))


def test_unfinished_requests_of_a_killed_process_count(tmp_path):
    journal = tmp_path / "a.budget"
    killed = LocalBudget(1.0, None, journal=journal)
    assert reserve(killed, 0.3)
    assert reserve(killed, 0.3)
    asyncio.run(killed.settle(0.3, 10, 0.1, 5))
    killed._journal.close()  # the process is gone
    budget = LocalBudget(1.0, None, usd=0.1, journal=journal)
    assert not reserve(budget, 0.61)
    assert reserve(budget, 0.6)
    asyncio.run(budget.settle(0.6, 10, 0.6, 5))
    budget.close()
    # The request may have been paid for, whatever comes later.
    budget = LocalBudget(2.0, None, usd=0.7, journal=journal)
    assert not reserve(budget, 1.01)
    # A batch that goes on takes its reservation over.
    asyncio.run(budget.adopt(0.3, 10))
    asyncio.run(budget.settle(0.3, 10, 0.2, 5))
    assert reserve(budget, 1.1)
    asyncio.run(budget.settle(1.1, 10, 1.1, 5))
    budget.close()
    assert not journal.exists()


def test_a_journal_that_was_cut_off(tmp_path):
    journal = tmp_path / "a.budget"
    journal.write_bytes(b"+ 3000000000 10\n+ 30000")
    assert not reserve(LocalBudget(1.0, None, journal=journal), 0.71)


def test_another_file_is_not_changed(tmp_path):
    journal = tmp_path / "a.budget"
    journal.write_bytes(b"my plans\n")
    with pytest.raises(LedgerError, match="is not the budget of a job"):
        LocalBudget(1.0, None, journal=journal)
    assert journal.read_bytes() == b"my plans\n"


@settings(max_examples=60)
@given(
    st.floats(1e-6, 100),
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1)), max_size=40),
)
def test_the_spend_never_exceeds_the_limit(limit, requests):
    async def main():
        budget = LocalBudget(limit, None)
        spend = []

        async def ask(bound, share):
            if await budget.reserve(bound, 1, wait=True):
                await asyncio.sleep(0)
                spend.append(bound * share)
                await budget.settle(bound, 1, bound * share, 1)

        await asyncio.gather(*(ask(*request) for request in requests))
        assert sum(spend) <= limit * (1 + 1e-9) + 1e-9 * len(spend)

    asyncio.run(main())
