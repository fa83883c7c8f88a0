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
AT_LEAST = 1000  # files
# CPU seconds. Finds hangs on any machine; benchmarks measure the speed.
SECONDS = 30.0
PATIENCE = 120.0  # seconds of wall-clock time
MEMORY = 1536 * 1024 * 1024
SMALL = 60_000

WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "verified": {"verify": True},
    "stripped": {"verify": True, "strip_metadata": True},
    "small": {"verify": True, "max_side": 200, "max_bytes": SMALL},
    "bytes": {"verify": True},
    "data URL": {"verify": True},
    "Pillow image": {},
}


@dataclass(frozen=True)
class Verdict:
    """What became of one file in one way: a word for the table, and what was wrong if anything."""

    kind: str
    wrong: str = ""


def main() -> int:
    """Fetch the corpus, try every file in every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="only these files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at the same time")
    options = parser.parse_args()
    files = options.files or sorted(corpus())
    started = time.monotonic()
    table: dict[str, collections.Counter[str]] = {}
    bad: list[str] = []
    slowest: list[tuple[float, str]] = []
    for way in WAYS:
        counts = table[way] = collections.Counter()
        for path, verdict, seconds in shared_out(files, way, options.jobs):
            counts[verdict.kind] += 1
            slowest.append((seconds, f"{path.name} ({way})"))
            if verdict.wrong:
                bad.append(f"{path.name} ({way}): {verdict.wrong}")
    report(table, len(files), sorted(slowest)[-5:], bad, time.monotonic() - started)
    if not options.files and len(files) < AT_LEAST:
        print(f"only {len(files)} files: the corpus is not whole")
        return 1
    return 1 if bad else 0


def corpus() -> Iterator[Path]:
    """Pillow's test images, fetched and unpacked on the first run."""
    folder = CACHE / f"pillow-{VERSION}" / "Tests"
    if not folder.exists():
        archive = CACHE / f"pillow-{VERSION}.tar.gz"
        if not archive.exists():
            fetch(archive.parent)
        with tarfile.open(archive) as tar:
            wanted = [m for m in tar.getmembers() if f"{folder.parent.name}/Tests/" in m.name]
            tar.extractall(CACHE, wanted, filter="data")
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".py")


