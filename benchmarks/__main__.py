"""Run the benchmarks: ``python -m benchmarks``.

Clients run in rotation, each in its own process, against a server in another process with
pre-serialized responses. A ratio compares with the first client in the same round; the brackets
hold the interquartile range of the rounds.
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
        "--quick",
        action="store_true",
        help="under a minute: fewer and shorter items, without xai_sdk and openai",
    )
    parser.add_argument("--rounds", type=int, help="default 7; 2 with --quick")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these items; see --list")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers to FILE")
    parser.add_argument("--list", action="store_true", help="list the items")
    args = parser.parse_args()
    unknown = [name for name in args.only or () if name not in ITEMS]
    if unknown:
        parser.error(f"no item {unknown[0]!r}; see --list")
    return args


def _chosen(args):
    for item in ITEMS.values():
        if args.only:
            if item.name in args.only:
                yield item, item.parameters
        elif not args.quick:
            yield item, item.parameters
        elif item.quick is not None:
            yield item, item.quick


def _present(item: Item, *, peers: bool):
    """Return the item's clients; peers only if requested and installed."""
    return tuple(
        name
        for name in item.clients
        if name not in CLIENTS[2:] or (peers and importlib.util.find_spec(name))
    )


def main():
    args = _arguments()
    if args.list:
        for item in ITEMS.values():
            print(f"{item.name:20} {item.about}")
        return
    rounds = args.rounds or (2 if args.quick else 7)
    start, results, printed = time.monotonic(), {}, {}
    bench = Bench()
    try:
        for item, parameters in _chosen(args):
            if item.tls and bench.tls is None:
                print(f"{item.name}: skipped: needs trustme or openssl", file=sys.stderr)
                continue
            print(f"{item.name} ...", file=sys.stderr, flush=True)
            present = _present(item, peers=not args.quick)
            measured = run(bench, item, parameters, rounds, present, not args.quick)
            results[item.name] = report.summary(item, measured) | {"measured": measured}
            printed.setdefault(item.clients, []).extend(report.rows(item, results[item.name]))
    finally:
        bench.close()
    for clients, lines in printed.items():
        print("\n" + report.table(["", *clients, "target", "met"], lines))
    seconds = time.monotonic() - start
    print(f"\n{rounds} rounds, {seconds:.0f} s; {report.machine()}")
    if args.json:
        document = {"machine": report.machine(), "items": results}
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
