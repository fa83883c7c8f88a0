"""The benchmark's plot shows the numbers of its JSON."""

from __future__ import annotations

import re

from benchmarks.plot import LABELS, draw, place, rows


def results(**ratios: float) -> dict:
    clients = {name: {"median": 1, "ratio": ratio} for name, ratio in ratios.items()}
    return {"items": {"text": {"metrics": {"cpu": {"raw": {"median": 1}, **clients}}}}}


def test_the_length_of_bars_is_the_ratio():
    svg = draw(results(xai_vision=0.5, xai_sdk=4.0))
    assert ">0.50<" in svg
    assert ">4.00<" in svg
    assert LABELS["text"] in svg
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="10" fill', svg)]
    bars = sorted(width for width in widths if width != 10)
    assert round(bars[1] / bars[0], 1) == 2.0, "the scale is logarithmic"


def test_missing_results_are_not_drawn():
    assert rows({"items": {}}["items"]) == []
    assert [label for label, _ in rows(results(xai_vision=1.0)["items"])] == [LABELS["text"]]
    assert place(1000) == place(16)
