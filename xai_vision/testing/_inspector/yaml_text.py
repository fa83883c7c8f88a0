"""YAML for values of JSON, in one line, without the package that reads YAML."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# JSON's escapes are a part of YAML's. These characters need one in YAML only: line breaks, and
# characters that its readers refuse.
_UNPRINTABLE: Final = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def flow(value: Any) -> str:
    """Return a value of JSON as YAML in flow style."""
    if isinstance(value, dict):
        entries = [f"{flow(str(key))}: {flow(item)}" for key, item in value.items()]
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str):
        return _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))
    if isinstance(value, float):
        # YAML 1.1 reads "1e-05" as a string, and "1.0e-05" as a number.
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    return json.dumps(value)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
