"""The log of calls, and what can be asked of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

from xai_vision.testing.album import Album
from xai_vision.testing.calls import Call
from xai_vision.testing.conditions import ConditionArgs, Conditions

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CallList", "CallLog"]

_SHOWN = 10


class CallList(Sequence[Call]):
    """Calls in order of arrival."""

    def __init__(self, calls: Iterable[Call], asked: str = "") -> None:
        self._found = tuple(calls)
        self._asked = asked

    def _all(self) -> Sequence[Call]:
        return self._found

    @property
    def last(self) -> Call:
        """The newest call.

        Raises:
            LookupError: There is none.
        """
        calls = self._all()
        if not calls:
            raise LookupError(f"the server was not called{self._asked and f' with {self._asked}'}")
        return calls[-1]

    @property
    def attempts(self) -> CallList:
        """The newest call and those right before it that asked the very same: its attempts."""
        calls = self._all()
        start = len(calls) - 1
        while start > 0 and _same(calls[start - 1], calls[-1]):
            start -= 1
        return CallList(calls[max(start, 0) :])

    def where(self, **conditions: Unpack[ConditionArgs]) -> CallList:
        """The calls of which all conditions hold.

        Args:
            conditions: As for ``server.on``, and ``status="OK"``; see ``ConditionArgs``.
        """
        wanted = Conditions(**conditions)
        return CallList((call for call in self._all() if wanted.hold(call)), str(wanted))

    def assert_called(self, times: int | None = None, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail unless there were such calls.

        Args:
            times: How many exactly; None is at least one.
            conditions: As for ``where``.

        Raises:
            AssertionError: There were others, which it lists with what they lack.
        """
        __tracebackhide__ = True  # pytest then shows the test's own line
        wanted = Conditions(**conditions)
        calls = self._all()
        count = sum(wanted.hold(call) for call in calls)
        if count if times is None else count == times:
            return
        expected = "a call" if times is None else f"{times} calls" if times != 1 else "1 call"
        what = f" with {wanted}" if len(wanted) else ""
        raise AssertionError(
            f"expected {expected}{what}, but there were {count}; in all:\n{_listed(calls, wanted)}"
        )

    def assert_not_called(self, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail if there was such a call.

        Raises:
            AssertionError: There was.
        """
        __tracebackhide__ = True
        self.assert_called(0, **conditions)

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> CallList: ...
    def __getitem__(self, index: int | slice) -> Call | CallList:
        calls = self._all()
        return CallList(calls[index]) if isinstance(index, slice) else calls[index]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        calls = self._all()
        more = "… " if len(calls) > _SHOWN else ""
        return f"<{len(calls)} calls: {more}{', '.join(map(repr, calls[-_SHOWN:]))}>"


class CallLog(CallList):
    """Every call of a tenant; safe to read while calls come in.

    Attributes:
        total: How many calls there ever were, dropped ones included.
    """

    def __init__(self, keep: int, keep_bytes: int) -> None:
        super().__init__(())
        self._calls: deque[Call] = deque(maxlen=keep)
        self._lock = threading.Condition()
        self.album = Album(keep_bytes)
        self.total = 0

    def _all(self) -> Sequence[Call]:
        with self._lock:
            return tuple(self._calls)

    def add(self, call: Call) -> None:
        """Append a call."""
        with self._lock:
            self._calls.append(call)
            self.total += 1
            self._lock.notify_all()

    def wait_for(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until ``count`` calls have arrived in all, at most ``timeout`` seconds."""
        with self._lock:
            return self._lock.wait_for(lambda: self.total >= count, timeout)

    def clear(self) -> None:
        """Forget every call and picture."""
        with self._lock:
            self._calls.clear()
            self.total = 0
        self.album.clear()


def _same(one: Call, other: Call) -> bool:
    return one.method == other.method and one.request == other.request


def _listed(calls: Sequence[Call], wanted: Conditions) -> str:
    lines = []
    for call in calls[-_SHOWN:]:
        faults = wanted.faults(call)
        lines.append(f"  {call!r}{(faults and ': ' + '; '.join(faults)) or ''}")
    if len(calls) > _SHOWN:
        lines.insert(0, f"  … {len(calls) - _SHOWN} before")
    return "\n".join(lines) or "  no call at all"
