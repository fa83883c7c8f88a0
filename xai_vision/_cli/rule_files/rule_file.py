"""Rules of the fake server from a YAML file.

The sections ``settings``, ``images``, ``rules``, ``faults`` and ``rate_limit`` are optional;
docs/cli.md shows each of them. The file is applied to a server that is never started, so that all
errors are reported with their lines before anything runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.conditions import Conditions
from xai_vision._cli.rule_files.replies import REPLY_KEYS, Replies
from xai_vision._cli.rule_files.values import Values
from xai_vision._cli.rule_files.yaml_lines import ErrorList, Location, RuleFileError, read
from xai_vision.testing import Settings

if TYPE_CHECKING:
    from xai_vision.testing import Tenant


_SECTIONS = ("settings", "images", "rules", "faults", "rate_limit")
_RULE = ("name", "when", "priority", "times", *REPLY_KEYS)
_FAULT = ("name", "when", "fault", "next", "after", "rate")


class RuleFile:
    """The content of a rule file, ready to be applied to a server.

    Attributes:
        settings: Fields of Settings.
    """

    def __init__(self, folder: Path, errors: ErrorList, value: Any) -> None:
        self._values = Values(folder, errors)
        self._conditions = Conditions(self._values)
        self._replies = Replies(self._values)
        self._actions: list[tuple[Location, Callable[[Tenant], object]]] = []
        self.settings: dict[str, Any] = {}
        readers: dict[str, Callable[[Location, Any], object]] = {
            "settings": self._settings,
            "images": self._images,
            "rules": self._each(self._rule),
            "faults": self._each(self._fault),
            "rate_limit": self._rate_limit,
        }
        for key, item in self._values.mapping((), value, _SECTIONS).items():
            if item is not None:
                self._values.attempt((key,), readers[key], item)

    def apply(self, server: Tenant) -> None:
        """Apply everything but the settings to a server."""
        for _, action in self._actions:
            action(server)

    def dry_run(self, server: Tenant) -> None:
        """Apply everything to a server that is not running; collect the errors."""
        for location, action in self._actions:
            self._values.attempt(location, lambda _, action=action: action(server))

    def _each(
        self, read_one: Callable[[Location, Any], object]
    ) -> Callable[[Location, Any], object]:
        return lambda location, value: self._values.items(location, value, read_one)

    def _settings(self, location: Location, value: Any) -> None:
        errors_before = self._values.error_count()
        names = tuple(field.name for field in dataclasses.fields(Settings))
        options = self._values.mapping(location, value, names)
        if isinstance(options.get("image_formats"), list):
            options["image_formats"] = tuple(options["image_formats"])
        for name, item in options.items():
            self._values.attempt((*location, name), _setting, name, item)
        self._values.require_valid(errors_before)
        Settings().replace(**options)
        self.settings = options

    def _images(self, location: Location, value: Any) -> None:
        for address, name in self._values.mapping(location, value).items():
            at = (*location, address)
            path = self._values.attempt(at, self._values.file, name)
            if path is not None:
                self._actions.append((at, _put(address, path)))

    def _rule(self, location: Location, value: Any) -> None:
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, _RULE)
        when = self._values.attempt((*location, "when"), self._conditions.read, options.get("when"))
        reply_keys = [name for name in REPLY_KEYS if name in options]
        replies = [
            self._values.attempt((*location, name), self._replies.read, name, options[name])
            for name in reply_keys
        ]
        times, priority = (
            self._values.attempt((*location, name), self._values.integer, options.get(name))
            for name in ("times", "priority")
        )
        if len(reply_keys) > 1 or (not reply_keys and errors_before == self._values.error_count()):
            matchers = " and ".join(reply_keys) or "none"
            self._values.report(
                location, f"needs exactly one of {', '.join(REPLY_KEYS)}; it has {matchers}"
            )
        self._values.require_valid(errors_before)

        def action(server: Tenant) -> None:
            rule = replies[0](server.on(priority=priority or 0, **when))
            if times is not None:
                rule.times(times)

        self._actions.append((location, action))

    def _fault(self, location: Location, value: Any) -> None:
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, _FAULT)
        when = self._values.attempt((*location, "when"), self._conditions.read, options.get("when"))
        if "fault" in options:
            at = (*location, "fault")
            fault = self._values.attempt(at, self._replies.fault, options["fault"])
        elif errors_before == self._values.error_count():
            self._values.report(location, "needs fault")
        self._values.require_valid(errors_before)
        limits = {name: options[name] for name in ("next", "after", "rate") if name in options}
        self._actions.append((location, lambda server: server.fault(fault, **limits, **when)))

    def _rate_limit(self, location: Location, value: Any) -> None:
        errors_before = self._values.error_count()
        options = self._values.mapping(location, value, ("requests", "tokens", "burst"))
        self._values.require_valid(errors_before)
        if options:
            self._actions.append((location, lambda server: server.rate_limit(**options)))


def _put(address: str, path: Path) -> Callable[[Tenant], object]:
    def action(server: Tenant) -> None:
        server.urls[address] = path

    return action


def _setting(location: Location, name: str, value: Any) -> None:
    Settings().replace(**{name: value})


def check(path: Path) -> tuple[RuleFile | None, list[tuple[int, str]]]:
    """Read a rule file.

    Returns:
        The content, or None if the file is not valid YAML; and the errors with their lines.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None, [(1, "the file is not UTF-8 text")]
    try:
        value, lines = read(text)
    except RuleFileError as error:
        return None, [(int(error.location[0]), str(error))]
    errors = ErrorList(lines)
    try:
        result = RuleFile(path.parent, errors, value)
    except RuleFileError as error:
        errors.add(error.location, str(error))
        return None, errors.errors
    # Apply the valid parts even if other parts have errors, to report all errors at once.
    from xai_vision.testing import FakeServer

    result.dry_run(FakeServer(**result.settings))
    return result, sorted(errors.errors)
