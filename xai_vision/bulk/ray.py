"""Bulk jobs on Ray Data: where the images are, on any number of machines.

The extra ``ray`` installs Ray.
"""

from __future__ import annotations

import functools
import hashlib
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xai_vision import _validation as checks
from xai_vision._optional_imports import import_optional
from xai_vision.bulk._ask import ask as new_job
from xai_vision.bulk._limits.limiter import Limit
from xai_vision.bulk._ray.blocks import BlockAsker, Plan
from xai_vision.bulk._ray.coordinator import Coordinator, Terms
from xai_vision.bulk._sources.cells import Columns
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.bulk._run.failures import OnError
    from xai_vision.bulk._run.question import Prompt
    from xai_vision.chat import CreateParameters
    from xai_vision.client import AsyncClient

__all__ = ["ask"]

BLOCK_ROWS: Final = 64
_CALLS: Final = 100_000
"""Calls of the coordinator that may wait at the same time: each request waits in one."""


def ask(
    dataset: Any,
    prompt: Prompt,
    *,
    ledger: str | os.PathLike[str],
    id: str | None = None,  # noqa: A002 - the name of the column
    image: str | None = None,
    root: str | os.PathLike[str] | None = None,
    keep: Sequence[str] = (),
    actors: int | None = None,
    concurrency: int = 32,
    block_rows: int = BLOCK_ROWS,
    limit: Limit | None = None,
    patience: float = 600.0,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    model: str = "grok-4",
    system: str | None = None,
    schema: Any = None,
    settings: CreateParameters | None = None,
    image_options: Mapping[str, Any] | None = None,
    retries: int = 3,
    on_error: OnError = "row",
    dedupe: bool = True,
    client: Callable[[], AsyncClient] | None = None,
) -> Any:
    """Ask about each row of a Ray Dataset.

    Nothing is sent before the result is consumed. An actor on each node asks; one further actor
    keeps the rate and the budget for all of them. An actor that dies is restarted by Ray, and the
    rows that it had answered are read from the ledgers, as they are after the whole job was ended
    and is run again: no answer is lost, and at most ``concurrency`` rows of an actor that died are
    asked twice.

    Args:
        dataset: The dataset, with a row for each request.
        prompt: See ``bulk.ask``. A function gets a ``Row``, whose ``value`` has the columns.
        ledger: A folder that all nodes can write, on a shared file system. It holds the answers of
            one question, in a file for each block, and belongs to this job.
        id: The column of the ids. Default: "id". An id belongs to one row, in each run the same.
        image: The column of the images, as for ``bulk.parquet``. Default: "image".
        root: The folder of the paths in ``image``, the same on all nodes.
        keep: The columns of the dataset that the result has too.
        actors: The number of actors. Default: one for each node.
        concurrency: The concurrent requests of an actor. Default: 32.
        block_rows: The rows that are asked together; their outcomes appear together. An actor
            holds the images of two blocks, and asks at most these rows at the same time.
            Default: 64.
        limit: The rate of all actors together. Default: adapted to the service's refusals.
        patience: The seconds of continuous rate limiting after which the job fails.
        max_usd: The most that all runs may cost together, in US dollars.
        max_tokens: The largest number of tokens of all runs together.
        model: See ``bulk.ask``, also for the arguments that follow.
        system: The system message.
        schema: The schema of the answers.
        settings: More keywords of ``client.chat.create``.
        image_options: The keywords of ``image()``.
        retries: How often a row is sent again after an error that may pass.
        on_error: "row" to go on after a failed row; "raise" to end the job.
        dedupe: Whether rows of a block with the same content share an answer.
        client: A function that creates the client of an actor. Default: ``AsyncClient()``, which
            reads the key from the environment of the node.

    Returns:
        A Ray Dataset with the columns of ``bulk.table``, and those of ``keep``. Rows that failed
        have an ``error``; rows that the budget did not allow too, with the type "BudgetError".

    Raises:
        InvalidRequestError: An argument is not valid.
        ImportError: Ray is not installed.

    Examples:
        >>> import ray  # doctest: +SKIP
        >>> from xai_vision import bulk  # doctest: +SKIP
        >>> images = ray.data.read_parquet("s3://shop/images")  # doctest: +SKIP
        >>> answers = bulk.ray.ask(
        ...     images, "Describe it.", id="sku", image="photo", ledger="/shared/answers"
        ... )  # doctest: +SKIP
        >>> answers.write_parquet("s3://shop/answers")  # doctest: +SKIP
    """
    ray = import_optional("ray", "ray", "bulk.ray.ask()")
    data = import_optional("ray.data", "ray", "bulk.ray.ask()")
    if not isinstance(dataset, data.Dataset):
        raise InvalidRequestError(
            f"dataset must be a Ray Dataset, not {checks.short_repr(dataset)}. Pass one such as "
            "ray.data.read_parquet(...), or use bulk.ask() without Ray"
        )
    checks.integer("block_rows", block_rows, 1)
    checks.optional_integer("actors", actors, 1)
    options: dict[str, Any] = {
        "model": model,
        "system": system,
        "schema": schema,
        "settings": settings,
        "image_options": image_options,
        "retries": retries,
        "on_error": on_error,
        "dedupe": dedupe,
    }
    # Only to check the arguments before anything is sent.
    new_job(
        prompt,
        (),
        concurrency=concurrency,
        limit=limit,
        patience=patience,
        max_usd=max_usd,
        max_tokens=max_tokens,
        **options,
    )
    id = "id" if id is None else id  # noqa: A001 - the name of the argument
    _check_columns(dataset, id, image, root, keep)
    folder = Path(ledger).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    count = actors or max(1, sum(node["Alive"] for node in ray.nodes()))
    plan = Plan(
        run=uuid.uuid4().hex,
        terms=Terms(concurrency * count, patience, limit, max_usd, max_tokens),
        prompt=prompt,
        folder=str(folder),
        id=id,
        image=image,
        root=None if root is None else str(Path(root).absolute()),
        keep=tuple(keep),
        concurrency=concurrency,
        client=client or _new_client,
        options=options,
    )
    context = ray.get_runtime_context()
    # A program can leave a cluster and join another; ids of jobs begin anew in each.
    coordinator = _coordinator(f"{context.gcs_address} {context.get_job_id()}", str(folder))
    return dataset.map_batches(
        _Actor,
        fn_constructor_args=(plan, coordinator),
        batch_format="pyarrow",
        batch_size=block_rows,
        # Ray Data spreads the actors over the nodes.
        compute=data.ActorPoolStrategy(size=count),
    )


