"""Rules of the fake server from a YAML file or from JSON.

The sections ``settings``, ``serve``, ``images``, ``rules``, ``faults`` and ``rate_limit`` are
optional; docs/cli.md shows each of them. They are first applied to a server that is never started,
so that all errors are reported with their locations before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xai_vision._validation import did_you_mean
from xai_vision.testing._rule_files.conditions import read_conditions
from xai_vision.testing._rule_files.document import Document, Value
from xai_vision.testing._rule_files.replies import REPLY_KEYS, field_names, read_fault, read_reply
from xai_vision.testing._rules.rule import times_error
from xai_vision.testing._settings import Settings
from xai_vision.testing._tenant import Tenant
from xai_vision.testing._transport.address import BindAddress
from xai_vision.testing._transport.shared_state import ServerState

if TYPE_CHECKING:
    from xai_vision.testing._faults.injection import FaultRule
    from xai_vision.testing._rules.rule import Rule

SERVE_OPTIONS = (
    "host",
    "port",
    "http_port",
    "key",
    "health",
    "reflection",
    "tls",
    "certificate",
    "log",
    "admin_token",
    "inspect",
)
"""The options of `xai-vision serve` that a rule file can set."""

_NEEDED: Final[dict[str, dict[str, Any]]] = {
    "model": {"upstream": "openai:http://localhost"},
    "record": {"cassette": "a.json", "upstream": "localhost"},
    "upstream_key": {"upstream": "localhost"},
}
"""The settings without which a setting alone is an error."""
_RULE = ("name", "when", "priority", "times", *REPLY_KEYS)
_FAULT = ("name", "when", "fault", "next", "after", "rate")


class RuleFile:
    """The content of a document with rules, ready to be applied to a server.

    Attributes:
        settings: Fields of Settings.
        serve: Options of `xai-vision serve`, by name.
        hints: Line and text of each remark on something that may be a mistake.

    Args:
        root: The document's value. Errors are reported to its document.
        whole_server: Whether the document may have settings and options of the server.
    """

    def __init__(self, root: Value, *, whole_server: bool = True) -> None:
        self.settings: dict[str, Any] = {}
        self.serve: dict[str, Value] = {}
        self.hints: list[tuple[int, str]] = []
        self._actions: list[tuple[Value, Callable[[Tenant], Rule | FaultRule | None]]] = []
        sections: dict[str, Callable[[Value], object]] = {
            "images": self._read_images,
            "rules": lambda value: value.items(self._read_rule),
            "faults": lambda value: value.items(self._read_fault),
            "rate_limit": self._read_rate_limit,
        }
        if whole_server:
            sections |= {"settings": self._read_settings, "serve": self._read_serve}
        content = root.attempt(lambda value: value.mapping(sections)) or {}
        for name, section in content.items():
            section.attempt(sections[name])

    def apply(self, server: Tenant) -> list[Rule | FaultRule]:
        """Apply everything but settings and options; return the rules and faults."""
        results = [action(server) for _, action in self._actions]
        return [rule for rule in results if rule is not None]

    def dry_run(self) -> None:
        """Apply everything to a server that is not running; report the errors and hints."""
        # The check of a file needs no packages of an extra, no key and no cassette.
        unused = {"eyes": False, "cassette": None, "record": "none"}
        settings = Settings().replace(**{**self.settings, **unused})
        server = Tenant(ServerState(BindAddress()), settings)
        for value, action in self._actions:
            value.attempt(partial(_apply, action, server))
            self._check_model(value, server)

    def _check_model(self, value: Value, server: Tenant) -> None:
        when = value.raw.get("when") if isinstance(value.raw, dict) else None
        model = when.get("model") if isinstance(when, dict) else None
        if isinstance(model, str) and model not in (*server.models.names, "any", "none"):
            line = value.document.lines.get((*value.location, "when", "model"), 1)
            suggestion = did_you_mean(model, server.models.names) or "."
            how = f"To add it, write 'settings: {{models: [{model}]}}'."
            self.hints.append((line, f"the server has no model {model!r}{suggestion} {how}"))

    def _read_serve(self, value: Value) -> None:
        self.serve = value.mapping(SERVE_OPTIONS)

    def _read_settings(self, value: Value) -> None:
        with value.all_valid():
            settings = value.mapping(field_names(Settings))
            for name, item in settings.items():
                item.attempt(partial(_check_setting, name))
        options = {name: item.raw for name, item in settings.items()}
        folder = value.document.folder
        if folder is not None and isinstance(options.get("cassette"), str):
            options["cassette"] = folder / options["cassette"]
        Settings().replace(**options)
        self.settings = options

    def _read_images(self, value: Value) -> None:
        for address, item in value.mapping().items():
            source = item.attempt(Value.file)
            if source is not None:
                self._actions.append((item, partial(_add_image, address, source)))

    def _read_rule(self, value: Value) -> None:
        needs = f"needs exactly one of {', '.join(REPLY_KEYS)}; it has "
        with value.all_valid():
            options = value.mapping(_RULE)
            when = _read_optional(options, "when", read_conditions) or {}
            times = _read_optional(options, "times", _read_times)
            priority = _read_optional(options, "priority", Value.integer) or 0
            name = _read_optional(options, "name", Value.string) or ""
            reply_keys = [key for key in REPLY_KEYS if key in options]
            replies = [options[key].attempt(partial(read_reply, key)) for key in reply_keys]
            texts = options["replies"].raw if "replies" in options else ()
            if isinstance(texts, list) and (problem := times_error(times, len(texts))):
                options["times"].report(problem)
            if len(reply_keys) > 1:
                value.report(needs + " and ".join(reply_keys))
        if not replies:
            value.fail(f"{needs}none")

        def action(server: Tenant) -> Rule:
            rule: Rule = replies[0](server.on(name=name, priority=priority, **when))
            return rule if times is None else rule.times(times)

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
    Settings().replace(**{**_NEEDED.get(name, {}), name: value.raw})


def _add_image(address: str, source: Path | bytes, server: Tenant) -> None:
    server.urls[address] = source


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
    return _check(Document.read(path), whole_server=True)


def check_json(content: object) -> tuple[RuleFile, list[str]]:
    """Read rules from parsed JSON: the sections of a rule file, a list of rules, or one rule.

    Settings and options of the server are not accepted, and data URLs take the place of files.

    Returns:
        The valid part of the content, and the errors.
    """
    if isinstance(content, dict) and content.keys() & {"when", *REPLY_KEYS}:
        content = [content]
    if isinstance(content, list):
        content = {"rules": content}
    rule_file, errors = _check(Document(content), whole_server=False)
    return rule_file, [text for _, text in errors]


def _check(document: Document, *, whole_server: bool) -> tuple[RuleFile, list[tuple[int, str]]]:
    rule_file = RuleFile(document.root, whole_server=whole_server)
    # Apply the valid parts even if other parts have errors, to report all errors at once.
    rule_file.dry_run()
    document.errors.sort()
    return rule_file, document.errors
