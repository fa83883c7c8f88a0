"""Lists of calls, with the filters and assertions of tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, overload

from xai_vision.testing._calls.notebook import notebook_html
from xai_vision.testing._calls.record import Call
from xai_vision.testing._rules.conditions import ConditionArgs, Conditions
from xai_vision.testing._validation import integer, keywords_only, pluralize

if TYPE_CHECKING:
    from typing_extensions import Unpack


_MAX_SHOWN: Final = 10


class CallList(Sequence[Call]):  # noqa: PLW1641 - its calls change
    """Calls in order of arrival. A list can be pickled and copied.

    Lists are equal if they have the same calls.
    """

    def __init__(
        self,
        calls: Iterable[Call],
        description: str = "",
        *,
        dropped: int = 0,
        nearest: str = "",
        explain: Callable[[Call], str] | None = None,
    ) -> None:
        self._items = tuple(calls)
        self._description = description
        self._nearest = nearest
        self._dropped = dropped
        self._explain = explain

    @property
    def dropped(self) -> int:
        """The number of older calls that the log has dropped, of any kind.

        The settings ``keep_calls`` and ``keep_log_bytes`` limit the size of the log.
        """
        return self._dropped

    @property
    def last(self) -> Call:
        """The newest call.

        Raises:
            LookupError: The list is empty.
        """
        newest = self._newest()
        if newest is None:
            raise LookupError(self._not_called())
        return newest

    @property
    def attempts(self) -> CallList:
        """The newest call, and the failed calls with the same request directly before it.

        Such calls are retries of a client, whether it reports them (``call.attempt``) or not.
        """
        calls = self._all()
        start = len(calls) - 1
        while start > 0 and _is_retried(calls[start - 1], calls[-1]):
            start -= 1
        return self._sublist(calls[max(start, 0) :])

    @keywords_only("where()", 'prompt="..."')
    def where(self, **conditions: Unpack[ConditionArgs]) -> CallList:
        """Return the calls that match all conditions.

        Args:
            conditions: The same as for ``server.on``, and ``status="OK"``; see
                ``ConditionArgs``.
        """
        expected = Conditions("where()", conditions)
        calls = self._all()
        matching = [call for call in calls if expected.matches(call)]
        nearest = "" if matching else expected.nearest(calls)
        return self._sublist(matching, self._describe(expected), nearest)

    def assert_called(self, times: int | None = None, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail unless the log has matching calls.

        Args:
            times: The exact number of calls; None means at least one.
            conditions: The same as for ``where``.

        Raises:
            AssertionError: The number of matching calls is different. The message describes the
                nearest call and its mismatches, and lists the last calls with the rules that
                answered them. Or the log has dropped calls that may have matched.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        expected = Conditions("assert_called()", conditions, ["times"])
        if times is not None:
            integer("assert_called(): times", times, 0)
        calls = self._all()
        count = sum(expected.matches(call) for call in calls)
        enough = count > 0 if times is None else count == times
        if enough and (times is None or not self.dropped):
            return
        text = "expected a call" if times is None else f"expected {pluralize(times, 'call')}"
        text += f"{self._describe(expected)}, but there were {count}{self._dropped_note()}"
        if enough:
            text += " and may have matched; raise the settings keep_calls and keep_log_bytes"
        if count < (1 if times is None else times) and calls and len(expected):
            text += f". {expected.nearest(calls)}"
        raise AssertionError(f"{text}; all calls:\n{self._lines(calls, expected)}")

    def assert_not_called(self, **conditions: Unpack[ConditionArgs]) -> None:
        """Fail if the log has a matching call.

        Raises:
            AssertionError: There is one, or the log has dropped calls that may have matched.
        """
        __tracebackhide__ = True
        self.assert_called(0, **conditions)

    def summary(self) -> str:
        """Describe the last calls: the rule that answered each, or the nearest rule."""
        calls = self._all()
        if not calls:
            return f"T{self._not_called()[1:]}."
        return f"{pluralize(len(calls), 'call')}{self._dropped_note()}:\n{self._lines(calls)}"

    def to_json(self, *, indent: int | None = 2, volatile: bool = False) -> str:
        """Return the calls as a JSON array; see ``Call.to_dict``.

        Args:
            indent: The number of spaces for each level; None means one line. Default: 2.
            volatile: Whether to add what differs between runs and versions. Default: False.
        """
        calls = [call.to_dict(volatile=volatile) for call in self._all()]
        text = json.dumps(calls, ensure_ascii=False, indent=indent)
        # A lone surrogate, which UTF-8 cannot encode, becomes its escape in JSON.
        return text.encode("utf-8", "backslashreplace").decode()

    def _all(self) -> Sequence[Call]:
        return self._items

    def _newest(self) -> Call | None:
        return self._items[-1] if self._items else None

    def _sublist(
        self, calls: Iterable[Call], description: str | None = None, nearest: str = ""
    ) -> CallList:
        return CallList(
            calls,
            self._description if description is None else description,
            dropped=self.dropped,
            nearest=nearest,
            explain=self._explain,
        )

    def _describe(self, expected: Conditions) -> str:
        if not len(expected):
            return self._description
        return f"{self._description}{' and' if self._description else ''} with {expected}"

    def _not_called(self) -> str:
        nearest = f". {self._nearest}" if self._nearest else ""
        return f"the server was not called{self._description}{self._dropped_note()}{nearest}"

    def _dropped_note(self) -> str:
        dropped = self.dropped
        return f" ({pluralize(dropped, 'older call')} no longer in the log)" if dropped else ""

    def _lines(self, calls: Sequence[Call], expected: Conditions | None = None) -> str:
        lines = []
        if len(calls) > _MAX_SHOWN:
            lines.append(f"  … {pluralize(len(calls) - _MAX_SHOWN, 'earlier call')}")
        for call in calls[-_MAX_SHOWN:]:
            mismatches = "; ".join(expected.mismatches(call)) if expected else ""
            lines.append(f"  {call!r}{mismatches and f': {mismatches}'}")
            if self._explain is not None:
                lines.append(f"    {self._explain(call)}")
        return "\n".join(lines) or "  no calls"

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> CallList: ...
    def __getitem__(self, index: int | slice) -> Call | CallList:
        if index == -1 and (newest := self._newest()) is not None:
            return newest
        calls = self._all()
        return self._sublist(calls[index]) if isinstance(index, slice) else calls[index]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == other._all() if isinstance(other, CallList) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        make_list = partial(CallList, dropped=self.dropped, nearest=self._nearest)
        return make_list, (self._all(), self._description)

    def _repr_html_(self) -> str | None:
        return notebook_html(self._all(), repr(self))

    def __repr__(self) -> str:
        calls = self._all()
        more = "… " if len(calls) > _MAX_SHOWN else ""
        shown = ", ".join(map(repr, calls[-_MAX_SHOWN:]))
        return f"<{pluralize(len(calls), 'call')}{self._dropped_note()}: {more}{shown}>"


def _is_retried(call: Call, later: Call) -> bool:
    failed = call.status not in ("", "OK")
    return failed and call.method == later.method and call.request == later.request
