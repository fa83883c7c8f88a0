"""A rule: the calls it answers, and its replies."""

from __future__ import annotations

import heapq
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

from xai_vision.testing import _validation as check
from xai_vision.testing._calls.record import Call, RuleRecord
from xai_vision.testing._calls.redaction import redact
from xai_vision.testing._faults.fault import Fault
from xai_vision.testing._rules.conditions import Conditions
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
        name: The name of the rule in messages; "" if it has none.
        priority: Rules with a higher priority are consulted first.
        expected_calls: The number of calls to answer, set by ``times``; None means at least one.
        is_optional: Whether ``verify()`` accepts that the rule is not used, set by ``optional``.
        conditions: The conditions.
    """

    def __init__(
        self,
        conditions: Conditions,
        *,
        name: str = "",
        priority: int,
        prepare: Callable[[Fault], None],
    ) -> None:
        self.uses = 0
        self.undelivered = 0
        self.name = check.string("on(): name", name)
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

    def replies(self, *answers: Reply | Fault | str | SideEffect) -> Rule:
        """Answer matching calls with these replies in turn. The last one repeats.

        ``verify()`` fails if calls did not reach the last one, unless ``times`` or ``optional``
        says how many calls there are.

        Args:
            answers: Replies, faults, texts of replies, or functions as for ``side_effect``.

        Raises:
            ValueError: There are no arguments, or more than ``times`` allows calls.
            TypeError: An argument is something else.
        """
        if not answers:
            raise ValueError("replies() needs at least one reply")
        if problem := times_error(self.expected_calls, len(answers)):
            raise ValueError(problem)
        self._outcomes = [
            check_side_effect(answer) if callable(answer) else to_outcome(answer)
            for answer in answers
        ]
        for outcome in self._outcomes:
            if isinstance(outcome, Fault):
                self._prepare(outcome)
        return self

    def reply_json(self, value: object, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer with ``value`` as JSON.

        The same as ``reply(Reply.json(value))``: see ``Reply.unchecked`` for the check against
        the JSON schema of the request.
        """
        return self.replies(Reply.json(value, **fields))

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
        self._outcomes = [check_side_effect(function)]
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
            ValueError: ``count`` is negative, or less than the number of replies.
        """
        if problem := times_error(check.integer("times(): count", count, 0), self.reply_count):
            raise ValueError(problem)
        self.expected_calls = count
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
    def reply_count(self) -> int:
        """The number of replies in ``replies(...)``; 1 for the other methods, 0 before them."""
        return len(self._outcomes)

    @property
    def remaining_replies(self) -> int:
        """The number of replies that no call has got yet, if the rule has several."""
        return max(0, len(self._outcomes) - self._turns) if len(self._outcomes) > 1 else 0

    def mismatches(self, call: Call) -> list[str]:
        """Return the reasons why the rule does not answer ``call``; empty if it does."""
        reasons = self.conditions.mismatches(call)
        if not reasons and self.exhausted:
            reasons = [f"times({self.expected_calls}) is used up"]
        if not self.reply_count:
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
        return RuleRecord(repr(self), self.uses, self.reply_count)

    def __repr__(self) -> str:
        name = f"name={self.name!r}" if self.name else ""
        arguments = ", ".join(filter(None, (name, str(self.conditions))))
        tail = f".times({self.expected_calls})" if self.expected_calls is not None else ""
        return redact(f"on({arguments}){tail}")


def times_error(calls: int | None, replies: int) -> str:
    """Return why a rule with several replies cannot have ``times(calls)``, or ""."""
    if calls is None or replies < 2 or calls >= replies:
        return ""
    return (
        f"times({calls}) allows fewer calls than the rule has replies, so no call gets the last of "
        f"the {replies} replies. Use times({replies}), or fewer replies"
    )


def check_side_effect(function: object) -> SideEffect:
    """Check that a function can be called with a call.

    Raises:
        TypeError: It is not a function.
    """
    if not callable(function) or isinstance(function, type):
        raise TypeError(
            f"side_effect() needs a function of the call, not {check.short_repr(function)}. "
            "Use reply() for a fixed reply."
        )
    check.sync_function("side_effect(): function", function)
    return cast("SideEffect", function)


def to_outcome(answer: Reply | Fault | str) -> Outcome:
    """Convert a str to a Reply.

    Raises:
        TypeError: ``answer`` is not a Reply, a Fault or a str.
    """
    if isinstance(answer, str):
        return Reply(answer)
    if isinstance(answer, (Mapping, list)):
        shown = check.short_repr(answer)
        raise TypeError(
            f"a reply must be a Reply, a Fault or a str, not {shown}. Use reply_json(...) or "
            "Reply.json(...) for JSON"
        )
    if inspect.iscoroutine(answer):
        answer.close()
        raise TypeError("a reply must be a Reply, a Fault or a str, not a coroutine")
    if not isinstance(answer, (Reply, Fault)):
        message = f"a reply must be a Reply, a Fault or a str, not {check.short_repr(answer)}"
        if hasattr(getattr(answer, "proto", answer), "DESCRIPTOR"):
            message += ". Use Reply.from_response(response) to repeat a response"
        raise TypeError(message)
    return answer
