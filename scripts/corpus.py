#!/usr/bin/env python3
"""Prepare the test images of other projects, including broken ones, and check the results.

    python scripts/corpus.py [--every N] [FILE ...]

The images are those of corpus_files.py. With each group of options a file has to become a JPEG or
PNG that Pillow reads back with the expected size, or raise an ImageError: no other exception, at
most 20 MiB of output and 1.5 GiB of memory, and no hang. The pixels have to be those that Pillow
decodes from the original, and OpenCV if it is installed. The exit status is 1 if a file fails.
"""

from __future__ import annotations

import argparse
import base64
import collections
import multiprocessing as mp
import os
import resource
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus_checks import SMALL, Outcome, check, to_array  # needs sys.path from above
from corpus_files import MIN_FILES, corpus

from xai_vision.imaging import ImageError, PreparedImage, prepare_image

# CPU seconds. This finds hangs on any machine; benchmarks measure the speed.
MAX_CPU_SECONDS = 30.0
TIMEOUT_SECONDS = 120.0
MEMORY = 1536 * 1024 * 1024
MODES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "verified": {"verify": True},
    "stripped": {"verify": True, "strip_metadata": True},
    "small": {"verify": True, "max_side": 200, "max_bytes": SMALL},
    "fit": {"limit": 20_000, "fit": True},
    "upright": {"upright": True},
    "bytes": {"verify": True},
    "data URL": {"verify": True},
    "Pillow image": {},
    "array": {},
    "RGB": {"upright": True, "mode": "RGB"},
    "as stored": {"orientation": "ignore"},
}


def main() -> int:
    """Download the corpus, prepare every file in every mode, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="only these files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="number of processes")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="each file in every Nth mode only"
    )
    options = parser.parse_args()
    files = options.files or sorted(corpus())
    start = time.monotonic()
    table: dict[str, collections.Counter[str]] = {}
    errors: list[str] = []
    slowest: list[tuple[float, str]] = []
    for number, mode in enumerate(MODES):
        counts = table[mode] = collections.Counter()
        # Another part of the files in each mode, so that all files and all modes are covered.
        part = files[number % options.every :: options.every]
        for path, outcome, seconds in check_in_parallel(part, mode, options.jobs):
            counts[outcome.kind] += 1
            slowest.append((seconds, f"{path.name} ({mode})"))
            if outcome.error:
                errors.append(f"{path.name} ({mode}): {outcome.error}")
    report(table, len(files), sorted(slowest)[-5:], errors, time.monotonic() - start)
    if not options.files and len(files) < MIN_FILES:
        print(f"only {len(files)} files: the corpus is incomplete")
        return 1
    return 1 if errors else 0


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
    if mode in ("Pillow image", "array"):
        from PIL import Image

        try:
            image = Image.open(path)
            source = image if mode == "Pillow image" else to_array(image)
        except Exception as error:
            raise ImageError(f"not opened by Pillow: {type(error).__name__}") from error
        return prepare_image(source, **options)
    return prepare_image(path, **options)


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
