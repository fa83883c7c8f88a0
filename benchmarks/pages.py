"""Write a benchmark's figures into the pages that show them.

python -m benchmarks --json speed.json
python -m benchmarks.pages speed.json docs/speed.md README.md

A page has a pair of comments around each table, ``<!-- figures: start -->`` and
``<!-- end of figures -->``; what is between them is written anew. ``machine`` is no table, but
says what it was measured with.
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
from benchmarks.report import OURS, verdict

NAMES = {
    "bare_aio": "bare grpc.aio",
    "bare_sync": "bare grpc",
    "fake": "FakeServer",
    "xai_server": "the fixture `xai_server`",
    "fake_server": "FakeServer",
}
_MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


class Row(NamedTuple):
    """One line: what of the benchmark it shows, and what to call it."""

    item: str
    metric: str
    label: str


class Table(NamedTuple):
    """Some lines beside each other; ``short`` shows nothing but ratios."""

    rows: Sequence[Row]
    who: Sequence[str] = CLIENTS
    head: str = ""
    short: bool = False


def _images() -> Iterator[Row]:
    for size in (1, 10, 19):
        for source, told in (("path", "a Path"), ("bytes", "bytes")):
            for metric, what in (("cpu", "CPU"), ("memory", "memory")):
                yield Row(f"image-{size}-{source}", metric, f"{size} MiB from {told}, {what}")


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
    "conversations": Table(
        (
            Row("conversation", "cpu", "CPU"),
            Row("conversation", "wall", "time"),
            Row("conversation", "memory", "memory"),
            Row("conversation", "growth", "time that each turn adds"),
        )
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
            Row("conversation", "cpu", "20 turns, an image at each"),
            Row("stream-16000-read", "cpu", "a stream of 16,000 chunks, read at each"),
        ),
        ("xai_vision", "xai_sdk", "openai"),
        "CPU, as a multiple of bare gRPC",
        short=True,
    ),
}


def fill(page: str, measured: dict[str, Any]) -> str:
    """The page with its tables written anew; one that was not measured whole stays as it is.

    Raises:
        KeyError: The page asks for a table there is not.
    """

    def figures(mark: re.Match[str]) -> str:
        if mark[2] == "machine":
            return f"{mark[1]}{_machine(measured)}\n{mark[3]}"
        wanted = TABLES[mark[2]]
        if not all(row.item in measured["items"] for row in wanted.rows):
            return mark[0]
        lines = "\n".join(_lines(wanted, measured["items"]))
        return f"{mark[1]}\n{lines}\n\n{mark[3]}"

    return _MARKED.sub(figures, page)


def _lines(table: Table, items: dict[str, Any]) -> Iterator[str]:
    reaches = [] if table.short else ["target"]
    yield _line([table.head, *(NAMES.get(who, who) for who in table.who), *reaches])
    yield "|---" * (1 + len(table.who) + len(reaches)) + "|"
    for row in table.rows:
        numbers = items[row.item]["metrics"][row.metric]
        cells = [_cell(numbers.get(who), who, table.short) for who in table.who]
        yield _line([row.label, *cells, *(_reach(row, numbers) for _ in reaches)])


def _line(cells: Sequence[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def _cell(number: dict[str, Any] | None, who: str, short: bool) -> str:
    if number is None:
        return ""
    if short:
        return f"{number['ratio']:.2f}"
    shown = _amount(number["median"], number["unit"].partition("/")[0])
    if "ratio" not in number:
        return shown
    low, high = number["spread"]
    spread = f" ({low:.2f}-{high:.2f})" if who in OURS else ""
    return f"{shown} = {number['ratio']:.2f}x{spread}"


def _amount(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or unit == "calls" else 1
    return f"{value:,.{digits}f}" + ("" if unit == "calls" else f" {unit}")


def _reach(row: Row, numbers: dict[str, Any]) -> str:
    metric = next(one for one in ITEMS[row.item].metrics if one.name == row.metric)
    wanted, met = verdict(metric, numbers)
    limit = wanted.lstrip("<>= ")
    return f"{limit}, missed" if met == "no" else limit


def _machine(measured: dict[str, Any]) -> str:
    about = measured["machine"]
    rounds = min(item["rounds"] for item in measured["items"].values())
    packages = [f"{name} {there}" for name, there in about["packages"].items() if there]
    words = (
        f"Measured with {rounds} rounds on {about['processors']} processors, {about['system']}, "
        f"Python {about['python']}, {', '.join(packages[1:])}."
    )
    return textwrap.fill(words, 100)


def main() -> None:
    """Fill the pages named on the command line."""
    source, *pages = sys.argv[1:]
    measured = json.loads(Path(source).read_text())
    for name in pages:
        page = Path(name)
        page.write_text(fill(page.read_text(encoding="utf-8"), measured), encoding="utf-8")


if __name__ == "__main__":
    main()
