from __future__ import annotations

from importlib.util import find_spec

# The packages of the extra "eyes" are in an environment of their own, see scripts/test.
NEEDS_PACKAGES = ["test_reading.py", "test_replies_with_text.py", "test_programs.py"]
collect_ignore = [] if find_spec("rapidocr") else NEEDS_PACKAGES
