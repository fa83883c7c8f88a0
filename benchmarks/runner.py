"""Processes of clients and servers, and rounds in which the clients take turns."""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import grpc

from benchmarks.certificate import make_certificate
from benchmarks.items import Item
from benchmarks.sample_files import preparation_command

ROOT = Path(__file__).resolve().parents[1]
REST = ("openai",)
# Ignore the proxies of the environment.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_SERIAL = itertools.count(1)


class Process:
    """A child process that prints lines."""

    def __init__(self, *command, environment=None):
        self._child = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=_environment(environment or {}),
        )

    @property
    def pid(self):
        """The id of the process."""
        return self._child.pid

    def go(self):
        """Make the child run its task once more."""
        self._child.stdin.write("go\n")
        self._child.stdin.flush()

    def read_line(self, word):
        """Return the rest of the next line that begins with ``word``."""
        for line in self._child.stdout:
            first, _, rest = line.strip().partition(" ")
            if first == word:
                return rest
        raise RuntimeError(f"{self._child.args[1:]} ended with {self._child.wait()}")

    def close(self):
        """Let the child exit; kill it after 10 s."""
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()

    def stop(self):
        """Stop a server."""
        self._child.terminate()
        self.close()


# Keep compiled modules in a separate directory. Some users set PYTHONDONTWRITEBYTECODE, and then
# imports would measure the compiler.
_COMPILED = {"PYTHONPYCACHEPREFIX": str(ROOT / ".benchmarks" / "compiled")}
_FOREIGN = ("XAI_", "GRPC_", "OTEL_", "PYTHON")


def _environment(more):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(_FOREIGN)
    }
    return inherited | {"PYTHONPATH": str(ROOT)} | _COMPILED | more


_MAX_JPEG = 20 * 1024 * 1024


