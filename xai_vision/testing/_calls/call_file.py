"""A file with a line of JSON for each call, for programs outside the test's process."""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.redaction import redact

_log = logging.getLogger("xai_vision.testing")


class CallFile:
    """Writes calls as JSON Lines. Each line is written when its call ends, before its client knows.

    A line is ``Call.to_dict(volatile=True)`` with "time", the end in UTC, and "tenant". It has no
    API key. If writing fails, for example because the disk is full, that is logged once, and no
    more lines are written.

    Args:
        target: The path of the file, to which lines are appended, or a text stream.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, target: str | os.PathLike[str] | TextIO) -> None:
        self._owned = isinstance(target, (str, os.PathLike))
        self._stream: TextIO | None = (
            Path(target).open("a", encoding="utf-8")  # noqa: SIM115 - close() closes it
            if isinstance(target, (str, os.PathLike))
            else target
        )
        self._lock = threading.Lock()

    def write(self, call: Call, tenant: str) -> None:
        """Append the line of a call that has ended."""
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        fields = {"time": time, "tenant": tenant, **call.to_dict(volatile=True)}
        # json.dumps() escapes all other control characters, which may reach a terminal.
        text = json.dumps(fields, separators=(",", ":")).replace("\x7f", "\\u007f")
        line = redact(text)
        with self._lock:
            if self._stream is None:
                return
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except (OSError, ValueError) as error:  # ValueError: the stream is closed.
                self._stream = None
                _log.error("the fake server cannot write its calls any more: %s", error)

    def close(self) -> None:
        """Close the file, if this object has opened it."""
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None and self._owned:
            stream.close()
