"""The table of docs/bulk.md is what the benchmark's program writes."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.bulk.__main__ import WAYS
from benchmarks.bulk.pages import _NAMES, fill

PAGE = Path(__file__).parents[2] / "docs" / "bulk.md"
NUMBERS = {"lost": 500, "calls": 2345, "cpu": 3.0, "memory": 29.4, "seconds": 21.7}
RESULTS = {
    "machine": {
        "python": "3.12.1",
        "system": "Linux x86_64",
        "processors": 4,
        "packages": {"grpcio": "1.80.0", "ray": None, "openai": "3.0"},
    },
    "rows": 2000,
    "faults": 0.04,
    "limits": {"100": {"plain": NUMBERS | {"rounds": [NUMBERS] * 3}}},
}


def test_fill():
    page = fill(PAGE.read_text(encoding="utf-8"), RESULTS)
    assert (
        "| 100/s | `asyncio.gather` and a semaphore | 500 | 2,345 | 2.0 ms | 29 MiB | 22 s |"
        in page
    )
    text = " ".join(page.split())
    assert "2,000 rows, 4% faults. Measured 3 times; the medians are shown, on 4" in text
    assert "Python 3.12.1, grpcio 1.80.0." in text
    assert fill(page, RESULTS) == page


def test_kills():
    numbers = {"kills": 20, "lost": 0, "rows": 2000, "paid_twice": 41, "allowed": 320}
    before = PAGE.read_text(encoding="utf-8")
    page = fill(before, {"kills": {"now": numbers}})
    assert "| `bulk.ask` | 20 | 0 of 2,000 | 41 | 320 |" in page
    comparison = before[: before.index("### Interruptions")]
    assert page.startswith(comparison)  # results without it leave it as it is


def test_the_page_compares_all_ways():
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index("<!-- figures: comparison") : page.index("<!-- figures: machine")]
    for way in WAYS:
        assert _NAMES[way] in table


def test_our_ways_lose_nothing():
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index("<!-- figures: comparison") : page.index("<!-- figures: machine")]
    lost = re.findall(r"\| `bulk\.\S+` \| ([\d,]+) \|", table)
    assert lost
    assert set(lost) == {"0"}
