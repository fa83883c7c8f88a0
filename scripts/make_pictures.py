#!/usr/bin/env python3
"""Write the sample pictures into a folder: python scripts/make_pictures.py OUTDIR."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from pictures import main

if __name__ == "__main__":
    main()
