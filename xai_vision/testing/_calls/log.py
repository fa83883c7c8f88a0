"""The log of calls, and what can be asked of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from xai_vision.testing._calls.images import Album
from xai_vision.testing._calls.record import Call
from xai_vision.testing._calls.size import weigh
from xai_vision.testing._rules.conditions import ConditionArgs, Conditions
from xai_vision.testing._validation import number, whole
from xai_vision.testing._words import counted

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["CallList", "CallLog"]

_SHOWN = 10


class CallList(Sequence[Call]):
    """Calls in order of arrival. It can be pickled and copied."""

    def __init__(
        self,
        calls: Iterable[Call],
        asked: str = "",
        *,
        dropped: int = 0,
        nearest: str = "",
        account: Callable[[Call], str] | None = None,
    ) -> None:
        self._found = tuple(calls)
        self._asked = asked
        self._nearest = nearest
        self._lost = dropped
        self._account = account

    @property
    def dropped(self) -> int:
        """How many older calls the log no longer has, whatever they were.

        The settings ``keep_calls`` and ``keep_log_bytes`` say how much it keeps.
        """
        return self._lost

    @property
    def last(self) -> Call:
        """The newest call.

        Raises:
            LookupError: There is none.
        """
        calls = self._all()
        if not calls:
            raise LookupError(self._not_called())
        return calls[-1]

    @property
    def attempts(self) -> CallList:
        """The newest call, and those right before it that asked the very same and failed.

        That is what a client's trying again looks like, whether it says so (``call.attempt``)
        or not.
        """
        calls = self._all()
        start = len(calls) - 1
        while start > 0 and _tried_again(calls[start - 1], calls[-1]):
            start -= 1
        return self._part(calls[max(start, 0) :])

    def where(self, **conditions: Unpack[ConditionArgs]) -> CallList:
        """The calls of which all conditions hold.

        Args:
            conditions: As for ``server.on``, and ``status="OK"``; see ``ConditionArgs``.
        """
        wanted = Conditions("where()", conditions)
        calls = self._all()
        found = [call for call in calls if wanted.hold(call)]
        asked = self._asked
        if len(wanted):
            asked += f"{' and' if asked else ''} with {wanted}"
        return self._part(found, asked, "" if found else wanted.nearest(calls))

    def assert_called(self, times: int | None = None, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail unless there were such calls.

        Args:
            times: How many exactly; None is at least one.
            conditions: As for ``where``.

        Raises:
            AssertionError: There were others. It names the nearest one and what it lacks, and
                lists the last ones with the rules that answered them. Or the log has dropped
                calls that might have counted, so that nobody can tell.
        """
        __tracebackhide__ = True  # pytest then shows the test's own line
        wanted = Conditions("assert_called()", conditions, ["times"])
        if times is not None:
            whole("assert_called(): times", times, 0)
        calls = self._all()
        count = sum(wanted.hold(call) for call in calls)
        enough = count > 0 if times is None else count == times
        if enough and (times is None or not self.dropped):
            return
        expected = "a call" if times is None else f"{times} calls" if times != 1 else "1 call"
        what = f"{self._asked}{' and' if self._asked and len(wanted) else ''}"
        what += f" with {wanted}" if len(wanted) else ""
        text = f"expected {expected}{what}, but there were {count}{self._gone()}"
        if enough:
            text += " and may have counted; the settings keep_calls and keep_log_bytes keep more"
        if count < (1 if times is None else times) and calls and len(wanted):
            text += f". {wanted.nearest(calls)}"
        raise AssertionError(f"{text}; in all:\n{self._listed(calls, wanted)}")

    def assert_not_called(self, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail if there was such a call.

        Raises:
            AssertionError: There was, or the log has dropped calls, so that nobody can tell.
        """
        __tracebackhide__ = True
        self.assert_called(0, **conditions)

    def _all(self) -> Sequence[Call]:
        return self._found

    def _part(self, calls: Iterable[Call], asked: str | None = None, nearest: str = "") -> CallList:
        asked = self._asked if asked is None else asked
        return CallList(calls, asked, dropped=self.dropped, nearest=nearest, account=self._account)

    def _not_called(self) -> str:
        nearest = f". {self._nearest}" if self._nearest else ""
        return f"the server was not called{self._asked}{self._gone()}{nearest}"

    def _gone(self) -> str:
        dropped = self.dropped
        return f" ({counted(dropped, 'older call')} no longer in the log)" if dropped else ""

    def summary(self) -> str:
        """The last calls and what became of each: which rule answered, or which was nearest."""
        calls = self._all()
        if not calls:
            return f"T{self._not_called()[1:]}."
        return f"{counted(len(calls), 'call')}{self._gone()}:\n{self._listed(calls)}"

    def _listed(self, calls: Sequence[Call], wanted: Conditions | None = None) -> str:
        lines = [f"  … {len(calls) - _SHOWN} before"] if len(calls) > _SHOWN else []
        for call in calls[-_SHOWN:]:
            faults = wanted.faults(call) if wanted else []
            lines.append(f"  {call!r}{(faults and ': ' + '; '.join(faults)) or ''}")
            if self._account is not None:
                lines.append(f"    {self._account(call)}")
        return "\n".join(lines) or "  no call at all"

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> CallList: ...
    def __getitem__(self, index: int | slice) -> Call | CallList:
        calls = self._all()
        return self._part(calls[index]) if isinstance(index, slice) else calls[index]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return _record, (tuple(self._all()), self._asked, self.dropped, self._nearest)

    def __repr__(self) -> str:
        calls = self._all()
        more = "… " if len(calls) > _SHOWN else ""
        shown = ", ".join(map(repr, calls[-_SHOWN:]))
        return f"<{counted(len(calls), 'call')}{self._gone()}: {more}{shown}>"


class CallLog(CallList):
    """Every call of a tenant; safe to read while calls come in.

    A pickle or a copy of it is a ``CallList`` of what there was at that moment.

    Args:
        keep: How many calls.
        keep_bytes: How many bytes, pictures included; see the setting ``keep_log_bytes``.
        account: Says which rule answered a call, or which was nearest.
    """

    def __init__(
        self, keep: int, keep_bytes: int, account: Callable[[Call], str] | None = None
    ) -> None:
        super().__init__((), account=account)
        self._keep = keep
        self._limit = keep_bytes
        self._calls: deque[Call] = deque()
        self._ended: deque[Call] = deque()
        self._held = 0
        self._total = 0
        self._lock = threading.Condition()
        self.album = Album(keep_bytes)

    @property
    def total(self) -> int:
        """How many calls there ever were, dropped ones included."""
        return self._total

    @property
    def dropped(self) -> int:
        """How many of them the log no longer has."""
        with self._lock:
            return self._total - len(self._calls)

    def _all(self) -> Sequence[Call]:
        with self._lock:
            return tuple(self._calls)

    def add(self, call: Call) -> None:
        """Append a call."""
        with self._lock:
            call.enter(self)
            self._calls.append(call)
            self._total += 1
            while len(self._calls) > self._keep:
                self._drop(self._calls[0])
            self._lock.notify_all()

    def settle(self, call: Call) -> None:
        """Count what a call that is over holds, and make room for it."""
        with self._lock:
            if not call.stands_in(self):
                return  # dropped meanwhile, or forgotten
            weight = weigh(call)
            if not call.weight:
                self._ended.append(call)
            self._held += weight - call.weight
            call.weight = weight
            while self._held > self._limit // 2 and len(self._ended) > 1:
                newest = self._calls[-1]
                self._drop(self._ended[1] if self._ended[0] is newest else self._ended[0])
            left = self._limit - self._held
        self.album.limit(max(0, left))

    def _drop(self, call: Call) -> None:
        self._calls.remove(call)
        if call.weight:
            self._ended.remove(call)
            self._held -= call.weight
        call.enter(None)

    def wait_for(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until ``count`` calls have arrived in all, at most ``timeout`` seconds."""
        whole("wait_for(): count", count, 0)
        number("wait_for(): timeout", timeout)
        with self._lock:
            return self._lock.wait_for(lambda: self._total >= count, timeout)

    def clear(self) -> None:
        """Forget every call and picture."""
        with self._lock:
            for call in self._calls:
                call.enter(None)
            self._calls.clear()
            self._ended.clear()
            self._held = self._total = 0
        self.album.clear()
        self.album.limit(self._limit)


def _record(calls: tuple[Call, ...], asked: str, dropped: int, nearest: str) -> CallList:
    return CallList(calls, asked, dropped=dropped, nearest=nearest)


def _tried_again(one: Call, other: Call) -> bool:
    ended_ill = one.status not in ("", "OK")
    return ended_ill and one.method == other.method and one.request == other.request
