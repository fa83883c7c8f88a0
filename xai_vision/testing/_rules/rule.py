"""A rule: which calls are meant, and what they get."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.testing import _validation as given
from xai_vision.testing._calls.record import Call, RuleRecord
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.conditions import Conditions
from xai_vision.testing._rules.reply import Reply, ReplyFields

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Outcome", "Rule", "as_outcome"]

Outcome: TypeAlias = "Reply | Fault"
Answerer: TypeAlias = "Callable[[Call], Reply | Fault | str]"


class Rule:
    """Calls of a kind, and what they get. Made by ``server.on(...)``.

    Attributes:
        uses: How many calls it has answered; those whose answer a fault kept are not among them.
        kept: How many answers a fault of ``server.fault`` kept from their clients.
        wanted: How many it is to answer, by ``times``; None is at least one.
        may_be_idle: Whether it need not be used, by ``optional``.
        refused: The first call it would have answered, had ``times`` not been used up, and that
            no other rule answered; and how many there were.
    """

    def __init__(
        self, conditions: Conditions, *, priority: int, prepare: Callable[[Fault], None]
    ) -> None:
        self.uses = 0
        self.kept = 0
        self.priority = given.whole("on: priority", priority, -(2**31), 2**31)
        self.wanted: int | None = None
        self.may_be_idle = False
        self.refused: tuple[Call, int] | None = None
        self.conditions = conditions
        self._prepare = prepare
        self._outcomes: list[Any] = []
        self._turns = 0
        self._doubtful = 0
        self._given_back: list[int] = []

    def reply(self, answer: Reply | Fault | str = "", /, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer each of its calls with this.

        Args:
            answer: A Reply, a Fault, or the text of a reply.
            fields: Fields of Reply: ``reply("Hi", reasoning="...", chunks=5)``.

        Returns:
            The rule, for ``times``.
        """
        if fields:
            outcome = as_outcome(answer)
            if isinstance(outcome, Fault):
                raise TypeError(f"reply(): a Fault takes no fields of a Reply: {', '.join(fields)}")
            answer = outcome.but(**fields)
        return self.replies(answer)

    def replies(self, *answers: Reply | Fault | str) -> Rule:
        """Answer its calls with these, one after the other; the last one stays.

        Raises:
            ValueError: No answer is given.
            TypeError: One is no Reply, Fault or str.
        """
        if not answers:
            raise ValueError("replies() needs at least one answer")
        self._outcomes = [as_outcome(answer) for answer in answers]
        for outcome in self._outcomes:
            if isinstance(outcome, Fault):
                self._prepare(outcome)
        return self

    def reply_json(self, value: Any, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer with ``value`` as JSON. If the call asks for a schema, it must fit that."""
        self._outcomes = [(value, Reply.json(value, **fields))]
        return self

    def fault(self, fault: Fault) -> Rule:
        """Let each of its calls fail this way."""
        if not isinstance(fault, Fault):
            raise TypeError(f"fault() takes a Fault, not {given.shown(fault)}")
        return self.replies(fault)

    def do(self, answerer: Answerer) -> Rule:
        """Answer each of its calls with what a function makes of it.

        The function gets the Call and returns a Reply, a Fault or a str; it may raise a
        ServiceError. It runs on the server's thread.

        Raises:
            TypeError: It is no function.
        """
        if not callable(answerer) or isinstance(answerer, type):
            raise TypeError(
                f"do() takes a function of the call, not {given.shown(answerer)}; "
                "for a fixed answer there is reply()"
            )
        self._outcomes = [answerer]
        return self

    def times(self, count: int) -> Rule:
        """Answer so many calls exactly: ``verify()`` fails where there are fewer, or more.

        Further calls go to other rules; one that no other rule answers gets a plausible default
        and is reported by ``verify()``, or is refused with ``unmatched="error"``.

        An answer counts when it leaves whole. One that a fault of ``server.fault`` kept from its
        client, or cut short, does not: the next call gets it. A Fault that is the rule's own
        answer counts.

        Raises:
            TypeError: ``count`` is no whole number.
            ValueError: It is negative.
        """
        self.wanted = given.whole("times(): count", count, 0)
        return self

    def optional(self) -> Rule:
        """Let the rule be used less often than it says, or never: ``verify()`` is fine with it.

        Returns:
            The rule. ``times(2).optional()`` is for at most two calls.
        """
        self.may_be_idle = True
        return self

    @property
    def spent(self) -> bool:
        """Whether it has answered as often as it was to."""
        return self.wanted is not None and self.uses >= self.wanted

    @property
    def missing(self) -> int:
        """How many calls it still waits for."""
        return max(0, (self.wanted or 0) - self.uses - self._doubtful)

    @property
    def ready(self) -> bool:
        """Whether it has an answer to give."""
        return bool(self._outcomes)

    def faults(self, call: Call) -> list[str]:
        """Say why it does not answer ``call``; [] if it does."""
        found = self.conditions.mismatches(call)
        if not found and self.spent:
            found = [f"times({self.wanted}), and all of them are used up"]
        if not self.ready:
            found = [*found, "it has no reply"]
        return found

    def use(self) -> tuple[Any, int]:
        """The next answer in turn, not yet made for a call, and which turn that is."""
        if self._given_back:
            turn = heapq.heappop(self._given_back)
        else:
            turn = self._turns
            self._turns += 1
        self.uses += 1
        return self._outcomes[min(turn, len(self._outcomes) - 1)], turn

    def give_back(self, turn: int, *, perhaps: bool = False) -> None:
        """Take back an answer that its client never got whole; it is the next in turn.

        One of which that is not known counts as given when the test ends.
        """
        heapq.heappush(self._given_back, turn)
        self.uses -= 1
        self.kept += 1
        self._doubtful += perhaps

    def refuse(self, call: Call) -> None:
        """Note a call that came when it was used up, and that nobody answered."""
        first, count = self.refused or (call, 0)
        self.refused = first, count + 1

    def record(self) -> RuleRecord:
        """What a copy of a call says of it."""
        return RuleRecord(repr(self), self.uses)

    def __repr__(self) -> str:
        tail = f".times({self.wanted})" if self.wanted is not None else ""
        return f"on({self.conditions}){tail}"


def as_outcome(answer: Reply | Fault | str) -> Outcome:
    """What a test gave as an answer, as the answer it is.

    Raises:
        TypeError: It is none.
    """
    if isinstance(answer, str):
        return Reply(answer)
    if not isinstance(answer, (Reply, Fault)):
        raise TypeError(f"an answer is a Reply, a Fault or a str, not {given.shown(answer)}")
    return answer
