#!/usr/bin/env python3
"""Prepare Pillow's own test images, including the broken ones, and check the results.

    python scripts/corpus.py [FILE ...]

The images come from Pillow's source distribution, downloaded with pip into .cache/. Each file has
to become a JPEG or PNG that Pillow reads back with the expected size, or raise an ImageError: no
other exception, at most 20 MiB of output and 1.5 GiB of memory, and no hang. The exit status is 1
if one does not.
"""

from __future__ import annotations

import argparse
import base64
import collections
import io
import multiprocessing as mp
import os
import resource
import subprocess
import sys
import tarfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from xai_vision.imaging import ImageError, PreparedImage, prepare_image

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "pillow-sdist"
VERSION = "13.0.0"
MIN_FILES = 1000
# CPU seconds. This finds hangs on any machine; benchmarks measure the speed.
MAX_CPU_SECONDS = 30.0
TIMEOUT_SECONDS = 120.0
MEMORY = 1536 * 1024 * 1024
SMALL = 60_000

MODES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "verified": {"verify": True},
    "stripped": {"verify": True, "strip_metadata": True},
    "small": {"verify": True, "max_side": 200, "max_bytes": SMALL},
    "bytes": {"verify": True},
    "data URL": {"verify": True},
    "Pillow image": {},
}


@dataclass(frozen=True)
class Outcome:
    """The result for a file in a mode: its kind for the table, and an error if it is wrong."""

    kind: str
    error: str = ""


def main() -> int:
    """Download the corpus, prepare every file in every mode, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="only these files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="number of processes")
    options = parser.parse_args()
    files = options.files or sorted(corpus())
    start = time.monotonic()
    table: dict[str, collections.Counter[str]] = {}
    errors: list[str] = []
    slowest: list[tuple[float, str]] = []
    for mode in MODES:
        counts = table[mode] = collections.Counter()
        for path, outcome, seconds in check_in_parallel(files, mode, options.jobs):
            counts[outcome.kind] += 1
            slowest.append((seconds, f"{path.name} ({mode})"))
            if outcome.error:
                errors.append(f"{path.name} ({mode}): {outcome.error}")
    report(table, len(files), sorted(slowest)[-5:], errors, time.monotonic() - start)
    if not options.files and len(files) < MIN_FILES:
        print(f"only {len(files)} files: the corpus is incomplete")
        return 1
    return 1 if errors else 0


def corpus() -> Iterator[Path]:
    """Yield Pillow's test images; the first run downloads and unpacks them."""
    folder = CACHE / f"pillow-{VERSION}" / "Tests"
    if not folder.exists():
        archive = CACHE / f"pillow-{VERSION}.tar.gz"
        if not archive.exists():
            fetch(archive.parent)
        with tarfile.open(archive) as tar:
            members = [m for m in tar.getmembers() if f"{folder.parent.name}/Tests/" in m.name]
            tar.extractall(CACHE, members, filter="data")
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")


