"""The logger of the package, and the environment variable that shows its records."""

from __future__ import annotations

import logging
import os
from typing import Final

from xai_vision.errors import ConfigurationError

VARIABLE: Final = "XAI_VISION_LOG"
"""The environment variable; "debug", "info" or "warning" prints records of that level."""

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}

logger = logging.getLogger("xai_vision")
# Without a handler, logging would print warnings of programs that did not set it up.
logger.addHandler(logging.NullHandler())

_printing = False


def print_logs_if_requested() -> None:
    """Print the records to stderr if the environment variable is set.

    Raises:
        ConfigurationError: Its value is not a level.
    """
    global _printing  # noqa: PLW0603 - the logger belongs to the process
    name = os.environ.get(VARIABLE, "").strip().lower()
    if not name or _printing:
        return
    if name not in _LEVELS:
        raise ConfigurationError(f"{VARIABLE} must be one of {', '.join(_LEVELS)}, not {name!r}")
    _printing = True
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    # The program's own handlers would print the records again.
    logger.propagate = False
    logger.setLevel(_LEVELS[name])
