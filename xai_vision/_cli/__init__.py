"""The command ``xai-vision``. Needs the extra "cli"."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command with the arguments of this process, then exit."""
    missing = [name for name in ("click", "rich", "yaml") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"xai-vision: the command needs {' and '.join(missing)}: "
            "pip install 'xai-vision[cli]'\n"
        )
        sys.exit(1)
    from xai_vision._cli.app import run

    sys.exit(run(sys.argv[1:]))