def fetch(folder: Path) -> None:
    """Download Pillow's source distribution through pip."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-deps", "--no-binary", ":all:", f"pillow=={VERSION}", "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", *options], check=True)


# --- child processes, which may be killed -------------------------------------------------------


def check_in_parallel(files: list[Path], mode: str, jobs: int) -> list[tuple[Path, Outcome, float]]:
    """Check the files in several processes."""
    with ThreadPoolExecutor(jobs) as pool:
        shares = [files[number::jobs] for number in range(jobs)]
        results = pool.map(lambda share: list(check_files(share, mode)), shares)
        return [result for share in results for result in share]


def check_files(files: list[Path], mode: str) -> Iterator[tuple[Path, Outcome, float]]:
    """Check the files in a child process; start a new one after each hang or crash."""
    child: tuple[mp.process.BaseProcess, Connection[Any, Any]] | None = None
    for path in files:
        process, pipe = child or start_child()
        child = process, pipe
        pipe.send((path, mode))
        outcome, seconds = Outcome("hang", "the timeout expired"), TIMEOUT_SECONDS
        try:
            # The child measures only the CPU time of the preparation.
            if pipe.poll(TIMEOUT_SECONDS):
                outcome, seconds = pipe.recv()
        except EOFError:
            outcome = Outcome("crash", "the process died")
        if outcome.kind in ("hang", "crash"):
            process.kill()
            process.join()
            child = None
        yield path, outcome, seconds
    if child:
        child[1].send(None)
        child[0].join()


def start_child() -> tuple[mp.process.BaseProcess, Connection[Any, Any]]:
    """Start a process that checks the files sent to it."""
    context = mp.get_context("spawn")
    parent_end, child_end = context.Pipe()
    process = context.Process(target=serve, args=(child_end,), daemon=True)
    process.start()
    child_end.close()
    return process, parent_end


def serve(pipe: Connection[Any, Any]) -> None:
    """Check files until None is received, with limited memory."""
    from PIL import Image

    Image.init()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (job := pipe.recv()) is not None:
        path, mode = job
        start = time.process_time()
        try:
            prepared: PreparedImage | ImageError = prepare(path, mode)
        except ImageError as error:
            prepared = error
        except BaseException as error:  # noqa: BLE001 - the script looks for these
            outcome = Outcome("exception", f"{type(error).__name__}: {error}")
            pipe.send((outcome, time.process_time() - start))
            continue
        seconds = time.process_time() - start
        try:
            outcome = check(path, mode, prepared)
        except MemoryError:
            outcome = Outcome("unchecked")
        if seconds > MAX_CPU_SECONDS:
            outcome = Outcome("slow", f"{seconds:.1f} s")
        pipe.send((outcome, seconds))


def prepare(path: Path, mode: str) -> PreparedImage:
    """Prepare a file in a mode."""
    options = MODES[mode]
    if mode == "bytes":
        return prepare_image(path.read_bytes(), **options)
    if mode == "data URL":
        text = base64.b64encode(path.read_bytes()).decode()
        return prepare_image(f"data:image/png;base64,{text}", **options)
    if mode == "Pillow image":
        from PIL import Image

        try:
            image = Image.open(path)
        except Exception as error:
            raise ImageError(f"not opened by Pillow: {type(error).__name__}") from error
        return prepare_image(image, **options)
    return prepare_image(path, **options)


# --- checks --------------------------------------------------------------------------------------


def check(path: Path, mode: str, prepared: PreparedImage | ImageError) -> Outcome:
    """Check the prepared image or the error."""
    if isinstance(prepared, ImageError):
        text = str(prepared)
        if not (prepared.source and prepared.reason and text.isprintable() and len(text) < 400):
            return Outcome("bad error", repr(text))
        return Outcome(type(prepared).__name__)
    kind = "same" if not prepared.changes else "lossless" if prepared.lossless else "lossy"
    for check_one in (check_output, check_unchanged, check_pixels):
        error = check_one(path, mode, prepared)
        if error:
            return Outcome("wrong", error)
    return Outcome(f"{prepared.format} {kind}")


def check_output(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that the output is a JPEG or PNG within the limits, with the reported size."""
    from PIL import Image, ImageOps

    label, _, text = prepared.url().partition(",")
    data = base64.b64decode(text, validate=True)
    maximum = SMALL if mode == "small" else 20 * 1024 * 1024
    if len(data) > maximum or len(data) != prepared.size_bytes:
        return f"{len(data):,} bytes"
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        upright = ImageOps.exif_transpose(image)
    except Exception as error:  # noqa: BLE001
        return f"does not open: {type(error).__name__}: {error}"
    actual = "JPEG" if image.format == "MPO" else image.format
    if actual not in ("JPEG", "PNG") or actual != prepared.format:
        return f"is a {actual}"
    if label != f"data:{prepared.media_type};base64":
        return f"label {label}"
    if upright.size != prepared.size:
        return f"size {upright.size}, reported as {prepared.size}"
    return "" if mode != "small" or max(upright.size) <= 200 else f"size {upright.size}"


def check_unchanged(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that an image without reported changes has the same bytes."""
    if prepared.changes:
        return ""
    return "" if prepared.read() == path.read_bytes() else "changed without a report"


def check_pixels(path: Path, mode: str, prepared: PreparedImage) -> str:
    """Check that a lossless result has the pixels that Pillow decodes from the original."""
    from PIL import Image, ImageChops, ImageOps

    if not prepared.lossless:
        return ""
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - Pillow does not open the original as we did
        return ""
    is_12_bits = upright.mode == "I;16" and getattr(image, "tag_v2", {}).get(258) == (12,)
    if is_12_bits and mode != "Pillow image":
        # Pillow leaves 12 bits as they are, so that white is 4095 of 65535.
        upright = upright.point(lambda value: value * (65535 / 4095) + 0.5)
    if upright.size != prepared.size:
        return f"size {prepared.size}, in the original {upright.size}"
    ours = prepared.pil()
    compare: Callable[[Any], Any] = lambda image: image.convert("RGBA")  # noqa: E731
    if upright.mode.startswith("I") or ours.mode.startswith("I"):
        compare = lambda image: image.convert("I")  # noqa: E731
    difference = ImageChops.difference(
        compare(ours).convert("RGBA"), compare(upright).convert("RGBA")
    )
    return "" if not difference.getbbox(alpha_only=False) else "different pixels"


def report(
    table: dict[str, collections.Counter[str]],
    files: int,
    slowest: list[tuple[float, str]],
    errors: list[str],
    seconds: float,
) -> None:
    """Print the outcomes for each mode, and every error."""
    kinds = sorted({kind for counts in table.values() for kind in counts})
    width = max(map(len, kinds))
    print(" " * width, *(f"{mode:>12}" for mode in table))
    for kind in kinds:
        print(f"{kind:<{width}}", *(f"{counts[kind]:>12}" for counts in table.values()))
    print(f"\n{files} files, {len(table)} modes, {seconds:.0f} s; the slowest:")
    for cpu_seconds, name in slowest:
        print(f"  {cpu_seconds:.2f} s  {name}")
    for line in errors:
        print("ERROR", line)
    print(f"{len(errors)} errors")


if __name__ == "__main__":
    sys.exit(main())
