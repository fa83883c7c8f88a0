#!/usr/bin/env python3
"""Generate xai_vision/proto/ from protos/.

    python scripts/generate_protos.py            write the files
    python scripts/generate_protos.py --check    fail if the files are out of date

Requires only Python and pip. protoc and the generator of the type stubs are installed in a separate
environment, in versions pinned here, because the output depends on both versions.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from proto_modules import NOTICE  # needs sys.path from above

PINS = ("grpcio-tools==1.85.1", "protobuf==7.36.2", "mypy-protobuf==5.1.0")

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "xai_vision" / "proto"
ENVIRONMENT = ROOT / ".cache" / "protoc-env"
GENERATOR = ROOT / "scripts" / "proto_modules.py"

# Files of the package that are not generated.
HAND_WRITTEN = frozenset(
    {"__init__.py", "_pool.py", "_wire_format.py", "_method.py", "_convert.py"}
)


def environment() -> Path:
    """Return the Python of an environment with exactly ``PINS``; create it if necessary."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    marker = ENVIRONMENT / "pins.txt"
    expected = "\n".join((sys.version, *PINS))
    if python.exists() and marker.exists() and marker.read_text() == expected:
        return python
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, with_pip=True)
    # With --no-deps, new releases of dependencies cannot change the output.
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--disable-pip-version-check", *PINS], check=True)
    marker.write_text(expected)
    return python


def compare(fresh: Path, present: Path, tracked: frozenset[str] | None = None) -> list[str]:
    """List the differences between the new and the present files.

    Args:
        fresh: The folder of newly generated files.
        present: The folder of the package.
        tracked: The names of the files of ``present`` in git; None without git.
    """
    expected = {path.name: path for path in fresh.iterdir()}
    existing = {path.name: path for path in present.iterdir() if path.name != "__pycache__"}
    differences = [f"missing: {name}" for name in expected.keys() - existing.keys()]
    differences += [f"extra: {name}" for name in existing.keys() - expected.keys() - HAND_WRITTEN]
    for name in expected.keys() & existing.keys():
        path = existing[name]
        if not path.is_file() or expected[name].read_bytes() != path.read_bytes():
            differences.append(f"differs: {name}")
        elif tracked is not None and name not in tracked:
            differences.append(f"untracked: {name}")
    return sorted(differences)


def tracked_files(folder: Path) -> frozenset[str] | None:
    """Return the names of the files of ``folder`` in git; None without git."""
    command = ["git", "-C", str(folder), "ls-files", "-z", "."]
    try:
        listing = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return None  # such as in an sdist
    return frozenset(listing.split("\0")) - {""}


def main(arguments: list[str] | None = None) -> int:
    """Generate or check the files; return the exit status."""
    parser = argparse.ArgumentParser(description="Generate xai_vision/proto/ from protos/.")
    parser.add_argument("--check", action="store_true", help="fail if the files are out of date")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        subprocess.run([str(environment()), str(GENERATOR), folder], check=True)
        if options.check:
            differences = compare(fresh, TARGET, tracked_files(TARGET))
            for difference in differences:
                print(f"{TARGET.relative_to(ROOT)}: {difference}")
            if differences:
                print("Run: python scripts/generate_protos.py")
            return 1 if differences else 0
        for path in TARGET.glob("*.py*"):
            # Remove the files of deleted protos, but no file that is not generated.
            if NOTICE.partition(" from ")[0] in path.read_text("utf-8")[:200]:
                path.unlink()
        for path in sorted(fresh.iterdir()):
            shutil.copyfile(path, TARGET / path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
