"""Write the table of the comparison into the documentation.

python -m benchmarks.bulk --json bulk.json
python -m benchmarks.bulk.pages bulk.json docs/bulk.md
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


def fill(page, results):
    """Return the page with its tables replaced."""
    tables = {"comparison": _table, "machine": _machine}
    return _MARKED.sub(lambda mark: f"{mark[1]}{tables[mark[2]](results)}{mark[3]}", page)


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


def main():
    source, *pages = sys.argv[1:]
    results = json.loads(Path(source).read_text())
    for name in pages:
        page = Path(name)
        page.write_text(fill(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
