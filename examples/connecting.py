"""Shared by the examples: a client of the service, or of a fake server with --fake."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from drawings import RECEIPTS, SCREENSHOTS, receipt
from images import SAMPLES

from xai_vision import Client
from xai_vision.testing import FakeServer

Rules = Callable[[FakeServer], object]


def arguments(about: str, *images: str) -> argparse.Namespace:
    """Parse the command line; without images, create samples.

    Args:
        about: The description in the help.
        images: Names of samples.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("images", nargs="*", type=Path, help="files; samples by default")
    parser.add_argument("--fake", action="store_true", help="use a fake server instead of Grok")
    parser.add_argument("--model", default="grok-4")
    options = parser.parse_args()
    if not options.images:
        folder = Path(tempfile.mkdtemp(prefix="xai-vision-"))
        options.images = [folder / name for name in images]
        for path in options.images:
            write_sample(path)
    return options


def write_sample(path: Path) -> None:
    """Write a sample image; the name of the file selects it."""
    if path.name in RECEIPTS:
        receipt(path.name).save(path)
    elif path.name in SCREENSHOTS:
        SCREENSHOTS[path.name]().save(path)
    else:
        path.write_bytes(SAMPLES[path.name]())


@contextlib.contextmanager
def connect(fake: bool, rules: Rules | None = None) -> Iterator[Client]:
    """Connect a client to the service, or to a fake server; see ``service``."""
    with service(fake, rules) as address, Client(**address) as client:
        yield client


@contextlib.contextmanager
def service(fake: bool, rules: Rules | None = None) -> Iterator[dict[str, Any]]:
    """Provide the arguments of a client of the service, or of a fake server with rules.

    Args:
        fake: Whether to use a fake server.
        rules: Called with the fake server, to add replies that look like a model's.
    """
    if not fake:
        if not os.environ.get("XAI_API_KEY"):
            sys.exit("set XAI_API_KEY, or try --fake")
        yield {}
        return
    # Your own files may not need every rule.
    with FakeServer(unused="allow") as server:
        if rules is not None:
            rules(server)
        print("(responses of a fake server, not of Grok)", file=sys.stderr)
        yield {
            "api_key": server.api_key,
            "management_api_key": server.management_key,
            "api_host": server.target,
            "management_api_host": server.target,
        }
