"""The image of the benchmark shows what its JSON says."""

from __future__ import annotations

import re

from benchmarks.plot import SHOWN, draw, place, rows


def measured(**ratios: float) -> dict:
    clients = {who: {"median": 1, "ratio": ratio} for who, ratio in ratios.items()}
    return {"items": {"text": {"metrics": {"cpu": {"raw": {"median": 1}, **clients}}}}}


def test_bars_stand_for_ratios():
    drawn = draw(measured(xai_vision=0.5, xai_sdk=4.0))
    assert ">0.50<" in drawn
    assert ">4.00<" in drawn
    assert SHOWN["text"] in drawn
    widths = [float(found) for found in re.findall(r'width="([\d.]+)" height="10" fill', drawn)]
    bars = sorted(width for width in widths if width != 10)
    assert round(bars[1] / bars[0], 1) == 2.0, "two doublings are twice as long as one"


def test_what_was_not_measured_is_not_drawn():
    assert rows({"items": {}}["items"]) == []
    assert [label for label, _ in rows(measured(xai_vision=1.0)["items"])] == [SHOWN["text"]]
    assert place(1000) == place(16)
