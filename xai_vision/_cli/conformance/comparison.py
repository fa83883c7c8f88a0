"""Run the script, compare two services, and say what differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from xai_vision._cli.conformance.checks import Check
    from xai_vision._cli.conformance.session import Session

_SHOWN: Final = 300
# What may name an account or a key: ids, keys, and addresses of mail.
_PRIVATE: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\bxai-[\w*-]{6,}|\b\w{2}\*{3}\w{2}\b|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|\b(?:team|user)[-_ ](?=[\w-]*\d)[\w-]{6,}"
)


@dataclass
class Result:
    """The result of a check.

    Attributes:
        check: The check.
        fake: The facts about the fake server.
        live: The facts about the service; None if only the fake server was called.
        differences: The names of the facts that differ.
    """

    check: Check
    fake: dict[str, Any]
    live: dict[str, Any] | None = None
    differences: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON, without what belongs to an account."""
        values: dict[str, Any] = {
            "check": self.check.name,
            "question": self.check.question,
            "expected": self.check.expected,
            "fake": self.fake,
        }
        if self.live is not None:
            values |= {"live": self.live, "differences": self.differences}
        return values


def run_checks(
    checks: Iterable[Check], session: Session, on_check: Callable[[str], object]
) -> list[dict[str, Any]]:
    """Run checks, and return the facts of each."""
    results = []
    for check in checks:
        on_check(check.name)
        results.append(without_private(check.run(session)))
    return results


def without_private(value: Any) -> Any:
    """Return facts without ids, keys and names of accounts in their texts."""
    if isinstance(value, dict):
        return {name: without_private(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_private(item) for item in value]
    return _PRIVATE.sub("***", value)[:_SHOWN] if isinstance(value, str) else value


def compare(
    checks: Sequence[Check], fake: Sequence[dict[str, Any]], live: Sequence[dict[str, Any]]
) -> list[Result]:
    """Return the results of checks, with what differs."""
    results = []
    for check, ours, theirs in zip(checks, fake, live, strict=True):
        names = dict.fromkeys((*ours, *theirs))
        differences = [name for name in names if ours.get(name) != theirs.get(name)]
        results.append(Result(check, ours, theirs, differences))
    return results


def unexpected(results: Iterable[Result]) -> list[Result]:
    """Return the results whose fake server did not answer with the expected status."""
    return [result for result in results if result.fake["status"] != result.check.expected]
