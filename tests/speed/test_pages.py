"""The tables in the documentation are generated from the benchmark's JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.items import ITEMS
from benchmarks.pages import TABLES, fill

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "speed.md"]
MARKERS = "<!-- figures: {} -->\n{}<!-- end of figures -->\n"


def number(median, unit, ratio=None, spread=(0.9, 1.1)):
    entry = {"median": median, "unit": unit}
    return entry if ratio is None else entry | {"ratio": ratio, "spread": list(spread)}


def results(ratio):
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


def test_a_table_is_written_between_its_markers():
    page = f"Before\n{MARKERS.format('start', 'old')}after\n"
    assert fill(page, results(1.253)) == (
        "Before\n<!-- figures: start -->\n\n"
        "| | raw | xai_vision | xai_sdk | openai | target |\n"
        "|---|---|---|---|---|---|\n"
        "| import the client, CPU | 80.0 ms | 100 ms = 1.25x (0.90-1.10) | | | 1.25x |\n"
        "| import to first response, CPU | 80.0 ms | 100 ms = 1.25x (0.90-1.10) | | | 1.25x |\n"
        "\n<!-- end of figures -->\nafter\n"
    )


def test_a_missed_target_is_marked():
    filled = fill(MARKERS.format("start", ""), results(1.26))
    assert filled.count("| 1.25x, missed |") == 2


def test_fill_is_idempotent():
    filled = fill(MARKERS.format("start", "old") + MARKERS.format("machine", ""), results(1.0))
    assert fill(filled, results(1.0)) == filled
    assert "7 rounds on 2 processors, Linux x86_64, Python 3.11.7, grpcio 1.85.3." in filled


def test_a_table_without_complete_results_is_not_changed():
    page = MARKERS.format("streams", "| old |\n")
    assert fill(page, results(1.0)) == page


def test_an_unknown_table():
    with pytest.raises(KeyError, match="unknown"):
        fill(MARKERS.format("unknown", ""), results(1.0))


def test_the_pages_contain_each_table():
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    tables = [name for text in texts for name in re.findall(r"<!-- figures: (\w+) -->", text)]
    assert sorted(tables) == sorted([*TABLES, "machine"])
    ends = sum(text.count("<!-- end of figures -->") for text in texts)
    assert ends == len(tables)


def test_the_rows_of_tables_are_measured():
    for table in TABLES.values():
        for row in table.rows:
            assert row.metric in [metric.name for metric in ITEMS[row.item].metrics]


def test_the_rows_of_the_pages_have_the_labels_of_the_tables():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name, body in re.findall(r"<!-- figures: (\w+) -->(.*?)<!-- end", text, re.DOTALL):
            if name in TABLES:
                _, _, *lines = body.strip().splitlines()
                labels = [line.split("|")[1].strip() for line in lines]
                assert labels == [row.label for row in TABLES[name].rows], (page.name, name)
