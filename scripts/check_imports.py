#!/usr/bin/env python3
"""Check the direction of imports, and that no circle of imports exists.

The layers and forbidden imports are in ``.importlinter``. Circles are looked for over all
imports of the package, including those inside functions and under ``TYPE_CHECKING``.
"""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter

import grimp
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PACKAGE = "xai_vision"


def find_circle() -> list[str]:
    """Return the modules of one import circle in order, or an empty list."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=False)
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return [str(module) for module in error.args[1]]
    return []


def main() -> int:
    """Run both checks; the exit code says whether both passed."""
    status = lint_imports()
    circle = find_circle()
    if circle:
        print("import circle:\n  " + "\n  imports ".join(reversed(circle)), file=sys.stderr)
    return 0 if status == EXIT_STATUS_SUCCESS and not circle else 1


if __name__ == "__main__":
    sys.exit(main())
