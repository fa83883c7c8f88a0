"""Build the site once, for all processes of a test run."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# The environment "extras" has playwright: `scripts/test site`.
collect_ignore = [] if find_spec("playwright") else ["test_browser.py"]


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; return its folder."""
    if find_spec("zensical") is None or find_spec("mkdocstrings") is None:
        pytest.skip("the dependency group docs is not installed")
    base = tmp_path_factory.getbasetemp()
    # The processes of pytest-xdist have neighboring folders.
    shared = (base.parent if hasattr(request.config, "workerinput") else base) / "site"
    done = shared / "done"
    try:
        shared.mkdir()
    except FileExistsError:
        # Another process builds it. A build takes at most 300 s.
        for _ in range(3200):
            if done.exists():
                break
            time.sleep(0.1)
    else:
        try:
            build(shared / "built")
        finally:
            done.touch()
    assert (shared / "built" / "index.html").is_file(), "the site was not built"
    return shared / "built"


def build(folder: Path) -> None:
    """Run the script that builds the site."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_site.py"), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
