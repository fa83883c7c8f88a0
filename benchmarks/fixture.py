"""The cost of a test's server: pytest runs a file of small tests with and without a fixture.

    python -m benchmarks.fixture bare_sync|fake_server|xai_server

``bare_sync`` starts and stops a bare ``grpc.server`` for each test, ``fake_server`` a FakeServer.
``xai_server`` is the plugin's fixture.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

import pytest

TESTS = 200
_OPTIONS = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-c",
    "/dev/null",
    "--import-mode=importlib",
    "-p",
    "no:asyncio",
]
_FIXTURES = {
    "nothing": "@pytest.fixture\ndef it():\n    return 1\n",
    "bare_sync": """
from benchmarks import bare
@pytest.fixture
def it():
    server, _ = bare.open_sync()
    yield server
    server.stop(None).wait()
""",
    "fake_server": """
from xai_vision.testing import FakeServer
@pytest.fixture
def it():
    with FakeServer() as server:
        yield server
""",
    "xai_server": "@pytest.fixture\ndef it(xai_server):\n    return xai_server\n",
}


def _seconds(kind):
    text = f"import pytest\n{_FIXTURES[kind]}\n"
    text += f"@pytest.mark.parametrize('n', range({TESTS}))\ndef test_it(it, n):\n    assert it\n"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"test_{kind}.py"
        file.write_text(text, encoding="utf-8")
        start, output = time.perf_counter(), io.StringIO()
        with contextlib.redirect_stdout(output):
            code = pytest.main([*_OPTIONS, str(file)])
        if code or f"{TESTS} passed" not in output.getvalue():
            raise RuntimeError(output.getvalue())
        return time.perf_counter() - start


def main():
    kind = sys.argv[1]
    for _ in sys.stdin:
        _seconds("nothing")  # Not measured: it loads modules.
        seconds = _seconds(kind) - _seconds("nothing")
        print("result", repr({"wall": seconds / TESTS * 1e3}), flush=True)


if __name__ == "__main__":
    main()
