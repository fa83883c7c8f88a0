"""A small service: sorts photos of parcels. Its tests beside it show how to test such a thing.

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
    """What is to be done with a parcel."""

    state: Literal["fine", "damaged", "not a parcel"]
    reason: str


class ParcelDesk:
    """Looks at parcels.

    Args:
        client: Whom to ask.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._room = asyncio.Semaphore(4)

    async def look_at(self, picture: Path | bytes) -> Verdict:
        """Judge one parcel. A picture that cannot be looked at is for a person to judge."""
        chat = self._client.chat.create("grok-4-fast", temperature=0)
        try:
            chat.append(user("Is this parcel damaged?", image(picture, max_side=1024)))
            async with self._room:
                _, verdict = await chat.parse(Verdict, timeout=60)
        except (errors.ImageError, errors.ImageRefusedError) as error:
            return Verdict(state="not a parcel", reason=f"no usable picture: {error}")
        return verdict

    async def look_at_all(self, pictures: list[Path]) -> list[Verdict]:
        """Judge many, a few at a time."""
        return await asyncio.gather(*map(self.look_at, pictures))


async def report(pictures: list[Path], **client: object) -> None:
    """Print a line for each parcel."""
    async with AsyncClient(**client) as asked:
        verdicts = await ParcelDesk(asked).look_at_all(pictures)
    for picture, verdict in zip(pictures, verdicts, strict=True):
        print(f"{picture.name}: {verdict.state} ({verdict.reason})")


def main() -> None:
    """Judge the parcels named on the command line."""
    parser = argparse.ArgumentParser(description="Judge photos of parcels.")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--fake", action="store_true", help="ask a fake server, not Grok")
    given = parser.parse_args()
    if not given.fake:
        asyncio.run(report(given.pictures))
        return
    from xai_vision.testing import FakeServer

    with FakeServer() as server:
        fine = {"state": "fine", "reason": "a fake server says so, not Grok"}
        server.on().reply_json(fine).optional()
        asyncio.run(report(given.pictures, api_key=server.api_key, api_host=server.target))


if __name__ == "__main__":
    main()