def fetch(folder: Path) -> None:
    """Download Pillow's source distribution through pip."""
    folder.mkdir(parents=True, exist_ok=True)
    what = ["--no-deps", "--no-binary", ":all:", f"pillow=={VERSION}", "-d", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", *what], check=True)


# --- in a process of its own, which may be killed ------------------------------------------------


def shared_out(files: list[Path], way: str, jobs: int) -> list[tuple[Path, Verdict, float]]:
    """Judge the files in several processes."""
    with ThreadPoolExecutor(jobs) as crew:
        shares = [files[number::jobs] for number in range(jobs)]
        done = crew.map(lambda share: list(judged(share, way)), shares)
        return [one for share in done for one in share]


def judged(files: list[Path], way: str) -> Iterator[tuple[Path, Verdict, float]]:
    """Judge the files one after another in a child process, a new one after each casualty."""
    child: tuple[mp.process.BaseProcess, Connection[Any, Any]] | None = None
    for path in files:
        process, pipe = child or start_child()
        child = process, pipe
        pipe.send((path, way))
        verdict, seconds = Verdict("hang", "no end"), PATIENCE
        try:
            # The child times the preparing alone, and by the processor.
            if pipe.poll(PATIENCE):
                verdict, seconds = pipe.recv()
        except EOFError:
            verdict = Verdict("crash", "the process died")
        if verdict.kind in ("hang", "crash"):
            process.kill()
            process.join()
            child = None
        yield path, verdict, seconds
    if child:
        child[1].send(None)
        child[0].join()


def start_child() -> tuple[mp.process.BaseProcess, Connection[Any, Any]]:
    """Start a process that judges the files sent to it."""
    context = mp.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def serve(pipe: Connection[Any, Any]) -> None:
    """Judge files until None is sent, within the memory allowed."""
    from PIL import Image

    Image.init()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (job := pipe.recv()) is not None:
        path, way = job
        begun = time.process_time()
        try:
            prepared: PreparedImage | ImageError = prepare(path, way)
        except ImageError as error:
            prepared = error
        except BaseException as error:  # noqa: BLE001 - this is what must not happen
            verdict = Verdict("exception", f"{type(error).__name__}: {error}")
            pipe.send((verdict, time.process_time() - begun))
            continue
        seconds = time.process_time() - begun
        try:
            verdict = judge(path, way, prepared)
        except MemoryError:
            verdict = Verdict("unjudged")
        if seconds > SECONDS:
            verdict = Verdict("slow", f"{seconds:.1f} s")
        pipe.send((verdict, seconds))


def prepare(path: Path, way: str) -> PreparedImage:
    """Prepare a file the given way."""
    options = WAYS[way]
    if way == "bytes":
        return prepare_image(path.read_bytes(), **options)
    if way == "data URL":
        text = base64.b64encode(path.read_bytes()).decode()
        return prepare_image(f"data:image/png;base64,{text}", **options)
    if way == "Pillow image":
        from PIL import Image

        try:
            image = Image.open(path)
        except Exception as error:
            raise ImageError(f"not opened by Pillow: {type(error).__name__}") from error
        return prepare_image(image, **options)
    return prepare_image(path, **options)


# --- the judgement -------------------------------------------------------------------------------


def judge(path: Path, way: str, prepared: PreparedImage | ImageError) -> Verdict:
    """Say whether what came out is right."""
    if isinstance(prepared, ImageError):
        text = str(prepared)
        if not (prepared.source and prepared.reason and text.isprintable() and len(text) < 400):
            return Verdict("bad error", repr(text))
        return Verdict(type(prepared).__name__)
    kind = "same" if not prepared.changes else "lossless" if prepared.lossless else "lossy"
    for check in (check_output, check_same, check_pixels):
        wrong = check(path, way, prepared)
        if wrong:
            return Verdict("wrong", wrong)
    return Verdict(f"{prepared.format} {kind}")


def check_output(path: Path, way: str, prepared: PreparedImage) -> str:
    """The output is a JPEG or PNG within the limits that opens with the size it is said to have."""
    from PIL import Image, ImageOps

    label, _, text = prepared.url().partition(",")
    data = base64.b64decode(text, validate=True)
    most = SMALL if way == "small" else 20 * 1024 * 1024
    if len(data) > most or len(data) != prepared.size_bytes:
        return f"{len(data):,} bytes"
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        upright = ImageOps.exif_transpose(image)
    except Exception as error:  # noqa: BLE001
        return f"does not open: {type(error).__name__}: {error}"
    found = "JPEG" if image.format == "MPO" else image.format
    if found not in ("JPEG", "PNG") or found != prepared.format:
        return f"is a {found}"
    if label != f"data:{prepared.media_type};base64":
        return f"label {label}"
    if upright.size != prepared.size:
        return f"size {upright.size}, said to be {prepared.size}"
    return "" if way != "small" or max(upright.size) <= 200 else f"size {upright.size}"


def check_same(path: Path, way: str, prepared: PreparedImage) -> str:
    """What nothing was done to is what it was, byte for byte."""
    if prepared.changes:
        return ""
    return "" if prepared.read() == path.read_bytes() else "changed without a word"


def check_pixels(path: Path, way: str, prepared: PreparedImage) -> str:
    """What is said to be lossless has the pixels that Pillow finds in the original."""
    from PIL import Image, ImageChops, ImageOps

    if not prepared.lossless:
        return ""
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - Pillow does not open the original as we did
        return ""
    if upright.size != prepared.size:
        return f"size {prepared.size}, in the original {upright.size}"
    ours = prepared.pil()
    compare: Callable[[Any], Any] = lambda image: image.convert("RGBA")  # noqa: E731
    if upright.mode.startswith("I") or ours.mode.startswith("I"):
        compare = lambda image: image.convert("I")  # noqa: E731
    difference = ImageChops.difference(
        compare(ours).convert("RGBA"), compare(upright).convert("RGBA")
    )
    return "" if not difference.getbbox(alpha_only=False) else "other pixels"


def report(
    table: dict[str, collections.Counter[str]],
    files: int,
    slowest: list[tuple[float, str]],
    bad: list[str],
    seconds: float,
) -> None:
    """Print what became of the files, way by way, and every violation."""
    kinds = sorted({kind for counts in table.values() for kind in counts})
    width = max(map(len, kinds))
    print(" " * width, *(f"{way:>12}" for way in table))
    for kind in kinds:
        print(f"{kind:<{width}}", *(f"{counts[kind]:>12}" for counts in table.values()))
    print(f"\n{files} files, {len(table)} ways, {seconds:.0f} s; the slowest:")
    for took, what in slowest:
        print(f"  {took:.2f} s  {what}")
    for line in bad:
        print("VIOLATION", line)
    print(f"{len(bad)} violations")


if __name__ == "__main__":
    sys.exit(main())
