"""Figures get into the pages from the benchmark's JSON, and from nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.items import ITEMS
from benchmarks.pages import TABLES, fill

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "speed.md"]
MARK = "<!-- figures: {} -->\n{}<!-- end of figures -->\n"


def number(median, unit, ratio=None, spread=(0.9, 1.1)):
    found = {"median": median, "unit": unit}
    return found if ratio is None else found | {"ratio": ratio, "spread": list(spread)}


def measured(ratio):
    cpu = {"raw": number(80.0, "ms"), "xai_vision": number(100.0, "ms", ratio)}
    item = {"rounds": 7, "metrics": {"cpu": cpu}}
    return {
        "machine": {
            "python": "3.11.7",
            "system": "Linux x86_64",
            "processors": 2,
            "packages": {"xai-vision": "0.1.0", "grpcio": "1.85.3", "openai": None},
        },
        "items": {"import": item, "cold": item},
    }


def test_a_table_is_written_between_its_marks():
    page = f"Before\n{MARK.format('start', 'old')}after\n"
    assert fill(page, measured(1.253)) == (
        "Before\n<!-- figures: start -->\n\n"
        "| | raw | xai_vision | xai_sdk | openai | target |\n"
        "|---|---|---|---|---|---|\n"
        "| import the client, CPU | 80.0 ms | 100 ms = 1.25x (0.90-1.10) | | | 1.25x |\n"
        "| import to first response, CPU | 80.0 ms | 100 ms = 1.25x (0.90-1.10) | | | 1.25x |\n"
        "\n<!-- end of figures -->\nafter\n"
    )


def test_a_missed_target_is_marked():
    filled = fill(MARK.format("start", ""), measured(1.26))
    assert filled.count("| 1.25x, missed |") == 2


def test_filling_again_changes_nothing():
    once = fill(MARK.format("start", "old") + MARK.format("machine", ""), measured(1.0))
    assert fill(once, measured(1.0)) == once
    assert "7 rounds on 2 processors, Linux x86_64, Python 3.11.7, grpcio 1.85.3." in once


def test_what_was_not_measured_whole_stays_as_it_is():
    page = MARK.format("streams", "| as it was |\n")
    assert fill(page, measured(1.0)) == page


def test_a_table_there_is_not():
    with pytest.raises(KeyError, match="nonsense"):
        fill(MARK.format("nonsense", ""), measured(1.0))


def test_the_pages_show_each_table_and_no_other():
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    shown = [name for text in texts for name in re.findall(r"<!-- figures: (\w+) -->", text)]
    assert sorted(shown) == sorted([*TABLES, "machine"])
    ends = sum(text.count("<!-- end of figures -->") for text in texts)
    assert ends == len(shown)


def test_tables_show_what_is_measured():
    for table in TABLES.values():
        for row in table.rows:
            assert row.metric in [metric.name for metric in ITEMS[row.item].metrics]
