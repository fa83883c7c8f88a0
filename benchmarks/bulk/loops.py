"""Ways to ask about the images of a folder.

Each way writes a JSON line with ``id`` and ``answer`` for each answered image to OUT.
"""

from __future__ import annotations

import asyncio
import functools
import json
from pathlib import Path

CONCURRENCY = 32
PROMPT = "Describe it in a sentence."


async def ask_once(client, path):
    """Ask about one image, with the retries of the client."""
    from xai_vision.chat import image, user

    chat = client.chat.create("grok-4").append(user(PROMPT, image(path)))
    return (await chat.sample()).content


@functools.cache
def shared_client(target, key):
    """Return the client of this process."""
    from xai_vision import AsyncClient

    return AsyncClient(key, api_host=target)


def _write(out, answers):
    with Path(out).open("w", encoding="utf-8") as file:
        for name, answer in answers:
            if answer is not None:
                file.write(json.dumps({"id": name, "answer": answer}) + "\n")


def plain(target, key, folder, out):
    """Use asyncio.gather and a semaphore, the loop that everybody writes."""
    from xai_vision import AsyncClient

    paths = sorted(Path(folder).iterdir())

    async def run():
        semaphore = asyncio.Semaphore(CONCURRENCY)
        async with AsyncClient(key, api_host=target) as client:

            async def one(path):
                async with semaphore:
                    return await ask_once(client, path)

            results = await asyncio.gather(*map(one, paths), return_exceptions=True)
        named = zip(paths, results, strict=True)
        return [(path.name, None if isinstance(r, BaseException) else r) for path, r in named]

    _write(out, asyncio.run(run()))


def daft(target, key, folder, out):
    """Use an asynchronous function of Daft.

    It returns None for an error: with ``on_error="ignore"`` and ``max_retries`` Daft repeats and
    drops all rows that it gathered together, so that one error loses up to all of them.
    """
    import daft

    from xai_vision import APIError

    @daft.func(max_concurrency=CONCURRENCY)
    async def answer(path: str) -> str | None:
        try:
            return await ask_once(shared_client(target, key), Path(path))
        except APIError:
            return None

    paths = sorted(Path(folder).iterdir())
    frame = daft.from_pydict({"id": [p.name for p in paths], "path": [str(p) for p in paths]})
    table = frame.with_column("answer", answer(frame["path"])).to_pydict()
    _write(out, zip(table["id"], table["answer"], strict=True))


class RayActor:
    """An actor of Ray Data that asks about the images of a block at the same time."""

    def __init__(self, target, key):
        self._client = shared_client(target, key)

    async def __call__(self, batch):
        """Add the column "answer"; None where the request failed."""
        semaphore = asyncio.Semaphore(CONCURRENCY)

        async def one(path):
            async with semaphore:
                return await ask_once(self._client, Path(path))

        results = await asyncio.gather(*map(one, batch["path"]), return_exceptions=True)
        answers = [None if isinstance(result, BaseException) else result for result in results]
        # An asynchronous actor of Ray Data yields its blocks.
        yield {**batch, "answer": answers}


def ray_dataset(folder):
    """Return the images of a folder as a Ray Dataset of names and paths."""
    import logging

    import ray

    ray.init("local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray.data.from_items(
        [{"id": path.name, "path": str(path)} for path in sorted(Path(folder).iterdir())]
    )


def ray(target, key, folder, out):
    """Use an asynchronous actor of Ray Data."""
    import ray

    dataset = ray_dataset(folder).map_batches(
        RayActor,
        fn_constructor_args=(target, key),
        batch_size=256,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    rows = dataset.take_all()
    _write(out, [(row["id"], row["answer"]) for row in rows])


def bulk(target, key, folder, out):
    """Use ``bulk.ask``; OUT is its ledger."""
    from xai_vision import AsyncClient, bulk

    client = AsyncClient(key, api_host=target)
    job = bulk.ask(PROMPT, bulk.folder(folder), out=out, client=client, concurrency=CONCURRENCY)
    job.run()


def bulk_ray(target, key, folder, out):
    """Use ``bulk.ray.ask``, with the ledgers beside OUT."""
    from xai_vision import AsyncClient
    from xai_vision.bulk.ray import ask

    dataset = ask(
        ray_dataset(folder),
        PROMPT,
        ledger=f"{out}.ledgers",
        image="path",
        root=folder,
        concurrency=CONCURRENCY,
        client=functools.partial(AsyncClient, key, api_host=target),
    )
    _write(out, [(row["id"], row["answer"]) for row in dataset.take_all()])


WAYS = {"plain": plain, "daft": daft, "ray": ray, "bulk": bulk, "bulk_ray": bulk_ray}
