"""Measure: ``python -m benchmarks``.

Clients take turns, each in its own process, against a server in another one whose answers
are serialised beforehand. Ratios are to the first client of the same round; in brackets, the
middle half of the rounds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.items import CLIENTS, ITEMS, Item
from benchmarks.runner import Bench, run


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="under a minute: fewer, shorter, without peers"
    )
    parser.add_argument("--rounds", type=int, help="default 7; 2 with --quick")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these items; see --list")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there too")
    parser.add_argument("--list", action="store_true", help="the items, and what they measure")
    given = parser.parse_args()
    unknown = [name for name in given.only or () if name not in ITEMS]
    if unknown:
        parser.error(f"no item {unknown[0]!r}; see --list")
    return given


def _chosen(given):
    for item in ITEMS.values():
        if given.only:
            if item.name in given.only:
                yield item, item.parameters
        elif not given.quick:
            yield item, item.parameters
        elif item.quick is not None:
            yield item, item.quick


def _present(item: Item, *, peers: bool):
    """Its clients, without peers that are not installed, or without any."""
    return tuple(
        name
        for name in item.clients
        if name not in CLIENTS[2:] or (peers and importlib.util.find_spec(name))
    )


def main():
    given = _arguments()
    if given.list:
        for item in ITEMS.values():
            print(f"{item.name:20} {item.about}")
        return
    rounds = given.rounds or (2 if given.quick else 7)
    began, results, printed = time.monotonic(), {}, {}
    bench = Bench()
    try:
        for item, parameters in _chosen(given):
            if item.tls and bench.tls is None:
                print(f"{item.name}: left out, for want of trustme or openssl", file=sys.stderr)
                continue
            print(f"{item.name} ...", file=sys.stderr, flush=True)
            present = _present(item, peers=not given.quick)
            found = run(bench, item, parameters, rounds, present, not given.quick)
            results[item.name] = report.summary(item, found) | {"found": found}
            printed.setdefault(item.clients, []).extend(report.rows(item, results[item.name]))
    finally:
        bench.close()
    for clients, lines in printed.items():
        print("\n" + report.table(["", *clients, "target", "met"], lines))
    took = time.monotonic() - began
    print(f"\n{rounds} rounds, {took:.0f} s; {report.machine()}")
    if given.json:
        whole = {"machine": report.machine(), "items": results}
        given.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
