from __future__ import annotations

from importlib.util import find_spec

# Ray is large; it has an environment of its own.
collect_ignore = [] if find_spec("ray") else ["test_ray.py"]
