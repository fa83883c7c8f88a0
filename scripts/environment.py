#!/usr/bin/env python3
"""Make the virtual environments this project works in, with nothing but Python and pip.

    python3 scripts/environment.py [NAME]     prints the path of the environment's Python

An environment is made anew when what it is made from has changed: pyproject.toml, this file, or
the Python that runs it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What pip is asked for, beside the project itself. The bounds of pyproject.toml are tested in
# "lowest"; xai-sdk does not go as low, so what runs beside it has its own low end.
ENVIRONMENTS: dict[str, list[str]] = {
    "dev": ["--editable", ".[all]", "--group", "dev"],
    "demo": ["--editable", "."],
    "lowest": [
        "--editable",
        ".",
        "--group",
        "test",
        "grpcio==1.66.2",
        "protobuf==5.29.1",
        "pillow==11.3.0",
    ],
    "peers-protobuf5": [
        "--editable",
        ".",
        "--group",
        "test",
        "--group",
        "peers",
        "grpcio==1.72.1",
        "protobuf==5.29.6",
    ],
    "peers-protobuf6": [
        "--editable",
        ".",
        "--group",
        "test",
        "--group",
        "peers",
        "protobuf>=6.33,<7",
    ],
    "pydantic-ai": ["--editable", ".", "--group", "pydantic-ai"],
}


def place(name: str) -> Path:
    """Where the environment lives; the one people work in is where tools look for it."""
    return ROOT / ".venv" if name == "dev" else ROOT / ".cache" / f"env-{name}"


def python_of(name: str) -> Path:
    """The environment's Python, whether it has been made or not."""
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    return place(name) / scripts / "python"


def ensure(name: str) -> Path:
    """Make the environment unless it is there and up to date; return its Python."""
    home = place(name)
    stamp = home / "made-from"
    wanted = _fingerprint(name)
    if stamp.is_file() and stamp.read_text() == wanted:
        return python_of(name)
    print(f"making environment {name!r} in {home.relative_to(ROOT)}", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True)
    # Dependency groups need a pip newer than the one Python 3.11 brings.
    _pip(name, "--upgrade", "pip>=25.1")
    _pip(name, *ENVIRONMENTS[name])
    stamp.write_text(wanted)
    return python_of(name)


def _pip(name: str, *arguments: str) -> None:
    command = [str(python_of(name)), "-m", "pip", "install", "-qq", *arguments]
    subprocess.run(
        [*command, "--disable-pip-version-check"], cwd=ROOT, check=True, stdout=sys.stderr
    )


def _fingerprint(name: str) -> str:
    parts = [sys.version, name, *ENVIRONMENTS[name]]
    parts.append((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    print(ensure(sys.argv[1] if len(sys.argv) > 1 else "dev"))
