"""Ask about the images of a folder in one way: a process of its own, so that it can be measured.

python -m benchmarks.bulk.worker WAY TARGET KEY FOLDER OUT
"""

from __future__ import annotations

import sys

# Not in this module: the processes of Ray import functions by the name of their module.
from benchmarks.bulk.loops import WAYS


def main():
    way, *arguments = sys.argv[1:]
    WAYS[way](*arguments)
    print("done", flush=True)
    sys.stdin.read()  # The caller measures this process before it ends.


if __name__ == "__main__":
    main()
