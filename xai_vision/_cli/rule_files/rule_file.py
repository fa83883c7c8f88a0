"""Rules of the fake server from a YAML file.

The sections ``settings``, ``images``, ``rules``, ``faults`` and ``rate_limit`` are optional;
docs/cli.md shows each of them. The file is applied to a server that is never started, so that all
errors are reported with their lines before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._cli.rule_files.conditions import read_conditions
from xai_vision._cli.rule_files.document import Document, Value
from xai_vision._cli.rule_files.replies import REPLY_KEYS, field_names, read_fault, read_reply
from xai_vision.testing import FakeServer, Settings

if TYPE_CHECKING:
    from xai_vision.testing import Tenant


_RULE = ("name", "when", "priority", "times", *REPLY_KEYS)
_FAULT = ("name", "when", "fault", "next", "after", "rate")


class RuleFile:
    """The content of a rule file, ready to be applied to a server.

    Attributes:
        settings: Fields of Settings.
    """

    def __init__(self, root: Value) -> None:
        self.settings: dict[str, Any] = {}
        self._actions: list[tuple[Value, Callable[[Tenant], object]]] = []
        sections: dict[str, Callable[[Value], object]] = {
            "settings": self._read_settings,
            "images": self._read_images,
            "rules": lambda value: value.items(self._read_rule),
            "faults": lambda value: value.items(self._read_fault),
            "rate_limit": self._read_rate_limit,
        }
        content = root.attempt(lambda value: value.mapping(sections)) or {}
        for name, section in content.items():
            section.attempt(sections[name])

    def apply(self, server: Tenant) -> None:
        """Apply everything but the settings to a server."""
        for _, action in self._actions:
            action(server)

    def dry_run(self, server: Tenant) -> None:
        """Apply everything to a server that is not running; report the errors."""
        for value, action in self._actions:
            value.attempt(partial(_apply, action, server))

    def _read_settings(self, value: Value) -> None:
        with value.all_valid():
            settings = value.mapping(field_names(Settings))
            for name, item in settings.items():
                item.attempt(partial(_check_setting, name))
        options = {name: item.raw for name, item in settings.items()}
        Settings().replace(**options)
        self.settings = options

    def _read_images(self, value: Value) -> None:
        for address, item in value.mapping().items():
            path = item.attempt(Value.file)
            if path is not None:
                self._actions.append((item, partial(_add_image, address, path)))

    def _read_rule(self, value: Value) -> None:
        needs = f"needs exactly one of {', '.join(REPLY_KEYS)}; it has "
        with value.all_valid():
            options = value.mapping(_RULE)
            when = _read_optional(options, "when", read_conditions) or {}
            times = _read_optional(options, "times", _read_times)
            priority = _read_optional(options, "priority", Value.integer) or 0
            reply_keys = [key for key in REPLY_KEYS if key in options]
            replies = [options[key].attempt(partial(read_reply, key)) for key in reply_keys]
            if len(reply_keys) > 1:
                value.report(needs + " and ".join(reply_keys))
        if not replies:
            value.fail(f"{needs}none")

        def action(server: Tenant) -> None:
            rule = replies[0](server.on(priority=priority, **when))
            if times is not None:
                rule.times(times)

        self._actions.append((value, action))

    def _read_fault(self, value: Value) -> None:
        with value.all_valid():
            options = value.mapping(_FAULT)
            when = _read_optional(options, "when", read_conditions) or {}
            fault = _read_optional(options, "fault", read_fault)
        if fault is None:
            value.fail("needs fault")
        limits = {name: options[name].raw for name in ("next", "after", "rate") if name in options}
        self._actions.append((value, lambda server: server.fault(fault, **limits, **when)))

    def _read_rate_limit(self, value: Value) -> None:
        options = value.keywords(("requests", "tokens", "burst"))
        if options:
            self._actions.append((value, lambda server: server.rate_limit(**options)))


def _apply(action: Callable[[Tenant], object], server: Tenant, _: Value) -> None:
    action(server)


def _check_setting(name: str, value: Value) -> None:
    Settings().replace(**{name: value.raw})


def _add_image(address: str, path: Path, server: Tenant) -> None:
    server.urls[address] = path


def _read_optional(options: dict[str, Value], name: str, read: Callable[[Value], Any]) -> Any:
    return options[name].attempt(read) if name in options else None


def _read_times(value: Value) -> int | None:
    count = value.integer()
    if count is not None and count < 0:
        value.fail("must be 0 or more")
    return count


def check(path: Path) -> tuple[RuleFile, list[tuple[int, str]]]:
    """Read a rule file.

    Returns:
        The valid part of the content, and the errors with their lines.

    Raises:
        OSError: The file cannot be read.
    """
    document = Document(path)
    rule_file = RuleFile(document.root)
    # Apply the valid parts even if other parts have errors, to report all errors at once.
    rule_file.dry_run(FakeServer(**rule_file.settings))
    return rule_file, sorted(document.errors)
