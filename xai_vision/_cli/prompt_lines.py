"""The JSONL files with prompts and images that ``xai-vision batches add`` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from xai_vision._cli.exit_codes import CliError, Exit

_KEYS: Final = ("id", "prompt", "images")


def read_requests(lines: Iterable[str]) -> list[tuple[str | None, str, list[str]]]:
    """Return the requests of a file as (id, prompt, images).

    A request without an id has the name of its only image.

    Raises:
        CliError: A line is not valid; the message has its number.
    """
    requests = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"--requests: line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise CliError(f"{where} is not valid JSON", Exit.USAGE) from None
        if not isinstance(value, dict):
            raise CliError(f"{where} is not a JSON object", Exit.USAGE)
        unknown = [key for key in value if key not in _KEYS]
        if unknown:
            known = ", ".join(_KEYS)
            raise CliError(f"{where} has the key {unknown[0]!r:.80}. Known are {known}", Exit.USAGE)
        request_id, prompt, images = (value.get(key) for key in _KEYS)
        names = [] if images is None else [images] if isinstance(images, str) else images
        if not isinstance(prompt, str) or not prompt.strip():
            raise CliError(f"{where}: prompt must be text that is not empty", Exit.USAGE)
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise CliError(f"{where}: images must be a name or a list of names", Exit.USAGE)
        if not isinstance(request_id, (str, type(None))):
            raise CliError(f"{where}: id must be text", Exit.USAGE)
        requests.append((request_id or (names[0] if len(names) == 1 else None), prompt, names))
    if not requests:
        raise CliError("--requests: the file has no requests", Exit.USAGE)
    return requests
