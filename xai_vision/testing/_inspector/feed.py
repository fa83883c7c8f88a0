"""The changes of call logs since the last look, for the live page.

The page looks for changes itself, a few times in a second. Calls therefore cost the same whether
the inspector is on or off, apart from their traces.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._inspector.view import fingerprint, summarize

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._service.engine import Engine

# The status of a call can change shortly after its end, when a fault breaks its connection.
_WATCHED_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Change:
    """A call that is new or has changed.

    Attributes:
        call: The call.
        tenant: The name of its tenant. Several tenants can have the same name.
        log: The number of its log in the feed.
    """

    call: Call
    tenant: str
    log: int

    def summary(self) -> dict[str, Any]:
        """Return what the list of calls shows."""
        return {**summarize(self.call, self.tenant), "log": self.log}


class Feed:
    """Finds the calls that are new or have changed.

    Args:
        engines: A function that returns the tenants whose calls to show.
    """

    def __init__(self, engines: Callable[[], Iterable[Engine]]) -> None:
        self._engines = engines
        self._logs: dict[Engine, _LogFeed] = {}
        self._numbers = itertools.count()

    def poll(self) -> tuple[list[int], list[Change]]:
        """Return the numbers of the logs that were cleared, and the changed calls."""
        cleared: list[int] = []
        changed: list[Change] = []
        known = self._logs
        # Engines that are not shown any more are forgotten.
        self._logs = {
            engine: known.get(engine) or _LogFeed(engine, next(self._numbers))
            for engine in self._engines()
        }
        for engine, feed in self._logs.items():
            if feed.advance():
                cleared.append(feed.number)
            changed += [Change(call, engine.name, feed.number) for call in feed.take_changed()]
        changed.sort(key=lambda change: change.call.started)
        return cleared, changed


class _LogFeed:
    """The changes of one log, which has a number in its feed."""

    def __init__(self, engine: Engine, number: int) -> None:
        self.number = number
        self._log = engine.calls
        self._position = (0, 0)
        self._watched: dict[Call, Any] = {}

    def advance(self) -> bool:
        """Watch the calls that arrived since the last time; return whether the log was cleared."""
        before = self._position
        self._position, calls = self._log.added_since(before)
        is_cleared = before[0] != self._position[0]
        if is_cleared:
            self._watched.clear()
        self._watched |= dict.fromkeys(calls)
        return is_cleared and before != (0, 0)

    def take_changed(self) -> list[Call]:
        """Return the watched calls that have changed; stop to watch those that ended long ago."""
        changed = []
        for call, last in self._watched.items():
            current = fingerprint(call)
            if current != last:
                self._watched[call] = current
                changed.append(call)
        old = time.monotonic() - _WATCHED_SECONDS
        for call in [call for call in self._watched if call.ended is not None and call.ended < old]:
            del self._watched[call]
        return changed
