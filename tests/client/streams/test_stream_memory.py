"""Streams that are left early leave no memory behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from xai_vision.testing import FakeServer, Fault, Reply

# A leaked event queue is 21 KiB.
ALLOWED = 3 * 1024 * 1024

SCRIPT = """
    import resource, sys
    from xai_vision import Client
    from xai_vision.chat import user
    from xai_vision.errors import XaiVisionError

    target, key, how = sys.argv[1:]

    def break_off(chat):
        for _ in chat.stream():
            break

    def cancel(chat):
        stream = chat.stream()
        next(stream)
        stream.cancel()
        assert list(stream) == []

    def close_with_idle_timeout(chat):
        with chat.stream(idle_timeout=300) as stream:
            next(stream)

    def fail_in_the_loop(chat):
        try:
            for _ in chat.stream():
                raise KeyError
        except KeyError:
            pass

    def fail(chat):
        for prompt in ("unavailable", "internal", "truncated"):
            failing = chat.fork().append(user(prompt))
            try:
                list(failing.stream(retries=0))
            except XaiVisionError:
                continue
            raise AssertionError("the stream did not fail")

    def rss():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    leave = globals()[how]
    with Client(key, api_host=target) as client:
        chat = client.chat.create("grok-4").append(user("long"))
        for _ in range(100):
            leave(chat)
        before = rss()
        for _ in range(int(STREAMS)):
            leave(chat)
        print(rss() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("how", "count"),
    [
        ("break_off", 600),
        ("cancel", 600),
        ("close_with_idle_timeout", 600),
        ("fail_in_the_loop", 600),
        ("fail", 100),
        pytest.param("break_off", 5000, marks=pytest.mark.slow),
        pytest.param("fail", 1000, marks=pytest.mark.slow),
    ],
)
def test_growth(how, count):
    with FakeServer(keep_calls=10) as server:
        faults = {
            "unavailable": Fault.unavailable(),
            "internal": Fault.after_chunks(2),
            "truncated": Fault.truncated(),
        }
        for prompt, fault in faults.items():
            server.on(prompt=prompt).reply(fault).optional()
        server.on().reply(Reply("word " * 50, chunks=10, tps=2000)).optional()
        # The client runs in a process of its own, because the server's log grows.
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT).replace("STREAMS", str(count)),
             server.target, server.api_key, how],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < ALLOWED
