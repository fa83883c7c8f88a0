"""The id of the last stored response, for --last."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from xai_vision._cli.exit_codes import CliError, Exit


def save(response_id: str, host: str) -> None:
    """Save an id for the next command; ignore errors."""
    path = _state_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"id": response_id, "host": host}), encoding="utf-8")
        fresh.replace(path)
    except OSError:
        pass


def load(host: str) -> str:
    """Return the last saved id.

    Raises:
        CliError: There is none, or it was stored on another host.
    """
    try:
        saved = json.loads(_state_file().read_bytes())
        saved_id, saved_host = str(saved["id"]), str(saved["host"])
    except (OSError, ValueError, KeyError, TypeError):
        raise CliError(
            "--last: no stored response to continue; use --store first", Exit.USAGE
        ) from None
    if saved_host != host:
        raise CliError(
            f"--last: the last response was stored on {saved_host}, not {host}", Exit.USAGE
        )
    return saved_id


def _state_file() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base, "xai-vision", "last.json")
