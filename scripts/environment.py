#!/usr/bin/env python3
"""Create the virtual environments of this project, with only Python and pip.

    python3 scripts/environment.py [NAME]     make NAME if needed, print the path of its Python
    python3 scripts/environment.py --lock     write scripts/constraints.txt anew

An environment is rebuilt when pyproject.toml, the constraints, this file or the Python that runs
it has changed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Pins the tools that build, test and document the project. The packages that the project itself
# depends on are not pinned there: "lowest" tests their lower bounds, "dev" their newest versions.
CONSTRAINTS = ROOT / "scripts" / "constraints.txt"
UNPINNED = (
    "grpcio",
    "protobuf",
    "pillow",
    "googleapis-common-protos",
    "jsonschema==",
    "xai-sdk",
    "openai",
)

# Arguments of `pip install`. xai-sdk needs newer packages than "lowest" has, so the environments
# that run it have lower ends of their own.
ENVIRONMENTS: dict[str, list[str]] = {
    "dev": ["--editable", ".[all]", "--group", "dev"],
    "demo": ["--editable", "."],
    "demo-eyes": ["--editable", ".[eyes]"],
    "lowest": [
        "--editable",
        ".",
        "--group",
        "test",
        "grpcio==1.66.2",
        "protobuf==5.29.1",
        "pillow==11.3.0",
        "jsonschema==4.23.0",
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
    # Each needs packages that the tests must not have, but none excludes those of another.
    "extras": [
        "--editable",
        ".[cli,eyes,heic,http,testing]",
        "--group",
        "ray",
        "--group",
        "corpus",
        "--group",
        "newest-openai",
        "--group",
        "pydantic-ai",
        "--group",
        "snapshots",
        "--group",
        "docs",
        "--group",
        "browser",
    ],
    "frameworks": [
        "--editable",
        ".",
        "--editable",
        "tests/frameworks/alias",
        "--group",
        "frameworks",
    ],
}

# Frameworks have upper bounds below the versions of our tools.
UNCONSTRAINED = {"frameworks"}


def directory_of(name: str) -> Path:
    """Return the environment's directory; editors look for the one of "dev" in .venv."""
    return ROOT / ".venv" if name == "dev" else ROOT / ".cache" / f"env-{name}"


def python_of(name: str) -> Path:
    """Return the environment's Python, which need not exist yet."""
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    return directory_of(name) / scripts / "python"


def ensure(name: str) -> Path:
    """Create the environment unless it exists and is up to date; return its Python."""
    home = directory_of(name)
    stamp = home / "fingerprint"
    fingerprint = _fingerprint(name)
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return python_of(name)
    print(f"making environment {name!r} in {home.relative_to(ROOT)}", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True)
    # Dependency groups need a pip newer than the one Python 3.11 brings.
    _pip(name, "--upgrade", "pip>=25.1")
    constraints = [] if name in UNCONSTRAINED else ["--constraint", str(CONSTRAINTS)]
    _pip(name, *ENVIRONMENTS[name], *constraints)
    stamp.write_text(fingerprint)
    return python_of(name)


def _pip(name: str, *arguments: str) -> None:
    command = [str(python_of(name)), "-m", "pip", "install", "-qq", *arguments]
    subprocess.run(
        [*command, "--disable-pip-version-check"], cwd=ROOT, check=True, stdout=sys.stderr
    )


def lock() -> None:
    """Install the newest tools into a new environment and write their versions down."""
    home = ROOT / ".cache" / "env-lock"
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True)
    pip = [str(home / python_of("dev").relative_to(directory_of("dev"))), "-m", "pip"]
    subprocess.run([*pip, "install", "-qq", "--upgrade", "pip>=25.1"], cwd=ROOT, check=True)
    subprocess.run([*pip, "install", "-qq", *ENVIRONMENTS["dev"]], cwd=ROOT, check=True)
    freeze = [*pip, "freeze", "--exclude-editable"]
    pins = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines()
    header = "# Written by `python3 scripts/environment.py --lock`; do not edit.\n"
    kept = [_on_new_python(pin) for pin in pins if not pin.lower().startswith(UNPINNED)]
    CONSTRAINTS.write_text(header + "\n".join(kept) + "\n", encoding="utf-8")


def _on_new_python(pin: str) -> str:
    # Python 3.10 gets the versions that still support it.
    return f'{pin}; python_version >= "3.11"'


def _fingerprint(name: str) -> str:
    parts = [sys.version, name, *ENVIRONMENTS[name]]
    parts += [path.read_text(encoding="utf-8") for path in (ROOT / "pyproject.toml", CONSTRAINTS)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    if sys.argv[1:] == ["--lock"]:
        lock()
    else:
        print(ensure(sys.argv[1] if len(sys.argv) > 1 else "dev"))
