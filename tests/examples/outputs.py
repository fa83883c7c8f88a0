"""The outputs on docs/examples.md: ``python -m tests.examples.outputs`` writes them anew."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from tests.examples import notebook

EXAMPLES = Path(__file__).parents[2] / "examples"
OUTPUTS = EXAMPLES / "output"
MODULES = {"images", "drawings", "connecting", "demo"}  # scripts/demo runs the last
PROGRAMS = sorted({path.stem for path in EXAMPLES.glob("*.py")} - MODULES)
SUITES = {
    "parcel_desk": ("pydantic",),
    "caption_api": ("fastapi", "httpx"),
    "stock_agent": ("xai_sdk",),
    "label_reader": ("openai", "starlette", "uvicorn"),
}

# They differ from run to run, or with the version of Pillow.
_VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=_)[0-9a-f]{16,}|(?<=localhost:)\d+|(?<=127\.0\.0\.1:)\d+|#[0-9a-f]{6}"
    r"|(?<=\D)[\d.,]+(?= (?:bytes|KiB|MiB)\b)|(?<=mostly )[a-z ]+|\d+\.\d+ s\b|\d+\.\d+(?=/s\b)"
)


def normalized(text: str) -> str:
    """Replace the parts of an output that differ from run to run."""
    return _VOLATILE.sub("…", text)


def run_program(name: str, *arguments: str) -> str:
    """Return what ``python examples/NAME.py`` prints, in this process."""
    output = io.StringIO()
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        mock.patch.object(sys, "argv", [name, *arguments]),
        mock.patch.object(sys, "path", [str(EXAMPLES), *sys.path]),
        contextlib.suppress(SystemExit) if arguments else contextlib.nullcontext(),
    ):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    lines = output.getvalue().splitlines()
    return "\n".join(line for line in lines if "responses of a fake server" not in line) + "\n"


def run_suite(name: str) -> str:
    """Return the tests that pass in an example's directory, run as its reader would."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    passed = re.findall(r"(?:^|/)(test_\w+\.py::\S+) PASSED", result.stdout, re.MULTILINE)
    return "\n".join([*(f"{test} PASSED" for test in passed), f"{len(passed)} passed"]) + "\n"


def run_parcel_desk(folder: Path) -> str:
    """Return what the program prints for a parcel."""
    photo = EXAMPLES.parent / "docs" / "img" / "photo.jpg"
    (folder / "parcel.jpg").write_bytes(photo.read_bytes())
    program = EXAMPLES / "parcel_desk" / "parcel_desk.py"
    result = subprocess.run(
        [sys.executable, str(program), "parcel.jpg", "--fake"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
        timeout=120,
    )
    return result.stdout


def main() -> None:
    """Write all outputs."""
    OUTPUTS.mkdir(exist_ok=True)
    for name in PROGRAMS:
        (OUTPUTS / f"{name}.txt").write_text(run_program(name, "--fake"), "utf-8")
    for name in SUITES:
        (OUTPUTS / f"{name}.txt").write_text(run_suite(name), "utf-8")
    notebook.write(EXAMPLES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        tempfile.tempdir = temporary
        main()
