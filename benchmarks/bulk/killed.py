"""A job that can be killed at any moment.

python -m benchmarks.bulk.killed VIA TARGET KEY FOLDER OUT
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

from benchmarks.bulk.kills import CONCURRENCY
from benchmarks.bulk.loops import PROMPT, ray_dataset


def main():
    from xai_vision import AsyncClient, bulk

    via, target, key, folder, out = sys.argv[1:]
    client = functools.partial(AsyncClient, key, api_host=target)
    if via.startswith("ray"):
        from xai_vision.bulk.ray import ask

        answers = ask(
            ray_dataset(folder),
            PROMPT,
            ledger=f"{out}.ledgers",
            image="path",
            root=folder,
            concurrency=CONCURRENCY,
            block_rows=100,
            client=client,
        )
        rows = [row for row in answers.take_all() if row["answer"] is not None]
        Path(out).write_text("".join(json.dumps({"id": row["id"]}) + "\n" for row in rows))
        return
    job = bulk.ask(
        PROMPT, bulk.folder(folder), out=out, via=via, client=client(), concurrency=CONCURRENCY
    )
    if via == "batch":
        from xai_vision.bulk._batch_api import BatchSender

        # Many small batches, so that kills meet all of their states.
        job._sender = lambda: BatchSender(rows_per_batch=60, interval=0.1)
    job.run()


if __name__ == "__main__":
    main()
