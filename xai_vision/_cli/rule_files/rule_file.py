"""Rules of the fake server from a YAML file.

A file holds any of ``settings``, ``pictures``, ``rules``, ``faults`` and ``rate_limit``;
docs/cli.md shows each. Everything in it is tried on a server that is never started, so what is
wrong with it is found before anything runs, all at once and with its line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.conditions import Conditions
from xai_vision._cli.rule_files.replies import SAID, Answers
from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import Path, Problem, Problems, read
from xai_vision.testing import Settings

if TYPE_CHECKING:
    from xai_vision.testing import Tenant

__all__ = ["RuleFile", "check"]

_PARTS = ("settings", "pictures", "rules", "faults", "rate_limit")
_RULE = ("name", "when", "priority", "times", *SAID)
_FAULT = ("name", "when", "fault", "next", "after", "rate")


class RuleFile:
    """What a file says, ready to be told to a server.

    Attributes:
        settings: Fields of Settings.
    """

    def __init__(self, folder: File, problems: Problems, value: Any) -> None:
        self._values = Values(folder, problems)
        self._conditions = Conditions(self._values)
        self._answers = Answers(self._values)
        self._acts: list[tuple[Path, Callable[[Tenant], object]]] = []
        self.settings: dict[str, Any] = {}
        readers: dict[str, Callable[[Path, Any], object]] = {
            "settings": self._settings,
            "pictures": self._pictures,
            "rules": self._each(self._rule),
            "faults": self._each(self._fault),
            "rate_limit": self._rate_limit,
        }
        for key, one in self._values.mapping((), value, _PARTS).items():
            if one is not None:
                self._values.tried((key,), readers[key], one)

    def apply(self, server: Tenant) -> None:
        """Tell a server all of it, apart from the settings."""
        for _, act in self._acts:
            act(server)

    def rehearse(self, server: Tenant) -> None:
        """Tell it all to a server that is not running; note what that finds wrong, and where."""
        for where, act in self._acts:
            self._values.tried(where, lambda _, act=act: act(server))

    def _each(self, read_one: Callable[[Path, Any], object]) -> Callable[[Path, Any], object]:
        return lambda where, value: self._values.each(where, value, read_one)

    def _settings(self, where: Path, value: Any) -> None:
        mark = self._values.mark()
        names = tuple(field.name for field in dataclasses.fields(Settings))
        given = self._values.mapping(where, value, names)
        if isinstance(given.get("picture_formats"), list):
            given["picture_formats"] = tuple(given["picture_formats"])
        for name, one in given.items():
            self._values.tried((*where, name), _setting, name, one)
        self._values.sound(mark)
        Settings().but(**given)
        self.settings = given

    def _pictures(self, where: Path, value: Any) -> None:
        for address, name in self._values.mapping(where, value).items():
            at = (*where, address)
            path = self._values.tried(at, self._values.file, name)
            if path is not None:
                self._acts.append((at, _put(address, path)))

    def _rule(self, where: Path, value: Any) -> None:
        mark = self._values.mark()
        given = self._values.mapping(where, value, _RULE)
        when = self._values.tried((*where, "when"), self._conditions.read, given.get("when"))
        said = [name for name in SAID if name in given]
        answers = [
            self._values.tried((*where, name), self._answers.read, name, given[name])
            for name in said
        ]
        times, priority = (
            self._values.tried((*where, name), self._values.number, given.get(name))
            for name in ("times", "priority")
        )
        if len(said) > 1 or (not said and mark == self._values.mark()):
            found = " and ".join(said) or "none"
            self._values.wrong(where, f"needs one of {', '.join(SAID)}; it has {found}")
        self._values.sound(mark)

        def act(server: Tenant) -> None:
            rule = answers[0](server.on(priority=priority or 0, **when))
            if times is not None:
                rule.times(times)

        self._acts.append((where, act))

    def _fault(self, where: Path, value: Any) -> None:
        mark = self._values.mark()
        given = self._values.mapping(where, value, _FAULT)
        when = self._values.tried((*where, "when"), self._conditions.read, given.get("when"))
        if "fault" in given:
            at = (*where, "fault")
            fault = self._values.tried(at, self._answers.fault, given["fault"])
        elif mark == self._values.mark():
            self._values.wrong(where, "needs fault")
        self._values.sound(mark)
        limits = {name: given[name] for name in ("next", "after", "rate") if name in given}
        self._acts.append((where, lambda server: server.fault(fault, **limits, **when)))

    def _rate_limit(self, where: Path, value: Any) -> None:
        mark = self._values.mark()
        given = self._values.mapping(where, value, ("requests", "tokens", "burst"))
        self._values.sound(mark)
        if given:
            self._acts.append((where, lambda server: server.rate_limit(**given)))


def _put(address: str, path: File) -> Callable[[Tenant], object]:
    def act(server: Tenant) -> None:
        server.urls[address] = path

    return act


def _setting(where: Path, name: str, value: Any) -> None:
    Settings().but(**{name: value})


def check(path: File) -> tuple[RuleFile | None, list[tuple[int, str]]]:
    """Read a file.

    Returns:
        What it says, None if it is no YAML; and what is wrong with it, with lines.

    Raises:
        OSError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None, [(1, "this is no UTF-8 text")]
    try:
        value, lines = read(text)
    except Problem as problem:
        return None, [(int(problem.where[0]), str(problem))]
    problems = Problems(lines)
    try:
        made = RuleFile(path.parent, problems, value)
    except Problem as problem:
        problems.add(problem.where, str(problem))
        return None, problems.found
    # What is sound is tried whatever else is wrong.
    from xai_vision.testing import FakeServer

    made.rehearse(FakeServer(**made.settings))
    return made, sorted(problems.found)