@functools.cache
def _coordinator(job_id: str, folder: str) -> Any:
    """Return the actor that keeps rate and budget for a folder of ledgers."""
    ray = import_optional("ray", "ray", "bulk.ray.ask()")
    actor = ray.remote(Coordinator).options(
        name=f"xai-vision-bulk-{hashlib.sha256(folder.encode()).hexdigest()[:16]}",
        num_cpus=0,
        max_concurrency=_CALLS,
        # Nothing is lost if it dies: it reads the ledgers and the journal of the budget again.
        max_restarts=-1,
        max_task_retries=-1,
    )
    return actor.remote(folder)


def _check_columns(
    dataset: Any, id_: str, image: str | None, root: Any, keep: Sequence[str]
) -> None:
    """Check the names of columns, if they are known without computing the dataset."""
    names = dataset.columns(fetch_if_missing=False)
    if names is None:
        return
    Columns("bulk.ray.ask()", names, id_, image, root)
    for name in keep:
        if name not in names:
            hint = checks.did_you_mean(name, names)
            raise InvalidRequestError(f"keep: {checks.short_repr(name)} is not a column{hint}")


class _Actor:
    """An actor of Ray Data."""

    def __init__(self, plan: Plan, coordinator: Any) -> None:
        ray = import_optional("ray", "ray", "bulk.ray.ask()")

        async def call(method: str, *arguments: Any) -> Any:
            while True:
                begun, result = await coordinator.call.remote(plan.run, method, *arguments)
                if begun:
                    return result
                await coordinator.begin.remote(plan.run, plan.terms)

        worker = ray.get_runtime_context().get_actor_id()
        self._asker = BlockAsker(plan, call, worker)

    async def __call__(self, block: Any) -> Any:
        """Ask the rows of a block."""
        async for table in self._asker(block):
            yield table


def _new_client() -> AsyncClient:
    from xai_vision.client import AsyncClient

    return AsyncClient()
