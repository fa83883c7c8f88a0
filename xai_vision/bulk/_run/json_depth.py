"""JSON of limited depth, which can be written again."""

from __future__ import annotations

import json
from typing import Any

# json.loads() accepts deeper values than json.dumps(); the limits depend on the Python version.
_MAX_JSON_DEPTH = 200


def load_json(text: str | bytes) -> Any:
    """Parse JSON that can be printed again.

    Raises:
        ValueError: The text is not valid JSON, or nested too deeply.
    """
    try:
        value = json.loads(text)
        if _depth_is_allowed(value):
            return value
    except RecursionError:
        pass
    raise ValueError(f"it is nested more than {_MAX_JSON_DEPTH} levels deep")


def _depth_is_allowed(value: object) -> bool:
    level = [value]
    for _ in range(_MAX_JSON_DEPTH):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return True
    return False
