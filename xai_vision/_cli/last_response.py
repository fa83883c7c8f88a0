"""The last answer that was stored, for --last."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from xai_vision._cli.exit_codes import Exit, Failure

__all__ = ["recall", "remember"]


def remember(response_id: str, host: str) -> None:
    """Keep an id for the next command. That it cannot be kept is no reason to fail."""
    path = _place()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"id": response_id, "host": host}), encoding="utf-8")
        fresh.replace(path)
    except OSError:
        pass


def recall(host: str) -> str:
    """The last id that was kept.

    Raises:
        Failure: There is none, or it was stored elsewhere.
    """
    try:
        kept = json.loads(_place().read_bytes())
        known, where = str(kept["id"]), str(kept["host"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Failure(
            "--last: there is no stored answer to go on from; ask with --store first", Exit.USAGE
        ) from None
    if where != host:
        raise Failure(f"--last: the last answer was stored at {where}, not {host}", Exit.USAGE)
    return known


def _place() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base, "xai-vision", "last.json")
