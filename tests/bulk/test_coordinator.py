"""What the actors of a job on Ray share, without Ray."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from xai_vision.bulk import LedgerLockedError, Outcome, Row
from xai_vision.bulk._ledger.ledger import encode_line
from xai_vision.bulk._ray import coordinator as module
from xai_vision.bulk._ray.blocks import _check_ids, _of_row, copy_lines, ledger_name
from xai_vision.bulk._ray.coordinator import Coordinator, Terms
from xai_vision.bulk._ray.shared import SharedBudget, SharedLimiter
from xai_vision.errors import InvalidRequestError

KEY = "0" * 80


def terms(concurrency=2, **limits):
    return Terms(
        concurrency=concurrency,
        patience=600.0,
        limit=None,
        max_usd=limits.get("max_usd"),
        max_tokens=limits.get("max_tokens"),
    )


def write_ledger(path, *ids, usd=1.0):
    lines = [
        encode_line(
            KEY,
            Outcome(name, answer="x", usd=usd, response_id=f"response-{name}", attempts=1),
        )
        for name in ids
    ]
    path.write_bytes(b"".join(lines))


async def begun(folder, run="run", **limits):
    coordinator = Coordinator(str(folder))
    await coordinator.begin(run, terms(**limits))
    return coordinator


def calls_of(coordinator, run="run"):
    async def call(method, *arguments):
        begun, result = await coordinator.call(run, method, *arguments)
        assert begun
        return result

    return call


async def has_to_wait(work):
    """Return whether something waits; then it is cancelled."""
    task = asyncio.ensure_future(work)
    for _ in range(20):
        await asyncio.sleep(0)
    waits = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return waits


class TestRate:
    async def test_workers_share_the_slots(self, tmp_path):
        call = calls_of(await begun(tmp_path))
        first, second = (SharedLimiter(call, name, 8) for name in "ab")
        await first.acquire(1)
        await second.acquire(1)
        assert await has_to_wait(first.acquire(1))
        await second.answered(0)
        await second.flush()
        await asyncio.wait_for(first.acquire(1), 30)

    async def test_a_worker_has_its_own_slots_too(self, tmp_path):
        call = calls_of(await begun(tmp_path, concurrency=8))
        limiter = SharedLimiter(call, "a", 1)
        await limiter.acquire(1)
        assert await has_to_wait(limiter.acquire(1))

    async def test_ends_are_reported_with_the_next_request(self, tmp_path):
        coordinator, made = await begun(tmp_path), []
        call = calls_of(coordinator)

        async def counted(method, *arguments):
            made.append(method)
            return await call(method, *arguments)

        limiter = SharedLimiter(counted, "a", 2)
        for _ in range(20):
            await limiter.acquire(1)
            await limiter.answered(0)
        await limiter.flush()
        assert made.count("acquire") == 20
        assert len(made) <= 22
        assert coordinator._workers["a"].calls == 0

    async def test_a_cancelled_request_returns_its_slot(self, tmp_path):
        coordinator = await begun(tmp_path, concurrency=1)
        call = calls_of(coordinator)
        first, second = (SharedLimiter(call, name, 8) for name in "ab")
        await first.acquire(1)
        assert await has_to_wait(second.acquire(1))
        await first.answered(0)
        await first.flush()
        await asyncio.wait_for(first.acquire(1), 30)

    async def test_a_worker_that_is_restarted_returns_its_slots(self, tmp_path):
        call = calls_of(await begun(tmp_path))
        dead, other = (SharedLimiter(call, name, 8) for name in "ab")
        await dead.acquire(1)
        await dead.acquire(1)
        assert await has_to_wait(other.acquire(1))
        await call("join", "a")
        await asyncio.wait_for(other.acquire(1), 30)

    async def test_a_worker_that_does_not_report_returns_its_slots(self, tmp_path, monkeypatch):
        call = calls_of(await begun(tmp_path))
        dead, other = (SharedLimiter(call, name, 8) for name in "ab")
        await dead.acquire(1)
        await dead.acquire(1)
        await call("report", "b")
        assert await has_to_wait(other.acquire(1))
        monkeypatch.setattr(module, "_SILENCE", -1.0)
        await call("report", "b")
        await asyncio.wait_for(other.acquire(1), 30)

    async def test_refusals(self, tmp_path):
        coordinator = await begun(tmp_path)
        limiter = SharedLimiter(calls_of(coordinator), "a", 8)
        await limiter.acquire(1)
        assert await limiter.refused(0.01) is True
        assert coordinator._workers["a"].calls == 0
        await limiter.acquire(1)
        assert await limiter.refused(10_000.0) is False  # beyond the patience


class TestBudget:
    async def test_workers_share_it(self, tmp_path):
        call = calls_of(await begun(tmp_path, max_usd=1.0))
        first, second = (SharedBudget(call, name) for name in "ab")
        assert await first.reserve(0.6, 10, wait=False)
        assert not await second.reserve(0.6, 10, wait=False)
        await first.settle(0.6, 10, 0.1, 5)
        assert await second.reserve(0.6, 10, wait=False)

    async def test_what_a_dead_worker_has_reserved_may_be_spent(self, tmp_path):
        coordinator = await begun(tmp_path, max_usd=1.0)
        call = calls_of(coordinator)
        await call("join", "a")
        assert await SharedBudget(call, "a").reserve(0.6, 10, wait=False)
        await call("join", "a")
        budget = SharedBudget(call, "a")
        # Nothing is being sent that could return it: this does not wait.
        assert not await asyncio.wait_for(budget.reserve(0.6, 10, wait=True), 30)
        assert await budget.reserve(0.4, 10, wait=False)
        # It also counts in the next run.
        await budget.settle(0.4, 10, 0.0, 0)
        await coordinator.begin("next", terms(max_usd=1.0))
        budget = SharedBudget(calls_of(coordinator, "next"), "a")
        assert not await budget.reserve(0.5, 10, wait=False)
        assert await budget.reserve(0.4, 10, wait=False)

    async def test_earlier_runs_count_once(self, tmp_path):
        write_ledger(tmp_path / "one.jsonl", "a", "b", usd=0.2)
        # The lines of a block that was divided anew.
        write_ledger(tmp_path / "two.jsonl", "b", "c", usd=0.2)
        (tmp_path / "two.failed.jsonl").write_bytes(b'{"key":"x"}\n')
        budget = SharedBudget(calls_of(await begun(tmp_path, max_usd=1.0)), "w")
        assert not await budget.reserve(0.41, 10, wait=False)
        assert await budget.reserve(0.4, 10, wait=False)

    async def test_the_coordinator_dies(self, tmp_path):
        first = await begun(tmp_path, max_usd=1.0)
        assert await SharedBudget(calls_of(first), "a").reserve(0.6, 10, wait=False)
        first._budget._journal.close()  # as the end of its process does
        second = Coordinator(str(tmp_path))
        assert await second.call("run", "acquire", "a", 1, []) == (False, None)
        await second.begin("run", terms(max_usd=1.0))
        budget = SharedBudget(calls_of(second), "a")
        assert not await budget.reserve(0.6, 10, wait=False)
        # The worker lives: it settles what it has reserved before.
        await budget.settle(0.6, 10, 0.1, 5)
        assert await budget.reserve(0.6, 10, wait=False)
        # An end of a request that this coordinator has not admitted changes nothing.
        await second.call("run", "answered", "a", [1, 1])
        assert second._workers["a"].calls == 0


class TestRuns:
    async def test_a_run_that_has_begun_goes_on(self, tmp_path):
        coordinator = await begun(tmp_path)
        await SharedLimiter(calls_of(coordinator), "a", 8).acquire(1)
        await coordinator.begin("run", terms())
        assert coordinator._workers["a"].calls == 1

    async def test_two_at_the_same_time(self, tmp_path, monkeypatch):
        monkeypatch.setattr(module, "_PATIENCE", 0.4)
        coordinator = await begun(tmp_path)
        limiter = SharedLimiter(calls_of(coordinator), "a", 8)
        await limiter.acquire(1)

        async def live():
            while True:
                await coordinator.report("a")
                await asyncio.sleep(0.01)

        life = asyncio.create_task(live())
        with pytest.raises(LedgerLockedError, match="another dataset.*use another ledger"):
            await coordinator.begin("other", terms())
        life.cancel()
        # Ray ends the workers of a dataset that is not consumed to its end.
        await asyncio.wait_for(coordinator.begin("other", terms()), 30)

    async def test_ledgers_of_earlier_runs(self, tmp_path):
        write_ledger(tmp_path / "one.jsonl", "a", "b")
        write_ledger(tmp_path / "two.jsonl", "c")
        call = calls_of(await begun(tmp_path))
        assert await call("ledgers_with", ["a", "c", "x"], "new.jsonl") == [
            "one.jsonl",
            "two.jsonl",
        ]
        assert await call("ledgers_with", ["a", "c"], "two.jsonl") == ["one.jsonl"]
        assert await call("ledgers_with", ["x"], "new.jsonl") == []


class TestRows:
    @pytest.mark.parametrize("seeds", [(1, 2), (2, 1)])
    def test_a_row_whose_image_has_changed_and_is_as_before(self, tmp_path, seeds):
        images = [str(seed).encode() for seed in seeds]
        outcomes = [
            Outcome("r", answer=image.decode(), image_sha256=hashlib.sha256(image).hexdigest())
            for image in images
        ]
        path = tmp_path / "image.jpg"
        path.write_bytes(images[0])
        for row in (Row("r", (images[0],)), Row("r", (path,))):
            assert _of_row(row, outcomes).answer == images[0].decode()
        assert _of_row(Row("r", (images[1],)), outcomes).answer == images[1].decode()
        # Of other images the ledger has the newest last.
        assert _of_row(Row("r", ("https://e.com/a.jpg",)), outcomes).answer == images[1].decode()

    def test_a_row_that_was_not_asked(self):
        assert _of_row(Row("r"), [Outcome("")]).id == "r"

    def test_ids_are_unique(self):
        _check_ids(["a", "b"])
        with pytest.raises(InvalidRequestError, match="'a' is the id of two rows"):
            _check_ids(["a", "b", "a"])


class TestLedgersOfBlocks:
    def test_the_name_depends_on_the_rows(self):
        assert ledger_name(["a", "b"]) == ledger_name(["a", "b"])
        names = {ledger_name(ids) for ids in (["a", "b"], ["b", "a"], ["ab"], ["a"], [])}
        assert len(names) == 5
        assert ledger_name(["caf\udce9.jpg"]).endswith(".jsonl")

    def test_lines_are_copied(self, tmp_path):
        write_ledger(tmp_path / "one.jsonl", "a", "b", "c")
        write_ledger(tmp_path / "two.jsonl", "d")
        with (tmp_path / "two.jsonl").open("ab") as file:
            file.write(b'{"key":"000')  # of a process that was killed
        sources = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
        copy_lines(sources, ["b", "d", "x"], tmp_path / "new.jsonl")
        lines = (tmp_path / "new.jsonl").read_bytes().splitlines(keepends=True)
        assert lines == [
            (tmp_path / "one.jsonl").read_bytes().splitlines(keepends=True)[1],
            (tmp_path / "two.jsonl").read_bytes().splitlines(keepends=True)[0],
        ]
        # The block is divided as in the first run again: it has a ledger, but not of all rows.
        write_ledger(tmp_path / "three.jsonl", "e")
        copy_lines([*sources, tmp_path / "three.jsonl"], ["b", "d", "e"], tmp_path / "new.jsonl")
        assert (tmp_path / "new.jsonl").read_bytes() == b"".join(lines) + (
            tmp_path / "three.jsonl"
        ).read_bytes()
        copy_lines(sources, ["x"], tmp_path / "none.jsonl")
        assert not (tmp_path / "none.jsonl").exists()
