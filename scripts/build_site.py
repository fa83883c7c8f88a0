#!/usr/bin/env python3
"""Build the documentation, strictly: a broken link, anchor, snippet or reference is an error.

    python scripts/build_site.py [FOLDER]    default: build/site

Zensical keeps a cache in the folder .cache of its project, and empties all of that folder before a
clean build. Here .cache contains the environments, so the site is built from a copy.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Everything that pages include and that mkdocstrings reads.
SOURCES = (
    *("mkdocs.yml", "docs", "xai_vision", "examples", "tests/frameworks/alias"),
    *("CHANGELOG.md", "README.md", "SECURITY.md"),
)
SITE = "build/site"


def build(folder: Path) -> None:
    """Build into a folder, which is replaced.

    Raises:
        RuntimeError: The build failed, or reported an issue; the message is its output.
    """
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        for source in SOURCES:
            target = project / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, target)
        result = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict"],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if result.returncode or "No issues found" not in result.stdout:
            raise RuntimeError(result.stdout)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(project / SITE, folder)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / SITE
    try:
        build(target)
    except RuntimeError as error:
        sys.exit(str(error))
    print(target)
