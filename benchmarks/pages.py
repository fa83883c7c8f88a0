"""Write the tables of a benchmark into the documentation.

python -m benchmarks --json speed.json
python -m benchmarks.pages speed.json docs/speed.md README.md

A page has a pair of comments around each table, such as ``<!-- figures: start -->`` and
``<!-- end of figures -->``. The text between them is replaced. ``machine`` is a sentence about the
machine and the versions instead of a table.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.items import CLIENTS, ITEMS
from benchmarks.report import OURS, target_result

NAMES = {
    "pillow": "Pillow",
    "bare_aio": "bare grpc.aio",
    "bare_sync": "bare grpc",
    "fake": "FakeServer",
    "xai_server": "the fixture `xai_server`",
    "fake_server": "FakeServer",
}
_MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


class Row(NamedTuple):
    """A row of a table: an item, its metric and the label."""

    item: str
    metric: str
    label: str


class Table(NamedTuple):
    """A table of clients; ``short`` shows only ratios."""

    rows: Sequence[Row]
    clients: Sequence[str] = CLIENTS
    head: str = ""
    short: bool = False


def _images() -> Iterator[Row]:
    for size in (1, 10, 19):
        for source, source_label in (("path", "a Path"), ("bytes", "bytes")):
            for metric, metric_label in (("cpu", "CPU"), ("memory", "memory")):
                label = f"{size} MiB from {source_label}, {metric_label}"
                yield Row(f"image-{size}-{source}", metric, label)


def _preparations() -> Iterator[Row]:
    for item in ITEMS.values():
        if item.task == "prepare":
            for metric, label in (("cpu", "CPU"), ("memory", "memory")):
                yield Row(item.name, metric, f"{item.about}, {label}")


TABLES = {
    "start": Table(
        (
            Row("import", "cpu", "import the client, CPU"),
            Row("cold", "cpu", "import to first response, CPU"),
        )
    ),
    "prompts": Table(
        (
            Row("text", "p50", "median time"),
            Row("text", "cpu", "CPU"),
            Row("text-tls", "p50", "TLS, median time"),
            Row("text-tls", "cpu", "TLS, CPU"),
            Row("async-64", "wall", "asyncio, 64 in flight, time per call"),
            Row("threads-16", "wall", "16 threads, time per call"),
            Row("threads-16", "cpu", "16 threads, CPU per call"),
        )
    ),
    "images": Table(tuple(_images())),
    "preparing": Table(tuple(_preparations()), ("pillow", "xai_vision")),
    "conversations": Table(
        (
            Row("conversation", "cpu", "CPU"),
            Row("conversation", "wall", "time"),
            Row("conversation", "memory", "memory"),
            Row("conversation", "growth", "time that each turn adds"),
        )
    ),
    "uploads": Table(
        (
            Row("upload-200", "cpu", "CPU"),
            Row("upload-200", "wall", "time"),
            Row("upload-200", "memory", "memory"),
        ),
        ("raw", "xai_vision", "xai_sdk"),
    ),
    "bulk": Table(
        (
            Row("bulk-asyncio", "memory", "asyncio, memory"),
            Row("bulk-asyncio", "cpu", "asyncio, CPU"),
            Row("bulk-threads", "memory", "threads, memory"),
            Row("bulk-threads", "cpu", "threads, CPU"),
        ),
        ("raw", "xai_vision"),
    ),
    "streams": Table(
        (
            Row("stream-500-read", "cpu", "500 chunks, `.content` read at each"),
            Row("stream-4000-read", "cpu", "4,000 chunks, likewise"),
            Row("stream-16000-read", "cpu", "16,000 chunks, likewise"),
            Row("stream-16000", "cpu", "16,000 chunks, read at the end"),
            Row("stream-paced", "cpu", "200 chunks, 2 ms apart"),
            Row("async-stream", "cpu", "asyncio, 2,000 chunks, read at each"),
            Row("async-streams", "cpu", "asyncio, 16 streams, read at each"),
        ),
        head="CPU per chunk",
    ),
    "chunks": Table(
        (Row("stream-16000-read", "memory", "16,000 chunks, `.content` read at each"),),
        head="memory",
    ),
    "fake": Table(
        (
            Row("fake-start", "wall", "import to an open port"),
            Row("fake-rate", "rate", "short calls per second, 16 in flight"),
        ),
        ("bare_aio", "bare_sync", "fake"),
    ),
    "fixture": Table(
        (Row("fixture", "wall", "a test's server, set up and taken down"),),
        ("bare_sync", "xai_server", "fake_server"),
    ),
    "glance": Table(
        (
            Row("import", "cpu", "importing the client"),
            Row("text", "cpu", "a short prompt"),
            Row("image-10-path", "cpu", "an image of 10 MiB from a file"),
            Row("conversation", "cpu", "20 turns, an image in each"),
            Row("stream-16000-read", "cpu", "a stream of 16,000 chunks, read at each"),
        ),
        ("xai_vision", "xai_sdk", "openai"),
        "CPU, as a multiple of bare gRPC",
        short=True,
    ),
}


def fill(page: str, results: dict[str, Any]) -> str:
    """Return the page with its tables replaced.

    A table stays the same unless all its items were measured.

    Raises:
        KeyError: The page has markers for an unknown table.
    """

    def replacement(mark: re.Match[str]) -> str:
        if mark[2] == "machine":
            return f"{mark[1]}{_machine(results)}\n{mark[3]}"
        table = TABLES[mark[2]]
        if not all(row.item in results["items"] for row in table.rows):
            return mark[0]
        lines = "\n".join(_lines(table, results["items"]))
        return f"{mark[1]}\n{lines}\n\n{mark[3]}"

    return _MARKED.sub(replacement, page)


def _lines(table: Table, items: dict[str, Any]) -> Iterator[str]:
    target_head = [] if table.short else ["target"]
    yield _line([table.head, *(NAMES.get(name, name) for name in table.clients), *target_head])
    yield "|---" * (1 + len(table.clients) + len(target_head)) + "|"
    for row in table.rows:
        numbers = items[row.item]["metrics"][row.metric]
        cells = [_cell(numbers.get(name), name, table.short) for name in table.clients]
        yield _line([row.label, *cells, *(_target(row, numbers) for _ in target_head)])


def _line(cells: Sequence[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def _cell(number: dict[str, Any] | None, client: str, short: bool) -> str:
    if number is None:
        return ""
    if short:
        return f"{number['ratio']:.2f}"
    text = _amount(number["median"], number["unit"].partition("/")[0])
    if "ratio" not in number:
        return text
    low, high = number["spread"]
    spread = f" ({low:.2f}-{high:.2f})" if client in OURS else ""
    return f"{text} = {number['ratio']:.2f}x{spread}"


def _amount(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or unit == "calls" else 1
    return f"{value:,.{digits}f}" + ("" if unit == "calls" else f" {unit}")


def _target(row: Row, numbers: dict[str, Any]) -> str:
    metric = next(metric for metric in ITEMS[row.item].metrics if metric.name == row.metric)
    target, met = target_result(metric, numbers)
    limit = target.lstrip("<>= ")
    return f"{limit}, missed" if met == "no" else limit


def _machine(results: dict[str, Any]) -> str:
    about = results["machine"]
    rounds = min(item["rounds"] for item in results["items"].values())
    packages = [f"{name} {version}" for name, version in about["packages"].items() if version]
    text = (
        f"Measured with {rounds} rounds on {about['processors']} processors, {about['system']}, "
        f"Python {about['python']}, {', '.join(packages[1:])}."
    )
    return textwrap.fill(text, 100)


def main() -> None:
    """Fill the tables of the pages named on the command line."""
    source, *pages = sys.argv[1:]
    results = json.loads(Path(source).read_text())
    for name in pages:
        page = Path(name)
        page.write_text(fill(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
