"""A rule: the calls it answers, and its replies."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.record import Call, RuleRecord
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules import schema_check
from xai_vision.testing._rules.conditions import Conditions, requested_schema
from xai_vision.testing._rules.reply import Reply, ReplyFields

if TYPE_CHECKING:
    from typing_extensions import Unpack


Outcome: TypeAlias = "Reply | Fault"
SideEffect: TypeAlias = "Callable[[Call], Reply | Fault | str]"


class Rule:
    """Conditions on calls, and the replies to them. ``server.on(...)`` creates a rule.

    Attributes:
        uses: The number of calls the rule has answered, without those of ``undelivered``.
        undelivered: The number of replies that a fault of ``server.fault`` kept from clients.
        priority: Rules with a higher priority are consulted first.
        expected_calls: The number of calls to answer, set by ``times``; None means at least one.
        is_optional: Whether ``verify()`` accepts that the rule is not used, set by ``optional``.
        conditions: The conditions.
    """

    def __init__(
        self, conditions: Conditions, *, priority: int, prepare: Callable[[Fault], None]
    ) -> None:
        self.uses = 0
        self.undelivered = 0
        self.priority = check.integer("on: priority", priority, -(2**31), 2**31)
        self.expected_calls: int | None = None
        self.is_optional = False
        self.conditions = conditions
        self._prepare = prepare
        self._outcomes: list[Outcome | SideEffect] = []
        self._turns = 0
        self._uncertain = 0
        self._returned_turns: list[int] = []

    def reply(self, answer: Reply | Fault | str = "", /, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer each matching call with this reply.

        Args:
            answer: A reply, a fault, or the text of a reply.
            fields: Fields of the reply: ``reply("Hi", reasoning="...", chunks=5)``.

        Returns:
            The rule, for ``times``.

        Raises:
            TypeError: ``answer`` has a wrong type, or a field does not exist.
            ValueError: A field has a wrong value.
        """
        if fields:
            outcome = to_outcome(answer)
            if isinstance(outcome, Fault):
                names = ", ".join(fields)
                raise TypeError(f"reply(): a Fault does not accept fields of a Reply: {names}")
            answer = outcome.replace(**fields)
        return self.replies(answer)

    def replies(self, *answers: Reply | Fault | str) -> Rule:
        """Answer matching calls with these replies in turn. The last one repeats.

        Raises:
            ValueError: There are no arguments.
            TypeError: An argument is not a Reply, a Fault or a str.
        """
        if not answers:
            raise ValueError("replies() needs at least one reply")
        outcomes = [to_outcome(answer) for answer in answers]
        self._outcomes = list(outcomes)
        for outcome in outcomes:
            if isinstance(outcome, Fault):
                self._prepare(outcome)
        return self

    def reply_json(self, value: object, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer with ``value`` as JSON.

        If the request has a JSON schema that the value does not match, the call fails and
        ``verify()`` reports it. The check needs ``pip install "xai-vision[testing]"``; without
        that, a call with a schema fails with an ImportError in the same way.
        """
        reply = Reply.json(value, **fields)

        def answer(call: Call) -> Reply:
            error = schema_check.schema_error(requested_schema(call), json.loads(reply.text))
            if error:
                raise ValueError(f"the JSON does not match the requested schema: {error}")
            return reply

        self._outcomes = [answer]
        return self

    def fault(self, fault: Fault) -> Rule:
        """Inject this fault into each matching call."""
        if not isinstance(fault, Fault):
            raise TypeError(f"fault() needs a Fault, not {check.short_repr(fault)}")
        return self.replies(fault)

    def side_effect(self, function: SideEffect) -> Rule:
        """Answer each matching call with the result of a function.

        Args:
            function: A function that takes the Call and returns a Reply, a Fault or a str. It
                may raise a ServiceError. It runs on a thread of the server.

        Raises:
            TypeError: The argument is not a function.
        """
        if not callable(function) or isinstance(function, type):
            raise TypeError(
                f"side_effect() needs a function of the call, not {check.short_repr(function)}. "
                "Use reply() for a fixed reply."
            )
        self._outcomes = [function]
        return self

    def times(self, count: int) -> Rule:
        """Answer exactly ``count`` calls. ``verify()`` fails if there are fewer or more.

        Further matching calls go to other rules. If no other rule matches, such a call gets the
        default reply, or an error with ``unmatched="error"``, and ``verify()`` reports it.

        A reply counts when all of it was sent. If a fault of ``server.fault`` withholds or
        truncates it, it does not count, and the next call gets it. A Fault that is the rule's
        own reply counts.

        Raises:
            TypeError: ``count`` is not an integer.
            ValueError: ``count`` is negative.
        """
        self.expected_calls = check.integer("times(): count", count, 0)
        return self

    def optional(self) -> Rule:
        """Accept that the rule is used less often than ``times``, or never.

        Returns:
            The rule. ``times(2).optional()`` means at most two calls.
        """
        self.is_optional = True
        return self

    @property
    def exhausted(self) -> bool:
        """Whether the rule has answered as many calls as ``times`` allows."""
        return self.expected_calls is not None and self.uses >= self.expected_calls

    @property
    def remaining_calls(self) -> int:
        """The number of calls that the rule still has to answer."""
        return max(0, (self.expected_calls or 0) - self.uses - self._uncertain)

    @property
    def has_reply(self) -> bool:
        """Whether the rule has a reply."""
        return bool(self._outcomes)

    def mismatches(self, call: Call) -> list[str]:
        """Return the reasons why the rule does not answer ``call``; empty if it does."""
        reasons = self.conditions.mismatches(call)
        if not reasons and self.exhausted:
            reasons = [f"times({self.expected_calls}) is used up"]
        if not self.has_reply:
            reasons = [*reasons, "the rule has no reply"]
        return reasons

    def take_reply(self) -> tuple[Outcome | SideEffect, int]:
        """Return the next reply, and its turn for ``return_reply``."""
        if self._returned_turns:
            turn = heapq.heappop(self._returned_turns)
        else:
            turn = self._turns
            self._turns += 1
        self.uses += 1
        return self._outcomes[min(turn, len(self._outcomes) - 1)], turn

    def return_reply(self, turn: int, *, uncertain: bool = False) -> None:
        """Take back a reply that the client did not receive completely. The next call gets it.

        Args:
            turn: The turn of the reply.
            uncertain: Whether the client may have received it after all; ``verify()`` then
                counts it as delivered.
        """
        heapq.heappush(self._returned_turns, turn)
        self.uses -= 1
        self.undelivered += 1
        self._uncertain += uncertain

    def record(self) -> RuleRecord:
        """Return a copy for pickled calls."""
        return RuleRecord(repr(self), self.uses)

    def __repr__(self) -> str:
        tail = f".times({self.expected_calls})" if self.expected_calls is not None else ""
        return f"on({self.conditions}){tail}"


def to_outcome(answer: Reply | Fault | str) -> Outcome:
    """Convert a str to a Reply.

    Raises:
        TypeError: ``answer`` is not a Reply, a Fault or a str.
    """
    if isinstance(answer, str):
        return Reply(answer)
    if not isinstance(answer, (Reply, Fault)):
        shown = check.short_repr(answer)
        raise TypeError(f"a reply must be a Reply, a Fault or a str, not {shown}")
    return answer
