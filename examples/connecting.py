"""What the examples share: a client of the service, or of a fake with --fake."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pictures import SAMPLES

from xai_vision import Client
from xai_vision.testing import FakeServer

Rules = Callable[[FakeServer], object]


def arguments(about: str, *pictures: str) -> argparse.Namespace:
    """Read the command line; where it names no pictures, these samples are drawn.

    Args:
        about: What the program does.
        pictures: Names in ``pictures.SAMPLES``.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("pictures", nargs="*", type=Path, help="files; samples by default")
    parser.add_argument("--fake", action="store_true", help="ask a fake server, not Grok")
    parser.add_argument("--model", default="grok-4")
    given = parser.parse_args()
    if not given.pictures:
        folder = Path(tempfile.mkdtemp(prefix="xai-vision-"))
        given.pictures = [folder / name for name in pictures]
        for path in given.pictures:
            path.write_bytes(SAMPLES[path.name]())
    return given


@contextlib.contextmanager
def connected(fake: bool, rules: Rules | None = None) -> Iterator[Client]:
    """A client of the service; or of a fake that answers by rules and says it is one.

    Args:
        fake: Which.
        rules: Told to the fake, so that its answers look like a model's.
    """
    if not fake:
        if not os.environ.get("XAI_API_KEY"):
            sys.exit("set XAI_API_KEY, or try --fake")
        with Client() as client:
            yield client
        return
    with FakeServer() as server:
        if rules is not None:
            rules(server)
        print("(a fake server answers, not Grok)", file=sys.stderr)
        with Client(server.api_key, api_host=server.target) as client:
            yield client
