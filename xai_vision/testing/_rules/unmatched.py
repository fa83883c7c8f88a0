"""The calls that no rule answered although a test expects none, for ``verify()``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xai_vision.testing._validation import pluralize

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._rules.rule import Rule


# The number of calls to describe for each rule; the others are only counted.
_MAX_DESCRIBED = 10


@dataclass
class _Group:
    count: int = 0
    nearest: dict[Call, str] = field(default_factory=dict)


class UnmatchedCalls:
    """Unmatched calls, by the exhausted rule that also matches them. It is not thread-safe."""

    def __init__(self) -> None:
        self._groups: dict[Rule | None, _Group] = {}

    def add(self, call: Call, exhausted: Rule | None, nearest: str) -> None:
        """Add a call.

        Args:
            call: The call.
            exhausted: The first rule that matches it but has answered all of its calls.
            nearest: The description of the nearest rule at this time.
        """
        group = self._groups.setdefault(exhausted, _Group())
        group.count += 1
        if len(group.nearest) < _MAX_DESCRIBED:
            group.nearest[call] = nearest

    def discard(self, call: Call, exhausted: Rule | None) -> None:
        """Remove a call, because a fault took the place of its response."""
        group = self._groups.get(exhausted)
        if group is not None:  # None after clear()
            group.count -= 1
            group.nearest.pop(call, None)

    def clear(self) -> None:
        """Remove all calls."""
        self._groups.clear()

    def problems(self, *, refused: bool) -> Iterator[str]:
        """Describe the calls.

        Args:
            refused: Whether the client got an error instead of the default reply.
        """
        outcome = "was refused" if refused else "got the default reply"
        for rule, group in self._groups.items():
            if group.count and rule is not None:
                expected = pluralize(rule.expected_calls or 0, "call")
                example = next((f": {call!r}, which {outcome}" for call in group.nearest), "")
                yield (
                    f"{rule!r} was to answer {expected}, but {pluralize(group.count, 'more call')} "
                    f"arrived that no other rule answers{example}."
                )
        group = self._groups.get(None, _Group())
        for call, nearest in group.nearest.items():
            yield f"{call!r} matched no rule, and unmatched='error' is set. {nearest}"
        if group.count > len(group.nearest):
            others = pluralize(group.count - len(group.nearest), "other call")
            yield f"{others} matched no rule."
