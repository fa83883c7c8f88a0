"""Rules: which call gets which answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from xai_vision.testing import misfit
from xai_vision.testing.calls import Call
from xai_vision.testing.conditions import Conditions, schema_of
from xai_vision.testing.faults import Fault
from xai_vision.testing.problems import ServiceError
from xai_vision.testing.replies import Reply, ReplyFields

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Outcome", "Rule", "RuleTable"]

Outcome: TypeAlias = "Reply | Fault"
Answerer: TypeAlias = "Callable[[Call], Reply | Fault | str]"

ANSWERS = ("GetCompletion", "GetCompletionChunk", "StartDeferredCompletion")


class Rule:
    """Calls of a kind, and what they get. Made by ``server.on(...)``.

    Attributes:
        uses: How many calls it has answered.
    """

    def __init__(
        self, conditions: Conditions, *, priority: int, prepare: Callable[[Fault], None]
    ) -> None:
        self.uses = 0
        self.priority = priority
        self._conditions = conditions
        self._prepare = prepare
        self._outcomes: list[Any] = []
        self._json = False
        self._wanted: int | None = None

    def reply(self, answer: Reply | Fault | str = "", /, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer each of its calls with this.

        Args:
            answer: A Reply, a Fault, or the text of a reply.
            fields: Fields of Reply: ``reply("Hi", reasoning="...", chunks=5)``.

        Returns:
            The rule, for ``times``.
        """
        if fields:
            outcome = _outcome(answer)
            if isinstance(outcome, Fault):
                raise TypeError(f"a Fault takes no fields of a Reply: {', '.join(fields)}")
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
        self._outcomes = [_outcome(answer) for answer in answers]
        for outcome in self._outcomes:
            if isinstance(outcome, Fault):
                self._prepare(outcome)
        return self

    def reply_json(self, value: Any, **fields: Unpack[ReplyFields]) -> Rule:
        """Answer with ``value`` as JSON. If the call asks for a schema, it must fit that."""
        self._json = True
        self._outcomes = [(value, Reply.json(value, **fields))]
        return self

    def fault(self, fault: Fault) -> Rule:
        """Let each of its calls fail this way."""
        return self.replies(fault)

    def do(self, answerer: Answerer) -> Rule:
        """Answer each of its calls with what a function makes of it.

        The function gets the Call and returns a Reply, a Fault or a str; it may raise a
        ServiceError. It runs on the server's thread.
        """
        self._outcomes = [answerer]
        return self

    def times(self, count: int) -> Rule:
        """Answer so many calls: ``verify()`` wants no fewer, and further ones go to other rules.

        A call that no rule answers gets a plausible default, or with ``unmatched="error"`` is
        refused: that makes one too many fail.

        Raises:
            ValueError: ``count`` is negative.
        """
        if count < 0:
            raise ValueError("times() takes 0 or more")
        self._wanted = count
        return self

    @property
    def spent(self) -> bool:
        """Whether it has answered as often as it was to."""
        return self._wanted is not None and self.uses >= self._wanted

    @property
    def missing(self) -> int:
        """How many calls it still waits for."""
        return max(0, (self._wanted or 0) - self.uses)

    def faults(self, call: Call) -> list[str]:
        """Say why it does not answer ``call``; [] if it does."""
        found = self._conditions.faults(call)
        if not found and self.spent:
            found = [f"times({self._wanted}), and all of them are used up"]
        if not self._outcomes:
            found = [*found, "it has no reply"]
        return found

    def fits(self, call: Call) -> bool:
        """Whether it answers ``call``."""
        return bool(self._outcomes) and not self.spent and self._conditions.hold(call)

    def use(self) -> Any:
        """The next answer in turn, not yet made for a call."""
        outcome = self._outcomes[min(self.uses, len(self._outcomes) - 1)]
        self.uses += 1
        return outcome

    def __repr__(self) -> str:
        tail = f".times({self._wanted})" if self._wanted is not None else ""
        return f"on({self._conditions}){tail}"


class RuleTable:
    """The rules of one tenant.

    Attributes:
        mistakes: What is wrong with the test's own rules, found while they were used.
    """

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> Rule:
        """Add a rule, behind others of its priority."""
        with self._lock:
            self._rules.append(rule)
            self._rules.sort(key=lambda rule: -rule.priority)
        return rule

    def choose(self, call: Call) -> Outcome | None:
        """Find what the first rule that fits says; None if no rule does.

        Raises:
            ServiceError: The rule's function raised it, or the rule itself is mistaken.
        """
        with self._lock:
            rules = list(self._rules)
        # Conditions are asked without the lock: a test's own functions may take their time, and
        # may ask the server. In between another call may use a rule up.
        for rule in rules:
            if not rule.fits(call):
                continue
            with self._lock:
                if rule.spent:
                    continue
                chosen = rule.use()
            break
        else:
            return None
        call.rule = rule
        try:
            return _made(chosen, call)
        except ServiceError:
            raise
        except Exception as fault:
            self._mistaken(f"{rule!r}: {type(fault).__name__}: {fault}")
            raise ServiceError("INTERNAL", f"{rule!r} is mistaken: {fault}") from fault

    def explain(self, call: Call) -> str:
        """Say rule by rule why it did not answer ``call``."""
        with self._lock:
            rules = list(self._rules)
        if not rules:
            return "There are no rules."
        return "\n".join(f"{rule!r}: {'; '.join(rule.faults(call)) or 'fits'}" for rule in rules)

    def nearest(self, call: Call) -> str:
        """The rule that lacks least to answer ``call``, and what it lacks."""
        with self._lock:
            rules = list(self._rules)
        if not rules:
            return "There are no rules."
        best = min(rules, key=lambda rule: len(rule.faults(call)))
        return f"Nearest: {best!r}: {'; '.join(best.faults(call))}."

    def unmet(self) -> list[Rule]:
        """Rules that wait for more calls."""
        with self._lock:
            return [rule for rule in self._rules if rule.missing]

    def clear(self) -> None:
        """Forget all rules and mistakes."""
        with self._lock:
            self._rules.clear()
            self.mistakes.clear()

    def _mistaken(self, what: str) -> None:
        with self._lock:
            self.mistakes.append(what)


def _outcome(answer: Reply | Fault | str) -> Outcome:
    if isinstance(answer, str):
        return Reply(answer)
    if not isinstance(answer, (Reply, Fault)):
        raise TypeError(f"a Reply, a Fault or a str, not {answer!r:.80}")
    return answer


def _made(chosen: Any, call: Call) -> Outcome:
    if isinstance(chosen, tuple):
        value, reply = chosen
        wrong = misfit.misfit(schema_of(call), value)
        if wrong:
            raise ValueError(f"its JSON does not fit the schema asked for: {wrong}")
        return reply  # type: ignore[no-any-return]
    if isinstance(chosen, (Reply, Fault)):
        return chosen
    return _outcome(chosen(call))
