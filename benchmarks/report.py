"""Compute medians, ratios and their spread from rounds, and format them as a table."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.items import Item, Metric

_PACKAGES = ("xai-vision", "grpcio", "protobuf", "pybase64", "pillow", "xai-sdk", "openai")
OURS = ("xai_vision", "fake", "xai_server")


def machine(more: Iterable[str] = ()) -> dict[str, Any]:
    """Describe the machine and the versions of the packages, and of ``more`` packages."""
    versions = {}
    for name in (*_PACKAGES, *more):
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
    """Return an item's median, ratio and spread for each metric and client."""
    clients = [name for name in item.clients if name in rounds[0]]
    numbers = {
        metric.name: {name: _number(metric, name, item.clients[0], rounds) for name in clients}
        for metric in item.metrics
        if metric.name in rounds[0][clients[0]]
    }
    return {"about": item.about, "rounds": len(rounds), "metrics": numbers}


def _number(metric: Metric, name: str, base: str, rounds: Any) -> dict[str, Any]:
    values = [results[name][metric.name] for results in rounds]
    number: dict[str, Any] = {"median": statistics.median(values), "unit": metric.unit}
    # A ratio to 0 is not defined.
    compared = name != base and base in rounds[0]
    if compared and all(results[base][metric.name] for results in rounds):
        ratios = sorted(
            results[name][metric.name] / results[base][metric.name] for results in rounds
        )
        number["ratio"] = statistics.median(ratios)
        number["spread"] = [ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]]
    return number


def rows(item: Item, item_summary: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the item's rows of the table."""
    for metric in item.metrics:
        numbers = item_summary["metrics"].get(metric.name)
        if numbers is None:
            continue
        cells = [f"{item_summary['about']}: {metric.name} ({metric.unit})"]
        cells += [_cell(numbers[name]) if name in numbers else "-" for name in item.clients]
        yield [*cells, *target_result(metric, numbers)]


def _cell(number: dict[str, Any]) -> str:
    text = f"{number['median']:.3g}" if number["median"] < 100 else f"{number['median']:,.0f}"
    if "ratio" not in number:
        return text
    low, high = number["spread"]
    return f"{text} = {number['ratio']:.2f}x ({low:.2f}-{high:.2f})"


def target_result(metric: Metric, numbers: dict[str, Any]) -> tuple[str, str]:
    """Return the target of our client, and "yes" or "no"; both are "" without a target."""
    ours = next((numbers[name] for name in OURS if name in numbers), None)
    if ours is None:
        return "", ""
    if metric.maximum is not None:
        return f"<= {metric.maximum:.0f} {metric.unit}", "yes" if ours[
            "median"
        ] <= metric.maximum else "no"
    if metric.target is None or "ratio" not in ours:
        return "", ""
    ratio = round(ours["ratio"], 2)  # The displayed value.
    met = ratio >= metric.target if metric.higher else ratio <= metric.target
    return f"{'>' if metric.higher else '<'}= {metric.target:.2f}x", "yes" if met else "no"


def table(header: list[str], lines: list[list[str]]) -> str:
    """Format a Markdown table with aligned columns."""
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]

    def row(cells: list[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([row(header), rule, *map(row, lines)])
