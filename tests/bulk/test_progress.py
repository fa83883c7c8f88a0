"""The progress of a job, in terminals and notebooks."""

from __future__ import annotations

import io
import subprocess
import sys
import types

import pytest

from tests.bulk.rows import jpeg
from xai_vision import AsyncClient, bulk
from xai_vision.bulk._progress import describe
from xai_vision.bulk._status import Status


@pytest.fixture
def run(server):
    client = AsyncClient(api_key=server.api_key, api_host=server.target)
    rows = [("<a>", b"x"), *((str(n), jpeg(n)) for n in range(3))]
    return lambda: bulk.ask("Describe it", rows, client=client).run(progress=True)


def test_in_a_terminal(run, monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    run()
    states = terminal.getvalue().split("\r")
    assert states[0] == ""
    assert "4 of 4 rows" in states[-1]
    assert states[-1].endswith("1 failed\x1b[K\n")
    assert "\n" not in terminal.getvalue()[:-1]


def test_in_a_notebook(run, monkeypatch, capsys):
    shown = []

    class Handle:
        def update(self, data, *, raw):
            assert raw
            shown.append(data)

    def display(data, *, raw, display_id):
        assert raw
        assert display_id is True
        shown.append(data)
        return Handle()

    module = types.ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    run()
    assert '<progress max="4" value="4"></progress> 4 of 4 rows' in shown[-1]["text/html"]
    assert shown[-1]["text/plain"].startswith("4 of 4 rows")
    assert capsys.readouterr().err == ""


def test_the_line():
    status = Status(total=1000, earlier=200, answered=100, failed=2, usd=1.5)
    status.wait_seconds = lambda: 7.2
    line = describe(status)
    assert line.startswith("302 of 1,000 rows · ")
    assert line.endswith(" · $1.50 · 2 failed · rate limit: waiting 7 s")
    assert describe(Status()).startswith("0 rows")
    assert "$" not in describe(Status(answered=1, unpriced=1))


def test_the_package_is_loaded_on_use():
    program = (
        "import sys, xai_vision\n"
        "assert not [m for m in sys.modules if m.startswith('xai_vision.bulk')]\n"
        "from xai_vision import bulk\n"
        "bulk.ask, bulk.folder, bulk.Limit, bulk.Outcome\n"
        "assert not {'pyarrow', 'ray', 'rich', 'click'} & set(sys.modules)\n"
        "assert set(bulk.__all__) <= set(dir(bulk))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def failing(after):
    """Return a function that fails after so many calls, and the list of them."""
    states = []

    def show(status):
        states.append(status.done)
        if len(states) > after:
            raise ValueError("no such widget")

    return show, states


def test_a_function_that_fails_at_once_ends_the_run(ask, server):
    show, states = failing(after=0)
    with pytest.raises(ValueError, match="no such widget"):
        ask().run(progress=show)
    assert len(states) == 1
    assert len(server.calls) == 0


def test_a_function_that_fails_later_ends_only_the_display(ask, out, server):
    show, _ = failing(after=1)
    with pytest.warns(UserWarning, match="progress: the display ended with .*no such widget"):
        assert ask(out=out).run(progress=show).answered == 12
