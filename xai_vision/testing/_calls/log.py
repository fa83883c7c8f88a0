"""The log of a tenant's calls."""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from xai_vision.testing._calls.call_list import CallList
from xai_vision.testing._calls.changes import Changes, refuse_in_event_loop
from xai_vision.testing._calls.images import ImageCache
from xai_vision.testing._calls.record import Call
from xai_vision.testing._rules.conditions import ConditionArgs, Conditions
from xai_vision.testing._validation import integer, number

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from xai_vision.testing._rules.table import RuleTable


# The memory of a call without texts and images; measured, and rounded up.
_CALL_BYTES: Final = 2_048


class CallLog(CallList):
    """All calls of a tenant. The log can be read while calls arrive.

    A pickle or a copy of the log is a ``CallList`` with the calls up to then.

    Attributes:
        image_cache: The images of the calls.
        rules: The rules for the calls.

    Args:
        max_calls: The number of calls to store.
        max_bytes: The bytes to store, images included; see the setting ``keep_log_bytes``.
        explain: A function that describes which rule answered a call, or which was nearest.
    """

    def __init__(
        self, max_calls: int, max_bytes: int, explain: Callable[[Call], str] | None = None
    ) -> None:
        super().__init__((), explain=explain)
        self._max_calls = max_calls
        self._max_bytes = max_bytes
        self._calls: OrderedDict[Call, None] = OrderedDict()
        self._sizes: OrderedDict[Call, int] = OrderedDict()  # of calls that have ended
        self._size = 0
        self._total = 0
        self._clears = 0
        self._changed = Changes()
        # A call leads to its log, which does not live longer for that.
        self._reference: weakref.ref[CallLog] = weakref.ref(self)
        self.image_cache = ImageCache(max_bytes)
        self.rules: RuleTable | None = None

    @property
    def total(self) -> int:
        """The number of calls that have arrived, dropped ones included."""
        return self._total

    @property
    def dropped(self) -> int:
        """The number of calls that the log has dropped."""
        with self._changed:
            return self._total - len(self._calls)

    def _all(self) -> Sequence[Call]:
        with self._changed:
            return tuple(self._calls)

    def added_since(self, position: tuple[int, int]) -> tuple[tuple[int, int], list[Call]]:
        """Return the calls that arrived after a position, as far as the log has them.

        Args:
            position: The result of an earlier call; (0, 0) at first.

        Returns:
            The position after these calls, and the calls. The first number of a position is the
            number of times that the log was cleared. If it differs, all calls are new.
        """
        with self._changed:
            clears, total = position
            count = self._total - (total if clears == self._clears else 0)
            newest = list(islice(reversed(self._calls), count))
            return (self._clears, self._total), newest[::-1]

    # A test that reads the log after each call would otherwise copy it each time.
    def _newest(self) -> Call | None:
        with self._changed:
            return next(reversed(self._calls), None)

    def __len__(self) -> int:
        with self._changed:
            return len(self._calls)

    def add(self, call: Call) -> None:
        """Append a call."""
        call._log = self._reference
        with self._changed:
            self._calls[call] = None
            self._total += 1
            while len(self._calls) > self._max_calls:
                self._drop(next(iter(self._calls)))
            self._changed.notify_all()

    def update_size(self, call: Call) -> None:
        """Measure a call that has ended, and drop older calls if the log is too large."""
        size = _size(call)
        with self._changed:
            if call not in self._calls:
                return  # dropped while it was in progress
            self._size += size - self._sizes.get(call, 0)
            self._sizes[call] = size
            # The newest call stays, and so do calls in progress.
            newest = next(reversed(self._calls))
            while self._size > self._max_bytes // 2 and len(self._sizes) > 1:
                self._drop(next(ended for ended in self._sizes if ended is not newest))
            left = self._max_bytes - self._size
            self._changed.notify_all()
        self.image_cache.set_max_bytes(max(0, left))

    def _drop(self, call: Call) -> None:
        del self._calls[call]
        self._size -= self._sizes.pop(call, 0)

    def note_change(self) -> None:
        """Wake the tests that wait for a call which matches conditions."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(
        self, count: int = 1, timeout: float = 5.0, **conditions: Unpack[ConditionArgs]
    ) -> bool:
        """Wait until ``count`` calls have arrived since the start or the last ``clear()``.

        Args:
            count: The number of calls. Default: 1.
            timeout: Seconds to wait at most. Default: 5.
            conditions: Count only the calls in the log that match; see ``where``.

        Returns:
            Whether they have arrived.

        Raises:
            RuntimeError: An event loop runs in this thread. Use ``await calls.wait_for_async()``.
        """
        refuse_in_event_loop("calls.wait_for()", "calls.wait_for_async(...)")
        holds = self._arrival("wait_for()", count, timeout, conditions)
        return self._changed.wait_until(holds, timeout)

    async def wait_for_async(
        self, count: int = 1, timeout: float = 5.0, **conditions: Unpack[ConditionArgs]
    ) -> bool:
        """Wait in an async test until calls have arrived; see ``wait_for``."""
        holds = self._arrival("wait_for_async()", count, timeout, conditions)
        return await self._changed.wait_until_async(holds, timeout)

    def _arrival(
        self, function: str, count: int, timeout: float, conditions: ConditionArgs
    ) -> Callable[[], bool]:
        """Return a function that says whether ``count`` matching calls have arrived."""
        integer(f"{function}: count", count, 0)
        number(f"{function}: timeout", timeout)
        expected = Conditions(function, conditions, ["count", "timeout"])
        if not len(expected):
            return lambda: self._total >= count
        return lambda: sum(expected.matches(call) for call in self._all()) >= count

    def clear(self) -> None:
        """Drop all calls and images, and start to count again."""
        with self._changed:
            self._calls.clear()
            self._sizes.clear()
            self._size = self._total = 0
            self._clears += 1
        self.image_cache.clear()
        self.image_cache.set_max_bytes(self._max_bytes)


def _size(call: Call) -> int:
    """Estimate the bytes that a call takes in the log, without its images."""
    protos: int = sum(proto.ByteSize() for proto in (call.request, call.response) if proto)
    body = 0 if call.body is None else len(json.dumps(call.body, ensure_ascii=False))
    trace = 0 if call.trace is None else call.trace.size
    return _CALL_BYTES + len(call.prompt) + body + protos + trace
