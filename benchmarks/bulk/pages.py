"""Write the tables of the comparison and of the kills into the documentation.

python -m benchmarks.bulk --json bulk.json
python -m benchmarks.bulk.pages bulk.json docs/bulk.md

python -m benchmarks.bulk.kills --json kills.json
python -m benchmarks.bulk.pages kills.json docs/bulk.md
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path

_MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_NAMES = {
    "plain": "`asyncio.gather` and a semaphore",
    "daft": "an async function of Daft",
    "ray": "an async actor of Ray Data",
    "bulk": "`bulk.ask`",
    "bulk_ray": "`bulk.ray.ask`",
}

_KILLED = {
    "now": "`bulk.ask`",
    "batch": '`bulk.ask(via="batch")`',
    "ray-driver": "`bulk.ray.ask`, the driver with the whole cluster",
    "ray-worker": "`bulk.ray.ask`, an actor that asks",
    "ray-coordinator": "`bulk.ray.ask`, the actor that keeps the rate",
}


def fill(page, results):
    """Return the page with the tables replaced that the results have numbers for."""

    def replacement(mark):
        source, write = _TABLES[mark[2]]
        return f"{mark[1]}{write(results)}{mark[3]}" if source in results else mark[0]

    return _MARKED.sub(replacement, page)


def _table(results):
    lines = [
        "| limit | | rows lost | calls sent | CPU per answer | memory | time |",
        "|---|---|---|---|---|---|---|",
    ]
    for limit, ways in results["limits"].items():
        for way, numbers in ways.items():
            cpu = numbers["cpu"] / max(results["rows"] - numbers["lost"], 1) * 1000
            lines.append(
                f"| {limit}/s | {_NAMES[way]} | {numbers['lost']:,.0f} | {numbers['calls']:,.0f} "
                f"| {cpu:.1f} ms | {numbers['memory']:,.0f} MiB | {numbers['seconds']:.0f} s |"
            )
    return "\n" + "\n".join(lines) + "\n\n"


def _machine(results):
    about = results["machine"]
    rounds = min(
        len(numbers["rounds"]) for ways in results["limits"].values() for numbers in ways.values()
    )
    packages = [
        f"{name} {version}"
        for name, version in about["packages"].items()
        if version and name in ("grpcio", "daft", "ray")
    ]
    times = "once" if rounds == 1 else f"{rounds} times; the medians are shown"
    text = (
        f"{results['rows']:,} rows, {results['faults']:.0%} faults. Measured {times}, on "
        f"{about['processors']} processors, {about['system']}, Python {about['python']}, "
        f"{', '.join(packages)}."
    )
    return textwrap.fill(text, 100) + "\n"


def _kills(results):
    lines = ["| | kills | rows lost | rows paid twice | allowed |", "|---|---|---|---|---|"]
    for via, numbers in results["kills"].items():
        lines.append(
            f"| {_KILLED[via]} | {numbers['kills']} | {numbers['lost']} of {numbers['rows']:,} "
            f"| {numbers['paid_twice']} | {numbers['allowed']} |"
        )
    return "\n" + "\n".join(lines) + "\n\n"


_TABLES = {
    "comparison": ("limits", _table),
    "machine": ("limits", _machine),
    "kills": ("kills", _kills),
}


def main():
    source, *pages = sys.argv[1:]
    results = json.loads(Path(source).read_text())
    for name in pages:
        page = Path(name)
        page.write_text(fill(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
