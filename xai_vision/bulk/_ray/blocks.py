"""Ask the rows of a block of a dataset, in an actor of Ray Data."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xai_vision._optional_imports import import_optional
from xai_vision.bulk._ledger.keys import file_sha256, sha256_of_all
from xai_vision.bulk._ray.coordinator import Terms
from xai_vision.bulk._ray.shared import SharedBudget, SharedLimiter
from xai_vision.bulk._row import Failure, Outcome, Row
from xai_vision.bulk._sinks.parquet import columns_of, schema
from xai_vision.bulk._sources.tables import ArrowSource
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.bulk._job import Job
    from xai_vision.client import AsyncClient

_BLOCKS: Final = 2
"""Blocks that are asked at the same time, so that one can end while another has begun."""
_REPORT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Plan:
    """How the rows of a dataset are asked.

    Attributes:
        run: A name for this run.
        terms: The limits of all workers together.
        prompt: See ``bulk.ask``.
        folder: The folder of the ledgers.
        id: The column of the ids.
        image: The column of the images.
        root: The folder of the paths in it.
        keep: The columns of the dataset that the result has too.
        concurrency: The concurrent requests of an actor.
        client: Creates the client of an actor.
        options: Further arguments of ``bulk.ask``.
    """

    run: str
    terms: Terms
    prompt: Any
    folder: str
    id: str
    image: str | None
    root: str | None
    keep: Sequence[str]
    concurrency: int
    client: Callable[[], AsyncClient]
    options: Mapping[str, Any]


class BlockAsker:
    """Asks the rows of blocks, each with a ledger of its own.

    Args:
        plan: How the rows are asked.
        call: Calls a method of the coordinator.
        worker: The name of this worker, which it keeps when it is restarted.
    """

    def __init__(self, plan: Plan, call: Any, worker: str) -> None:
        self._plan, self._call, self._worker = plan, call, worker
        self._client = plan.client()
        self._limiter = SharedLimiter(call, worker, plan.concurrency)
        in_usd = plan.terms.max_usd is not None
        self._budget = SharedBudget(call, worker, in_usd=in_usd) if plan.terms.budgeted else None
        self._blocks = asyncio.Semaphore(_BLOCKS)
        self._reports: asyncio.Task[None] | None = None
        self._joining = asyncio.Lock()

    async def __call__(self, block: Any) -> AsyncIterator[Any]:
        """Ask the rows of a table of Arrow; yield the table of their outcomes."""
        async with self._joining:
            if self._reports is None:
                await self._call("join", self._worker)
                self._reports = asyncio.create_task(self._report())
        async with self._blocks:
            yield await self._ask(block)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            with contextlib.suppress(Exception):  # the coordinator may be starting again
                await self._call("report", self._worker)

    async def _ask(self, block: Any) -> Any:
        plan = self._plan
        rows = list(ArrowSource(block, plan.id, plan.image, plan.root))
        ids = [row.id for row in rows]
        _check_ids(ids)
        ledger = Path(plan.folder) / ledger_name(ids)
        known = await self._call("ledgers_with", ids, ledger.name)
        await asyncio.to_thread(copy_lines, [ledger.with_name(n) for n in known], ids, ledger)
        outcomes: dict[str, list[Outcome]] = {}
        async for outcome in self._job(rows, ledger):
            outcomes.setdefault(outcome.id, []).append(outcome)
        await self._limiter.flush()
        reason = None
        if len(outcomes) < len(rows):
            limit = await self._call("exhausted_by")
            reason = Failure("BudgetError", f"not asked: {limit} is reached")
        none = [Outcome("", error=reason)]
        return self._table(block, [_of_row(row, outcomes.get(row.id, none)) for row in rows])

    def _job(self, rows: Sequence[Any], ledger: Path) -> Job:
        from xai_vision.bulk._ask import ask

        plan = self._plan
        job = ask(
            plan.prompt,
            rows,
            ledger=ledger,
            client=self._client,
            concurrency=plan.concurrency,
            **plan.options,
        )
        job._share(limiter=self._limiter, budget=self._budget)
        return job

    def _table(self, block: Any, outcomes: Sequence[Outcome]) -> Any:
        pyarrow = import_optional("pyarrow", "ray", "bulk.ray.ask()")
        table = pyarrow.Table.from_pylist(list(map(columns_of, outcomes)), schema=schema())
        for name in self._plan.keep:
            table = table.append_column(name, block.column(name))
        return table


def _check_ids(ids: Sequence[str]) -> None:
    known: set[str] = set()
    for name in ids:
        if name in known:
            raise InvalidRequestError(f"id: {name!r} is the id of two rows. Ids must be unique")
        known.add(name)


def _of_row(row: Row, outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a row; a ledger has several if its image has changed."""
    if len(outcomes) > 1:
        image = _image_sha256(row.images)
        for outcome in outcomes:
            if image is not None and outcome.image_sha256 == image:
                return outcome
    return replace(outcomes[-1], id=row.id)


def _image_sha256(images: Sequence[Any]) -> str | None:
    """Return the hash of a row's images in a ledger; None if they are not bytes or files."""
    if not images or not all(isinstance(image, (bytes, Path)) for image in images):
        return None
    digests = [
        hashlib.sha256(image).digest() if isinstance(image, bytes) else file_sha256(image)
        for image in images
    ]
    return sha256_of_all(digests).hex()


def ledger_name(ids: Iterable[str]) -> str:
    """Return the name of the ledger of a block.

    It depends on the rows only: another run that divides the dataset in the same way, and another
    actor that repeats the block, find it.
    """
    value = hashlib.sha256()
    for name in ids:
        value.update(name.encode("utf-8", "surrogatepass") + b"\0")
    return f"{value.hexdigest()[:32]}.jsonl"


def copy_lines(sources: Iterable[Path], ids: Iterable[str], target: Path) -> None:
    """Add the lines that other ledgers have of these rows to a ledger, all of them or none."""
    lines = _lines(target) if target.exists() else []
    known, rows, count = set(lines), set(ids), len(lines)
    for path in sources:
        lines += [
            line for line in _lines(path) if line not in known and json.loads(line)["id"] in rows
        ]
    if len(lines) > count:
        part = target.with_suffix(".part")
        part.write_bytes(b"".join(lines))
        part.replace(target)


def _lines(path: Path) -> list[bytes]:
    """Return the lines of a ledger without an incomplete one, of a process that was killed."""
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
