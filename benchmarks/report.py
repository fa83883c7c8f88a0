"""From rounds to medians, ratios and their spread; as a table and as JSON."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.items import Item, Metric

_PACKAGES = ("xai-vision", "grpcio", "protobuf", "pybase64", "xai-sdk", "openai")
OURS = ("xai_vision", "fake", "xai_server")


def machine() -> dict[str, Any]:
    """What it was measured on."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": versions,
    }


def summary(item: Item, rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """An item's numbers: per metric and client the median, and its ratio with its spread."""
    clients = [name for name in item.clients if name in rounds[0]]
    numbers = {
        metric.name: {name: _number(metric, name, item.clients[0], rounds) for name in clients}
        for metric in item.metrics
        if metric.name in rounds[0][clients[0]]
    }
    return {"about": item.about, "rounds": len(rounds), "metrics": numbers}


def _number(metric: Metric, name: str, base: str, rounds: Any) -> dict[str, Any]:
    values = [one[name][metric.name] for one in rounds]
    measured: dict[str, Any] = {"median": statistics.median(values), "unit": metric.unit}
    # Where the first client took nothing to speak of, others are no multiple of it.
    compared = name != base and base in rounds[0]
    if compared and all(one[base][metric.name] for one in rounds):
        ratios = sorted(one[name][metric.name] / one[base][metric.name] for one in rounds)
        measured["ratio"] = statistics.median(ratios)
        measured["spread"] = [ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]]
    return measured


def rows(item: Item, made: dict[str, Any]) -> Iterator[list[str]]:
    """The item's rows of the table."""
    for metric in item.metrics:
        numbers = made["metrics"].get(metric.name)
        if numbers is None:
            continue
        cells = [f"{made['about']}: {metric.name} ({metric.unit})"]
        cells += [_cell(numbers[name]) if name in numbers else "-" for name in item.clients]
        yield [*cells, *verdict(metric, numbers)]


def _cell(number: dict[str, Any]) -> str:
    shown = f"{number['median']:.3g}" if number["median"] < 100 else f"{number['median']:,.0f}"
    if "ratio" not in number:
        return shown
    low, high = number["spread"]
    return f"{shown} = {number['ratio']:.2f}x ({low:.2f}-{high:.2f})"


def verdict(metric: Metric, numbers: dict[str, Any]) -> tuple[str, str]:
    """How far ours was to target, and "yes" or "no"; "" where nothing was said."""
    ours = next((numbers[name] for name in OURS if name in numbers), None)
    if ours is None:
        return "", ""
    if metric.most is not None:
        return f"<= {metric.most:.0f} {metric.unit}", "yes" if ours[
            "median"
        ] <= metric.most else "no"
    if metric.target is None or "ratio" not in ours:
        return "", ""
    ratio = round(ours["ratio"], 2)  # as it is shown
    good = ratio >= metric.target if metric.higher else ratio <= metric.target
    return f"{'>' if metric.higher else '<'}= {metric.target:.2f}x", "yes" if good else "no"


def table(header: list[str], lines: list[list[str]]) -> str:
    """A table that reads as text and as Markdown."""
    widths = [max(len(line[place]) for line in [header, *lines]) for place in range(len(header))]

    def row(cells: list[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([row(header), rule, *map(row, lines)])
