#!/usr/bin/env python3
"""Check that a tag, the version and the changelog agree: ``check_release.py v0.9.0``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def problem(tag: str, about: str, changelog: str) -> str | None:
    """Return what disagrees, or None.

    Args:
        tag: The tag's name.
        about: The text of ``xai_vision/__about__.py``.
        changelog: The text of ``CHANGELOG.md``.
    """
    found = re.search(r'^__version__ = "([^"]+)"$', about, re.MULTILINE)
    if not found:
        return "xai_vision/__about__.py has no __version__."
    version = found[1]
    if tag != f"v{version}":
        return f"The tag is {tag}, but __version__ is {version}. Tag v{version}, or change it."
    heading = re.search(r"^## (\S+) \((.+)\)$", changelog, re.MULTILINE)
    if not heading or heading[1] != version:
        return f"The newest entry of CHANGELOG.md is not {version}."
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", heading[2]):
        return f"CHANGELOG.md: {version} has no date. Replace ({heading[2]}) by (YYYY-MM-DD)."
    return None


def main(tag: str) -> None:
    """Check the files of this tree; exit with the problem."""
    about = (ROOT / "xai_vision" / "__about__.py").read_text("utf-8")
    sys.exit(problem(tag, about, (ROOT / "CHANGELOG.md").read_text("utf-8")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
