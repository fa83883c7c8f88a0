"""``bulk.ask()``: creates a job."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision import _validation as checks
from xai_vision.bulk._job import Job, Options, ViaOption
from xai_vision.bulk._limits.limiter import Limit
from xai_vision.bulk._protocols import Sink
from xai_vision.bulk._run.question import Prompt, Question
from xai_vision.errors import InvalidRequestError

if TYPE_CHECKING:
    from xai_vision.bulk._run.failures import OnError
    from xai_vision.chat import CreateParameters
    from xai_vision.client import AsyncClient

_instance = checks.Validator(InvalidRequestError).instance
_LEDGERS = (".jsonl", ".ndjson")


def ask(
    prompt: Prompt,
    source: Any,
    *,
    out: str | Path | Sink | None = None,
    model: str = "grok-4",
    system: str | None = None,
    schema: Any = None,
    settings: CreateParameters | None = None,
    image_options: Mapping[str, Any] | None = None,
    via: ViaOption = "now",
    deadline: float | timedelta | None = None,
    concurrency: int = 32,
    limit: Limit | None = None,
    patience: float = 600.0,
    retries: int = 3,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    max_failures: int | None = None,
    on_error: OnError = "row",
    dedupe: bool = True,
    ledger: str | Path | None = None,
    client: AsyncClient | None = None,
) -> Job:
    """Create a job that asks the same question about each row of a source. Nothing is sent yet.

    A job with ``out`` or ``ledger`` survives its process. After the process was killed, the same
    call goes on: rows with an answer are not asked again. The rows that were being asked at that
    moment, at most ``concurrency``, are asked twice.

    Args:
        prompt: The text, or a function that gets a ``Row`` and returns its request: a chat, or one
            or several messages for a chat with the job's model, system message and settings.
        source: The rows: ``bulk.folder("photos/")`` or another source; a path; an iterable of
            (id, image) pairs, paths or ``Row`` objects; an Arrow table.
        out: Where the results go. A path that ends in ".jsonl" is the ledger itself: a line for
            each answer. One that ends in ".parquet" is written at the end of each run (extra
            ``parquet``). An object with the methods of ``Sink`` gets the results at that
            time too. Default: nowhere.
        model: The model.
        system: The system message.
        schema: A Pydantic model, another type that Pydantic can describe, or a JSON schema. The
            outcomes have the answer as JSON values in ``parsed``.
        settings: More keywords of ``client.chat.create``, such as ``{"max_tokens": 300}``.
        image_options: The keywords of ``image()``, such as ``{"detail": "low"}``.
        via: "now" for a call for each row, "batch" for the Batch API at half the price and within
            a day, "auto" to choose by the number of rows, the deadline and the size of a row.
        deadline: The seconds, or a timedelta, in which the answers are needed, for "auto".
        concurrency: The largest number of concurrent requests. Each takes up to three times the
            memory of its images.
        limit: The rate to keep to. Default: as fast as the service accepts requests.
        patience: The seconds of continuous rate limits after which the run ends.
        retries: How often a row is sent again after an error that may pass, such as INTERNAL.
        max_usd: The largest spend of the job in US dollars, with that of its earlier runs. Before
            each request, the most that it can cost is reserved. Without ``max_tokens`` in
            ``settings``, answers are then limited to 16,384 tokens.
        max_tokens: The largest number of tokens of the job, with those of its earlier runs.
        max_failures: The number of failed rows after which the run ends. Default: none.
        on_error: "row" to record failed rows and go on; "raise" to raise the first error. In both
            cases an error that affects all rows is raised, and that of the tenth failed row in
            succession, unless the images are the reason.
        dedupe: Whether rows with the same content are asked once and share the answer.
        ledger: The path of the ledger, if it is not ``out``. Default: beside a Parquet file, with
            the ending ".ledger.jsonl"; without ``out``, a temporary file, and the job cannot go
            on.
        client: The client. Default: ``AsyncClient()``.

    Returns:
        The job, with ``estimate()``, ``run()``, ``arun()``, iteration and ``failed()``.

    Raises:
        InvalidRequestError: An argument is invalid; the message names it.

    Examples:
        >>> from xai_vision import bulk
        >>> pairs = [("a", b"..."), ("b", b"...")]
        >>> job = bulk.ask("Describe it in a sentence.", pairs, out="answers.jsonl")
    """
    from xai_vision.bulk._sources import as_source

    checks.enum("via", via, ("now", "batch", "auto"))
    checks.enum("on_error", on_error, ("row", "raise"))
    if limit is not None:
        _instance("limit", limit, Limit, "a bulk.Limit")
    if client is not None:
        _check_client(client)
    if isinstance(deadline, timedelta):
        deadline = deadline.total_seconds()
    options = Options(
        via=via,
        deadline=_number("deadline", deadline),
        concurrency=checks.integer("concurrency", concurrency, 1, 4096),
        limit=limit,
        patience=math.inf if patience == math.inf else checks.number("patience", patience),
        retries=checks.integer("retries", retries, 0),
        max_usd=_number("max_usd", max_usd),
        max_tokens=None if max_tokens is None else checks.integer("max_tokens", max_tokens, 1),
        max_failures=(
            None if max_failures is None else checks.integer("max_failures", max_failures, 1)
        ),
        on_error=on_error,
        dedupe=checks.boolean("dedupe", dedupe),
    )
    question = Question(
        prompt,
        model=model,
        system=system,
        schema=schema,
        settings=settings,
        image_options=image_options,
    )
    out_path, ledger_path, sink = _targets(out, ledger)
    rows = as_source(source)
    for name, path in (("out", out_path), ("ledger", ledger_path)):
        if path is not None and path.resolve() in getattr(rows, "files", ()):
            raise InvalidRequestError(f"{name}: {path} is the source. Use another file")
    return Job(
        rows,
        question,
        options,
        ledger=ledger_path,
        sink=sink,
        out=out_path,
        client=client,
    )


def _targets(
    out: str | Path | Sink | None, ledger: str | Path | None
) -> tuple[Path | None, Path | None, Callable[[], Sink] | None]:
    """Return the paths of the output and of the ledger, and how to create the sink."""
    ledger_path = None if ledger is None else _path("ledger", ledger)
    if out is None:
        return None, ledger_path, None
    if not isinstance(out, (str, Path)):
        if not all(callable(getattr(out, name, None)) for name in ("write", "close", "abort")):
            raise InvalidRequestError(
                f"out must be a path or a sink with write(), close() and abort(), not "
                f"{checks.short_repr(out)}"
            )
        sink = out
        return None, ledger_path, lambda: sink
    path = _path("out", out)
    if path.suffix.lower() in _LEDGERS:
        if ledger_path is not None:
            raise InvalidRequestError(
                "ledger: out is the ledger itself, because it ends in .jsonl. Leave out ledger="
            )
        return path, path, None
    if path.suffix.lower() != ".parquet":
        raise InvalidRequestError(
            f"out must end in .jsonl or .parquet, not {path.suffix or 'in nothing'!r}: {path}"
        )
    from xai_vision.bulk._sinks import ParquetSink

    ledger_path = ledger_path or path.with_name(f"{path.name}.ledger.jsonl")
    if ledger_path.resolve() == path.resolve():
        raise InvalidRequestError(
            f"ledger: {path} is the Parquet file, which would replace it. Use another file"
        )
    return path, ledger_path, lambda: ParquetSink(path)


def _path(name: str, value: str | Path) -> Path:
    _instance(name, value, (str, Path), "a path")
    path = Path(value)
    if path.is_dir() or not path.name:
        raise InvalidRequestError(f"{name} is the directory {path}. Pass the path of a file")
    if not path.parent.is_dir():
        raise InvalidRequestError(
            f"{name}: the directory {path.parent} does not exist. Create it first"
        )
    return path


def _number(name: str, value: float | None) -> float | None:
    return None if value is None else checks.number(name, value, positive=True)


def _check_client(client: object) -> None:
    from xai_vision.client import AsyncClient, Client

    if isinstance(client, Client):
        raise InvalidRequestError(
            "client must be an AsyncClient, not a Client: requests are concurrent. "
            "job.run() works without asyncio"
        )
    _instance("client", client, AsyncClient, "an AsyncClient")
