"""The servers of the benchmarks: FakeServer and two bare gRPC servers.

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
    kind, mode = sys.argv[1:]
    wall, cpu = time.perf_counter(), time.process_time()
    if kind == "bare_aio":
        import asyncio

        asyncio.run(_with_loop(mode, wall, cpu))
        return
    server, *address = {"fake": _fake, "bare_sync": _bare_sync}[kind]()
    _report(mode, wall, cpu, address)
    sys.stdin.read()
    server.stop(None)


async def _with_loop(mode, wall, cpu):
    server, *address = await _bare_aio()
    _report(mode, wall, cpu, address)
    import asyncio

    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


def _report(mode, wall, cpu, address):
    if mode == "startup":
        times = {
            "cpu": (time.process_time() - cpu) * 1e3,
            "wall": (time.perf_counter() - wall) * 1e3,
        }
        print("result", repr(times), flush=True)
    else:
        print("ready", *address, flush=True)


if __name__ == "__main__":
    main()
