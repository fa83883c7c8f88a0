"""A small service that judges photos of parcels, with tests in the same directory.

python examples/parcel_desk/parcel_desk.py photo.jpg ... [--fake]
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from xai_vision import AsyncClient, errors
from xai_vision.chat import image, user


class Verdict(BaseModel):
    """The judgment of a parcel."""

    state: Literal["fine", "damaged", "not a parcel"]
    reason: str


class ParcelDesk:
    """Judges parcels by their photos.

    Args:
        client: The client to use.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._semaphore = asyncio.Semaphore(4)

    async def judge(self, source: Path | bytes) -> Verdict:
        """Judge one parcel; an unusable image is "not a parcel"."""
        chat = self._client.chat.create("grok-4-fast", temperature=0)
        try:
            chat.append(user("Is this parcel damaged?", image(source, max_side=1024)))
            async with self._semaphore:
                _, verdict = await chat.parse(Verdict, timeout=60)
        except (errors.ImageError, errors.ImageRefusedError) as error:
            return Verdict(state="not a parcel", reason=f"no usable image: {error}")
        return verdict

    async def judge_all(self, paths: list[Path]) -> list[Verdict]:
        """Judge many parcels with limited concurrency."""
        return await asyncio.gather(*map(self.judge, paths))


async def report(paths: list[Path], **options: object) -> None:
    """Print a line for each parcel."""
    async with AsyncClient(**options) as client:
        verdicts = await ParcelDesk(client).judge_all(paths)
    for path, verdict in zip(paths, verdicts, strict=True):
        print(f"{path.name}: {verdict.state} ({verdict.reason})")


def main() -> None:
    """Judge the parcels named on the command line."""
    parser = argparse.ArgumentParser(description="Judge photos of parcels.")
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--fake", action="store_true", help="use a fake server instead of Grok")
    options = parser.parse_args()
    if not options.fake:
        asyncio.run(report(options.images))
        return
    from xai_vision.testing import FakeServer

    with FakeServer() as server:
        fine = {"state": "fine", "reason": "reply of a fake server, not of Grok"}
        server.on().reply_json(fine).optional()
        asyncio.run(report(options.images, api_key=server.api_key, api_host=server.target))


if __name__ == "__main__":
    main()
