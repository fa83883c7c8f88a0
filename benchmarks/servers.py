"""The servers that are measured against each other: ours and two bare ones.

python -m benchmarks.servers fake|bare_sync|bare_aio startup|serve
"""

from __future__ import annotations

import sys
import time


def _fake():
    from xai_vision.testing import FakeServer

    server = FakeServer().start()
    return server, server.target, server.api_key


def _bare_sync():
    from benchmarks import bare

    server, ports = bare.open_sync()
    return server, f"localhost:{ports[0]}", "bench"


async def _bare_aio():
    from benchmarks import bare

    server, ports = await bare.open_aio()
    return server, f"localhost:{ports[0]}", "bench"


def main():
    kind, what = sys.argv[1:]
    wall, cpu = time.perf_counter(), time.process_time()
    if kind == "bare_aio":
        import asyncio

        asyncio.run(_with_loop(what, wall, cpu))
        return
    server, *place = {"fake": _fake, "bare_sync": _bare_sync}[kind]()
    _say(what, wall, cpu, place)
    sys.stdin.read()
    server.stop(None)


async def _with_loop(what, wall, cpu):
    server, *place = await _bare_aio()
    _say(what, wall, cpu, place)
    import asyncio

    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


def _say(what, wall, cpu, place):
    if what == "startup":
        took = {
            "cpu": (time.process_time() - cpu) * 1e3,
            "wall": (time.perf_counter() - wall) * 1e3,
        }
        print("result", repr(took), flush=True)
    else:
        print("ready", *place, flush=True)


if __name__ == "__main__":
    main()
