"""The cost of an upstream: a client calls a server directly, and through a fake server.

    python -m benchmarks.upstream [--rounds N] [--mib N]

Each server has a process of its own. Each call sends another image of 10 MiB, so that no cache
helps. "fake" is a server that reads images as the service does; "bare" only receives bytes and has
its response ready, so that nothing but the transport is measured.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

from xai_vision import Client
from xai_vision.chat import image, user

_FRONT = """
import sys
from xai_vision.testing import FakeServer
with FakeServer(upstream=sys.argv[1], upstream_key=sys.argv[2], unused="allow") as server:
    print("ready", server.target, server.api_key, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _process(*arguments):
    """Start a server, and yield its address and its key."""
    with subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        _, target, key = process.stdout.readline().split()
        yield target, key
        process.stdin.close()
        process.wait(60)


def _jpeg(size):
    """Return a JPEG file of a size, with noise that does not compress."""
    import io

    from PIL import Image

    side = 64
    while True:
        pixels = random.Random(1).randbytes(side * side * 3)
        buffer = io.BytesIO()
        Image.frombytes("RGB", (side, side), pixels).save(buffer, "JPEG", quality=95)
        if buffer.tell() >= size:
            return buffer.getvalue()
        side = int(side * max(1.05, (size / buffer.tell()) ** 0.5 * 1.01))


def _with_comment(jpeg, number):
    """Return another file with the same pixels."""
    comment = b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big")
    return jpeg[:2] + comment + jpeg[2:]


def _seconds(client, data):
    start = time.perf_counter()
    response = client.chat.create(
        "grok-4", messages=[user("What is in the image?", image(data))]
    ).sample()
    assert response.content
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--mib", type=float, default=10)
    arguments = parser.parse_args()
    jpeg = _jpeg(int(arguments.mib * 1024 * 1024))
    numbers = iter(range(int.from_bytes(os.urandom(4), "big"), 2**63))
    for kind in ("fake", "bare_sync"):
        with (
            _process("-m", "benchmarks.servers", kind, "serve") as (target, key),
            _process("-c", _FRONT, target, key) as (front, front_key),
            Client(key, api_host=target) as direct,
            Client(front_key, api_host=front) as through,
        ):
            rounds = []
            for index in range(arguments.rounds + 1):
                times = [
                    _seconds(client, _with_comment(jpeg, next(numbers)))
                    for client in (direct, through)
                ]
                if index:  # The first round opens the connections.
                    rounds.append(times)
        first, second = (statistics.median(column) * 1e3 for column in zip(*rounds, strict=True))
        ratio = statistics.median(b / a for a, b in rounds)
        print(
            f"{kind:10} direct {first:7.1f} ms   through {second:7.1f} ms   "
            f"{second - first:+7.1f} ms   ratio {ratio:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