class Bench:
    """The server, the images and the certificate that all clients share."""

    def __init__(self):
        self._resources = contextlib.ExitStack()
        self._folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory()))
        self.tls = make_certificate(self._folder)
        tls = self.tls and (str(self.tls.chain), str(self.tls.key))
        self._server = Process("-m", "benchmarks.bare", "aio", *(tls or ()))
        self._resources.callback(self._server.stop)
        self.plain_port, *rest = map(int, self._server.read_line("ready").split())
        self.tls_port = rest[0] if rest else None
        flood = Process("-m", "benchmarks.flood")
        self._resources.callback(flood.stop)
        self.flood_port = int(flood.read_line("ready"))
        self._rest_ports: list[int] = []
        self._tls_files = tls or ()
        self._channel = grpc.insecure_channel(f"localhost:{self.plain_port}")
        self._resources.callback(self._channel.close)
        self._received = self._channel.unary_unary("/bench/Received")

    def close(self):
        self._resources.close()

    def image(self, size):
        """Return the path of a JPEG with this number of bytes; above 20 MiB, several in a row."""
        path = self._folder / f"{size}.jpg"
        if not path.exists():
            from examples.images import jpeg_of

            count = -(-size // _MAX_JPEG)
            path.write_bytes(jpeg_of(size // count) * count)
        return str(path)

    def rest_ports(self):
        """Return the ports of the HTTP server, which is started on first use."""
        if not self._rest_ports:
            server = Process("-m", "benchmarks.bare_http", *self._tls_files)
            self._resources.callback(server.stop)
            self._rest_ports = [int(port) for port in server.read_line("ready").split()]
        return self._rest_ports

    def received(self, key, client):
        """Return what the server received with this key since the last call."""
        if client not in REST:
            return json.loads(self._received(key.encode()))
        address = f"http://127.0.0.1:{self.rest_ports()[0]}/received"
        with _OPENER.open(address, key.encode()) as reply:
            return json.load(reply)

    def worker(self, item: Item, client, parameters, target=None, key=None, task=None):
        """Start a client's process; return it and its key."""
        key = key or f"bench-{next(_SERIAL)}"
        environment, root = {}, ""
        target = target or f"localhost:{self.flood_port if item.flood else self.plain_port}"
        if item.tls:
            root = str(self.tls.root)
            target = f"127.0.0.1:{self.tls_port}"
            environment["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = root
        if client in REST:
            target = f"127.0.0.1:{self.rest_ports()[1 if item.tls else 0]}"
        if item.image:
            parameters = parameters | {"path": self.image(item.image)}
        pairs = [f"{name}={value}" for name, value in parameters.items()]
        command = [task or item.task, client, target, key, root, *pairs]
        script = str(ROOT / "benchmarks" / "worker.py")
        return Process(script, *command, environment=environment), key


def run(bench: Bench, item: Item, parameters, rounds, clients, fresh):
    """Run the rounds of an item; return the measurements of each client for each round.

    Args:
        fresh: Whether to start new processes for each round, because the memory layout of a process
            affects all its measurements.
    """
    if item.task == "rate":
        return _rates(bench, item, parameters, rounds, clients)
    if fresh and not item.fresh:
        return [_fresh_round(bench, item, parameters, clients, n) for n in range(rounds)]
    if item.fresh:
        # An additional round is not counted: it compiles modules and fills the file cache.
        turns = [_fresh_round(bench, item, parameters, clients, n) for n in range(rounds + 1)]
        return turns[1:]
    with contextlib.ExitStack() as stack:
        workers = {}
        for name in clients:
            workers[name], key = bench.worker(item, name, parameters)
            stack.callback(workers[name].close)
            workers[name] = workers[name], key
        return [_round(bench, workers, turn) for turn in range(rounds)]


def _order(clients, turn):
    """Rotate the clients, so that each is first and last in turn."""
    shift = turn % len(clients)
    return (*clients[shift:], *clients[:shift])


def _round(bench, workers, turn):
    results, received = {}, {}
    for name in _order(tuple(workers), turn):
        process, key = workers[name]
        process.go()
        results[name] = ast.literal_eval(process.read_line("result"))
        received[name] = bench.received(key, name)
    _check_same(received)
    return results


def _fresh_round(bench, item, parameters, clients, turn):
    results, received = {}, {}
    for name in _order(clients, turn):
        if item.task == "startup":
            process, key = Process("-m", "benchmarks.servers", name, "startup"), None
        elif item.task == "fixture":
            process, key = Process("-m", "benchmarks.fixture", name), None
        elif item.task == "prepare":
            command = preparation_command(ROOT / ".benchmarks" / "files", **parameters)
            process, key = Process("-m", "benchmarks.preparing", name, *command), None
        else:
            process, key = bench.worker(item, name, parameters)
        try:
            process.go()
            results[name] = ast.literal_eval(process.read_line("result"))
            received[name] = key and bench.received(key, name)
        finally:
            process.close()
    _check_same(received)
    return results


def _check_same(received):
    """Check that all clients made the same number of calls with the same text and images."""
    base, *others = sorted(received, key=REST.__contains__)
    if not received[base]:
        return  # The item makes no calls, or its server does not record them.
    for other in others:
        for name in ("calls", "digest"):
            if received[other][name] != received[base][name]:
                raise AssertionError(f"{other} and {base} differ in {name}: {received}")
        if other in REST:
            continue  # JSON is longer than protobuf.
        # A client may set an additional field, but not omit content.
        difference = abs(received[other]["bytes"] - received[base]["bytes"])
        if difference > 64 * received[base]["calls"]:
            raise AssertionError(f"{other} and {base} differ by {difference} bytes: {received}")


def _rates(bench, item, parameters, rounds, clients):
    with contextlib.ExitStack() as stack:
        loads = {}
        for name in clients:
            server = Process("-m", "benchmarks.servers", name, "serve")
            stack.callback(server.close)
            target, key = server.read_line("ready").split()
            load, _ = bench.worker(item, "raw", parameters, target, key, task="async_calls")
            stack.callback(load.close)
            loads[name] = load
        results = []
        for turn in range(rounds):
            by_client = {}
            for name in _order(clients, turn):
                loads[name].go()
                by_client[name] = ast.literal_eval(loads[name].read_line("result"))
            results.append(by_client)
        return results
