"""The cost of the inspector: the CPU time of a fake server at 100 calls per second.

    python -m benchmarks.inspector [SECONDS]

Three servers get the same calls over gRPC: without the inspector, with it, and with an open page,
which receives the events. The order changes in each of three rounds; the medians are printed. The
thread of the HTTP server sends the events and does nothing else here, so its time is their cost.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import grpc

from xai_vision.proto import chat_pb2

RATE = 100
ROUNDS = 3
KINDS = ("off", "on", "page")
_SERVER = """
import sys, threading, time
from xai_vision.testing import FakeServer
inspect = sys.argv[1] != "off"
with FakeServer(inspect=inspect, http=True, unused="allow") as server:
    server.on(prompt="other").reply("no")
    server.on(name="all").reply("An answer of a few words.")
    print(server.target, server.api_key, server.inspect_url if inspect else "-", flush=True)
    (http,) = [t for t in threading.enumerate() if t.name == "xai-vision-http"]
    clock = time.pthread_getcpuclockid(http.ident)
    for _ in sys.stdin:
        print(time.process_time(), time.clock_gettime(clock), flush=True)
"""


def read_events(url, received):
    with urllib.request.urlopen(f"{url}events") as events:
        for line in events:
            received[0] += line.count(b'"prompt"')


def measure(kind, seconds):
    """Return the CPU times of a server, and of its HTTP thread, for each second."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    target, key, url = process.stdout.readline().split()

    def cpu():
        process.stdin.write("\n")
        process.stdin.flush()
        return [float(text) for text in process.stdout.readline().split()]

    received = [0]
    if kind == "page":
        threading.Thread(target=read_events, args=[url, received], daemon=True).start()
    with grpc.insecure_channel(target) as channel:
        send = channel.unary_unary("/xai_api.Chat/GetCompletion")
        content = [chat_pb2.Content(text="What is in this image? " * 4)]
        message = chat_pb2.Message(role=chat_pb2.ROLE_USER, content=content)
        request = chat_pb2.GetCompletionsRequest(model="grok-4", messages=[message])
        raw, metadata = request.SerializeToString(), (("authorization", f"Bearer {key}"),)

        def run(duration):
            start = time.perf_counter()
            for number in range(int(duration * RATE)):
                time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
                send(raw, metadata=metadata)
            return time.perf_counter() - start

        run(1)  # Not measured: it loads modules.
        before, took = cpu(), run(seconds)
        used = [(now - then) / took for now, then in zip(cpu(), before, strict=True)]
    time.sleep(0.5)
    if kind == "page" and received[0] < seconds * RATE:
        raise RuntimeError(f"the page received only {received[0]} calls")
    process.stdin.close()
    process.wait(60)
    return used


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    results = {kind: [] for kind in KINDS}
    for number in range(ROUNDS):
        for kind in KINDS[number:] + KINDS[:number]:
            results[kind].append(measure(kind, seconds))
    print("ms of CPU per second: server, HTTP thread, and its share")
    for kind, values in results.items():
        total, http = map(statistics.median, zip(*values, strict=True))
        print(f"{kind:5} {total * 1e3:7.2f} {http * 1e3:7.2f} {100 * http / total:5.1f} %")


if __name__ == "__main__":
    main()
