"""Rows through batches of the service, over the wire."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.bulk.stub_work import StubWork
from xai_vision import AsyncClient
from xai_vision.bulk._batch_api import BatchSender, batch_run, choose
from xai_vision.bulk._batch_api.notes import BatchNotes, Sent
from xai_vision.bulk._row import Ticket
from xai_vision.errors import BadRequestError, InvalidRequestError, ServerError
from xai_vision.testing import FakeServer, Fault, match
from xai_vision.testing._batches.batch import BatchPlan

IDS = [f"r{n}" for n in range(12)]


@pytest.fixture
def server():
    with FakeServer() as running:
        yield running


@pytest.fixture
async def client(server):
    async with AsyncClient(server.api_key, api_host=server.target) as opened:
        yield opened


def sender(**options):
    return BatchSender(interval=0.01, **options)


def asked(server):
    """Return how often the service processed each row."""
    calls = server.calls.where(method="GetCompletion")
    return Counter(dict(call.metadata)["batch-request-id"] for call in calls)


def adds(server):
    return server.calls.where(method="AddBatchRequests")


async def test_all_rows_are_answered_once(server, client):
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.answers) == set(IDS)
    assert not work.failures
    assert set(asked(server).values()) == {1}
    content, attempts, asked_at = work.answers["r3"]
    assert "Describe it: r3" in content
    assert attempts == 1
    assert asked_at.endswith("Z")
    server.calls.assert_called(method="CreateBatch", times=1)
    assert len(adds(server)) == 1


async def test_no_rows(server, client):
    await sender().run(StubWork(client, []))
    assert not server.calls


async def test_several_batches(server, client):
    work = StubWork(client, IDS)
    await sender(rows_per_batch=5).run(work)
    assert set(work.answers) == set(IDS)
    server.calls.assert_called(method="CreateBatch", times=3)


async def test_batches_are_created_no_faster_than_the_service_accepts():
    with FakeServer(batch_interval=0.2) as server:
        async with AsyncClient(server.api_key, api_host=server.target, retries=0) as client:
            work = StubWork(client, IDS)
            await sender(rows_per_batch=4).run(work)
            assert set(work.answers) == set(IDS)
            created = server.calls.where(method="CreateBatch")
            assert [call.status for call in created].count("OK") == 3


async def test_results_and_requests_of_several_pages(server, client, tmp_path):
    names = [f"r{n}" for n in range(230)]
    notes = BatchNotes(tmp_path / "notes")
    batch = await client.batch.create("of an earlier run")
    earlier = StubWork(client, names[:210])
    chats = [(await earlier.next()).chat for _ in range(210)]
    for name, chat in zip(names, chats, strict=False):
        chat._batch_request_id = f"key-{name}"
    await client.batch.add(batch.batch_id, chats)
    notes.add(batch.batch_id, [Sent(Ticket(n, f"key-{n}"), 1, "now") for n in names[:210]])
    work = StubWork(client, names, notes=tmp_path / "notes")
    await sender().run(work)
    assert set(work.answers) == set(names)
    assert set(work.asked) == set(names[210:])
    assert set(asked(server).values()) == {1}


async def test_calls_are_divided_by_bytes(monkeypatch):
    monkeypatch.setattr(batch_run, "_CALL_BYTES", 5000)
    with FakeServer(max_batch_call_bytes=5100) as server:
        async with AsyncClient(server.api_key, api_host=server.target) as client:
            work = StubWork(client, IDS, prompt="{} " + "x" * 1000)
            await sender().run(work)
            assert set(work.answers) == set(IDS)
            # Four rows of a little more than 1,000 bytes in each call.
            assert len(adds(server)) == 3
            server.calls.assert_called(method="CreateBatch", times=1)


async def test_a_row_above_the_limit_fails_alone(client, monkeypatch):
    monkeypatch.setattr(batch_run, "_CALL_BYTES", 5000)
    work = StubWork(client, ["small", "x" * 6000])
    await sender().run(work)
    assert set(work.answers) == {"small"}
    error, _ = work.failures["x" * 6000]
    assert isinstance(error, InvalidRequestError)
    assert "at most 5000 bytes a request" in str(error)
    assert 'via="auto"' in str(error)


async def test_transient_failures_go_into_a_later_batch(server, client):
    server.fault(Fault.internal(), prompt=match.contains("r3"), next=2)
    server.fault(Fault.unavailable(), prompt=match.contains("r5"), next=1)
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.answers) == set(IDS)
    assert work.answers["r3"][1] == 3
    assert work.answers["r5"][1] == 2
    assert sorted(work.released) == ["r3", "r3", "r5"]
    assert asked(server)["key-r3"] == 3
    assert asked(server)["key-r4"] == 1


async def test_a_row_that_timed_out_may_have_been_paid(server, client):
    server.fault(Fault.status("DEADLINE_EXCEEDED"), prompt=match.contains("r3"), next=1)
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.answers) == set(IDS)
    assert work.charged == ["r3"]


async def test_retries_end(server, client):
    server.fault(Fault.internal(), prompt=match.contains("r3"))
    work = StubWork(client, IDS, retries=1)
    await sender().run(work)
    error, attempts = work.failures["r3"]
    assert isinstance(error, ServerError)
    assert "Internal error" in str(error)
    assert attempts == 2
    assert set(work.answers) == set(IDS) - {"r3"}


async def test_other_failures_are_not_repeated(server, client):
    server.fault(Fault.safety_refusal(), prompt=match.contains("r3"))
    work = StubWork(client, IDS)
    await sender().run(work)
    error, attempts = work.failures["r3"]
    assert type(error).__name__ == "SafetyRefusalError"
    assert attempts == 1
    assert asked(server)["key-r3"] == 1


async def test_a_batch_that_is_cancelled(server, client):
    server.batches(cancel="It was abusive.")
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.failures) == set(IDS)
    assert all("cancelled: It was abusive" in str(error) for error, _ in work.failures.values())
    # Its owner decided it: the rows are not sent again.
    assert not work.released


async def test_a_model_that_batches_refuse_ends_the_run(server, client):
    server.batches(models_refused=["grok-4"])
    work = StubWork(client, IDS)
    with pytest.raises(BadRequestError, match="not available for batch"):
        await sender().run(work)
    assert not work.failures
    assert sorted(work.released) == sorted(IDS)  # for another sender
    assert not asked(server)


@pytest.mark.parametrize("refused", ["r0", "r7", "r11"])
async def test_a_refused_row_does_not_stop_the_others(server, client, refused):
    server.models.add("grok-refused")
    server.batches(models_refused=["grok-refused"])
    work = StubWork(client, IDS, models={refused: "grok-refused"})
    await sender().run(work)
    error, attempts = work.failures[refused]
    assert isinstance(error, BadRequestError)
    assert attempts == 1
    assert set(work.answers) == set(IDS) - {refused}
    assert set(asked(server).values()) == {1}
    assert not work.released


async def test_the_only_row_is_refused(server, client):
    server.batches(models_refused=["grok-4"])
    work = StubWork(client, ["r0"])
    await sender().run(work)
    assert isinstance(work.failures["r0"][0], BadRequestError)


async def test_calls_are_repeated_while_the_service_is_away(server, client):
    for method in ("CreateBatch", "AddBatchRequests", "ListBatchResults"):
        server.fault(Fault.internal(), next=1, method=method)
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.answers) == set(IDS)
    assert set(asked(server).values()) == {1}


async def test_a_lost_reply_of_an_add_does_not_send_rows_twice(server, client):
    # The service has the requests, but its reply is lost.
    server.fault(Fault.malformed(), next=1, method="AddBatchRequests")
    work = StubWork(client, IDS)
    await sender().run(work)
    assert set(work.answers) == set(IDS)
    assert set(asked(server).values()) == {1}
    assert len(adds(server)) == 2


async def interrupt(run, condition):
    """Cancel a run when a condition is met, as a signal does."""
    task = asyncio.create_task(run)
    assert await condition
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestAnotherRun:
    """A run that was killed: what is on disk is what cancelling leaves."""

    async def first_run(self, server, client, notes, **options):
        """Send all rows, and end before any has a result."""
        server.batches(ready_after=1_000_000)
        work = StubWork(client, IDS, notes=notes)
        await interrupt(
            sender(**options).run(work),
            server.calls.wait_for_async(2, method="GetBatch", timeout=60),
        )
        assert not work.answers
        # From now on the batches are complete at the first poll.
        for batch in server._engine.batches.all():
            batch.plan = BatchPlan()

    async def test_fetches_the_results_of_the_first(self, server, client, tmp_path):
        notes = tmp_path / "notes"
        await self.first_run(server, client, notes)
        work = StubWork(client, IDS, notes=notes)
        await sender().run(work)
        assert set(work.answers) == set(IDS)
        assert not work.asked
        assert set(asked(server).values()) == {1}
        assert not notes.exists()

    async def test_rows_with_a_result_are_not_claimed(self, server, client, tmp_path):
        notes = tmp_path / "notes"
        await self.first_run(server, client, notes)
        work = StubWork(client, [], notes=notes, done=["r1", "r2"])
        await sender().run(work)
        assert set(work.answers) == set(IDS) - {"r1", "r2"}
        assert not notes.exists()

    async def test_rows_that_did_not_arrive_are_sent(self, server, client, tmp_path):
        notes = BatchNotes(tmp_path / "notes")
        batch = await client.batch.create("killed before it sent the rows")
        notes.add(batch.batch_id, [Sent(Ticket("r0", "key-r0"), 1, "2026-01-01T00:00:00Z")])
        work = StubWork(client, ["r0"], notes=tmp_path / "notes")
        await sender().run(work)
        assert set(work.answers) == {"r0"}
        assert work.asked == {"r0": 1}

    async def test_a_batch_that_has_expired(self, server, client, tmp_path):
        notes = BatchNotes(tmp_path / "notes")
        notes.add("batch_gone", [Sent(Ticket("r0", "key-r0"), 1, "2026-01-01T00:00:00Z")])
        work = StubWork(client, ["r0"], notes=tmp_path / "notes")
        await sender().run(work)
        assert set(work.answers) == {"r0"}
        assert not (tmp_path / "notes").exists()

    async def test_a_batch_that_expires_during_the_run(self, server, client):
        server.batches(ready_after=1_000_000)
        work = StubWork(client, IDS)
        task = asyncio.create_task(sender().run(work))
        assert await server.calls.wait_for_async(2, method="GetBatch", timeout=60)
        server.batches()
        server.clock.skip(days=365)
        await asyncio.wait_for(task, 60)
        assert set(work.answers) == set(IDS)
        assert sorted(work.released) == sorted(IDS)
        # Their answers may have been paid for.
        assert sorted(work.charged) == sorted(IDS)


class TestNotes:
    ROWS = tuple(
        Sent(Ticket(f"n{n}", f"k{n}", "ab", ("resized",), 0.5, 7), n + 1, "now") for n in range(3)
    )

    @pytest.mark.parametrize("on_disk", [True, False])
    def test_rows_of_a_batch(self, tmp_path, on_disk):
        notes = BatchNotes(tmp_path / "notes" if on_disk else None)
        assert notes.batches() == []
        notes.add("../b/1", self.ROWS[:2])
        notes.add("../b/1", self.ROWS[2:])
        notes.add("b2", self.ROWS[:1])
        assert sorted(notes.batches()) == ["../b/1", "b2"]
        assert {key: row.attempts for key, row in notes.read("../b/1").items()} == {
            "k0": 1,
            "k1": 2,
            "k2": 3,
        }
        notes.drop("../b/1", "k1")
        assert set(notes.read("../b/1")) == {"k0", "k2"}
        notes.replace("../b/1", self.ROWS[:1])
        assert set(notes.read("../b/1")) == {"k0"}
        notes.close("../b/1")
        notes.close("b2")
        assert notes.batches() == []
        assert list(tmp_path.iterdir()) == []

    def test_all_of_a_row(self, tmp_path):
        notes = BatchNotes(tmp_path)
        notes.add("b", self.ROWS[:1])
        (row,) = notes.read("b").values()
        assert (row.ticket.id, row.ticket.image_sha256, row.ticket.usd) == ("n0", "ab", 0.5)
        assert list(row.ticket.changes) == ["resized"]

    def test_a_full_disk_leaves_no_incomplete_line(self, tmp_path, monkeypatch):
        notes = BatchNotes(tmp_path)
        notes.add("b", self.ROWS[:1])

        def fail(descriptor):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", fail)
            with pytest.raises(OSError, match="No space"):
                notes.add("b", self.ROWS[1:])
        assert set(notes.read("b")) == {"k0"}
        notes.add("b", self.ROWS[2:])
        assert set(notes.read("b")) == {"k0", "k2"}

    def test_an_incomplete_line(self, tmp_path):
        notes = BatchNotes(tmp_path)
        notes.add("b", self.ROWS)
        path = tmp_path / "b.jsonl"
        path.write_bytes(path.read_bytes()[:-5])
        assert set(notes.read("b")) == {"k0", "k1"}


@pytest.mark.parametrize(
    ("rows", "deadline", "via"),
    [
        *((99, None, "now"), (100, None, "batch"), (None, None, "batch")),
        *((1_000_000, 3600.0, "now"), (1_000_000, 86_400.0, "batch"), (None, 60.0, "now")),
    ],
)
def test_choice(rows, deadline, via):
    assert choose(rows, deadline) == via
