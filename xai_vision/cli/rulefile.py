"""Rules of the fake server from a YAML file.

A file holds any of ``settings``, ``pictures``, ``rules``, ``faults`` and ``rate_limit``;
docs/cli.md shows each. Everything in it is tried on a server that is never started, so what is
wrong with it is found before anything runs, all at once and with its line.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from xai_vision.cli.located import Path, Problem, Problems, read
from xai_vision.testing import Fault, Reply, Settings, Step, ToolUse, match

if TYPE_CHECKING:
    from xai_vision.testing import Rule, Tenant
    from xai_vision.testing.match import Matcher

__all__ = ["RuleFile", "check"]

_TEXT = ("contains", "startswith", "re", "equals")
_PICTURE = ("format", "size", "detail", "sha256", "near", "file")
_WHEN: dict[str, tuple[str, ...]] = {
    "prompt": _TEXT,
    "model": _TEXT,
    "image": _PICTURE,
    "images": (),
    "tools": (),
    "schema": ("equals",),
    "metadata": (),
    "stream": (),
    "method": _TEXT,
}
_SAID = ("reply", "replies", "reply_json", "fault")
_RULE = ("name", "when", "priority", "times", *_SAID)
_FAULT = ("name", "when", "fault", "next", "after", "rate")
_FAULTS = (
    "status",
    "unavailable",
    "internal",
    "rate_limited",
    "refused_as_unsafe",
    "after_chunks",
    "latency",
    "hang",
    "truncated",
    "garbled",
    "reset_connection",
    "freeze_connection",
)
_ONE_VALUE = {"latency": "seconds", "rate_limited": "retry_after", "after_chunks": "count"}


class RuleFile:
    """What a file says, ready to be told to a server.

    Attributes:
        settings: Fields of Settings.
    """

    def __init__(self, folder: File, problems: Problems, value: Any) -> None:
        self._folder = folder
        self._problems = problems
        self._acts: list[Callable[[Tenant], object]] = []
        self.settings: dict[str, Any] = {}
        whole = self._mapping((), value, ("settings", "pictures", "rules", "faults", "rate_limit"))
        self._tried(("settings",), self._read_settings, whole.get("settings"))
        self._tried(("pictures",), self._read_pictures, whole.get("pictures"))
        for key, read_one in (("rules", self._read_rule), ("faults", self._read_fault)):
            for place, one in enumerate(self._list((key,), whole.get(key))):
                self._tried((key, place), read_one, one)
        self._tried(("rate_limit",), self._read_rate_limit, whole.get("rate_limit"))

    def apply(self, server: Tenant) -> None:
        """Tell a server all of it, apart from the settings."""
        for act in self._acts:
            act(server)

    # --- the parts ---

    def _read_settings(self, where: Path, value: Any) -> None:
        names = tuple(field.name for field in dataclasses.fields(Settings))
        given = self._mapping(where, value, names)
        if isinstance(given.get("picture_formats"), list):
            given["picture_formats"] = tuple(given["picture_formats"])
        Settings().but(**given)
        self.settings = given

    def _read_pictures(self, where: Path, value: Any) -> None:
        for address, name in self._mapping(where, value).items():
            path = self._file((*where, address), name)
            self._acts.append(lambda server, at=address, path=path: _put(server, at, path))  # type: ignore[misc]

    def _read_rule(self, where: Path, value: Any) -> None:
        given = self._mapping(where, value, _RULE)
        conditions = self._when((*where, "when"), given.get("when"))
        said = [name for name in _SAID if name in given]
        if len(said) != 1:
            found = " and ".join(said) or "none"
            raise Problem(where, f"needs one of {', '.join(_SAID)}; it has {found}")
        answer = self._answer((*where, said[0]), said[0], given[said[0]])
        times = self._number((*where, "times"), given.get("times"))
        priority = self._number((*where, "priority"), given.get("priority")) or 0

        def act(server: Tenant) -> None:
            rule = answer(server.on(priority=priority, **conditions))
            if times is not None:
                rule.times(times)

        self._acts.append(act)

    def _read_fault(self, where: Path, value: Any) -> None:
        given = self._mapping(where, value, _FAULT)
        if "fault" not in given:
            raise Problem(where, "needs fault")
        fault = self._fault((*where, "fault"), given["fault"])
        conditions = self._when((*where, "when"), given.get("when"))
        limits = {name: given[name] for name in ("next", "after", "rate") if name in given}
        self._acts.append(lambda server: server.fault(fault, **limits, **conditions))

    def _read_rate_limit(self, where: Path, value: Any) -> None:
        given = self._mapping(where, value, ("requests", "tokens", "burst"))
        if given:
            self._acts.append(lambda server: server.rate_limit(**given))

    # --- which calls ---

    def _when(self, where: Path, value: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, wanted in self._mapping(where, value, tuple(_WHEN)).items():
            at = (*where, name)
            if name == "metadata":
                made[name] = {
                    key: self._wanted((*at, key), one, _TEXT)
                    for key, one in self._mapping(at, wanted).items()
                }
            elif name == "tools" and isinstance(wanted, (list, str)):
                named = [wanted] if isinstance(wanted, str) else wanted
                made[name] = tuple(str(one) for one in named)
            elif isinstance(wanted, {"images": int, "stream": bool}.get(name, ())):
                made[name] = wanted
            else:
                made[name] = self._wanted(at, wanted, _WHEN[name])
        return made

    def _wanted(self, where: Path, value: Any, kinds: tuple[str, ...]) -> Any:
        if value in ("any", "none") and isinstance(value, str):
            return match.any if value == "any" else match.none
        if isinstance(value, str) and "re" in kinds:
            return value
        if isinstance(value, (bool, int, float)):
            raise Problem(where, f"is a text; put it in quotes, or YAML reads it as {value!r}")
        given = self._mapping(where, value, (*kinds, "not", "all", "either"))
        found = [self._matcher((*where, kind), kind, one, kinds) for kind, one in given.items()]
        if not found:
            raise Problem(where, "is empty")
        first, *rest = found
        for one in rest:
            first = first & one
        return first

    def _matcher(self, where: Path, kind: str, value: Any, kinds: tuple[str, ...]) -> Matcher:
        if kind == "not":
            return ~self._as_matcher(where, value, kinds)
        if kind in ("all", "either"):
            found = [
                self._as_matcher((*where, place), one, kinds)
                for place, one in enumerate(self._list(where, value))
            ]
            if not found:
                raise Problem(where, "is empty")
            first, *rest = found
            for one in rest:
                first = first & one if kind == "all" else first | one
            return first
        if kind == "size":
            if not isinstance(value, list) or len(value) != 2:
                raise Problem(where, "is [width, height]")
            return match.size(*value)
        if kind in ("near", "file"):
            data = self._file(where, value).read_bytes()
            return match.near(data) if kind == "near" else match.sha256(data)
        if kind != "equals" and not isinstance(value, str):
            raise Problem(where, f"is a text, not {value!r:.60}")
        made: Matcher = getattr(match, kind)(value)
        return made

    def _as_matcher(self, where: Path, value: Any, kinds: tuple[str, ...]) -> Matcher:
        wanted = self._wanted(where, value, kinds)
        return match.equals(wanted) if isinstance(wanted, str) else wanted

    # --- what they get ---

    def _answer(self, where: Path, kind: str, value: Any) -> Callable[[Rule], Rule]:
        if kind == "reply_json":
            return lambda rule: rule.reply_json(value)
        if kind == "fault":
            fault = self._fault(where, value)
            return lambda rule: rule.fault(fault)
        if kind == "reply":
            reply = self._reply(where, value)
            return lambda rule: rule.reply(reply)
        answers = [
            self._either((*where, place), one) for place, one in enumerate(self._list(where, value))
        ]
        if not answers:
            raise Problem(where, "is empty")
        return lambda rule: rule.replies(*answers)

    def _either(self, where: Path, value: Any) -> Reply | Fault:
        if isinstance(value, Mapping) and set(value) == {"fault"}:
            return self._fault((*where, "fault"), value["fault"])
        return self._reply(where, value)

    def _reply(self, where: Path, value: Any) -> Reply:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return Reply(str(value))
        if isinstance(value, bool):
            raise Problem(where, f"is a text; put it in quotes, or YAML reads it as {value!r}")
        names = tuple(field.name for field in dataclasses.fields(Reply) if field.name != "_")
        given = self._mapping(where, value, (*names, "json"))
        if "json" in given:
            return Reply.json(given.pop("json"), **given)
        for name, kind in (("tool_calls", ToolUse), ("steps", Step)):
            if name in given:
                given[name] = tuple(
                    kind(**self._fields((*where, name, place), one, kind))
                    for place, one in enumerate(self._list((*where, name), given[name]))
                )
        return Reply(**given)

    def _fields(self, where: Path, value: Any, kind: Any) -> dict[str, Any]:
        return self._mapping(where, value, tuple(f.name for f in dataclasses.fields(kind)))

    def _fault(self, where: Path, value: Any) -> Fault:
        if isinstance(value, str):
            value = {value: {}}
        given = self._mapping(where, value, _FAULTS)
        if len(given) != 1:
            raise Problem(where, "is one fault by its name, such as unavailable")
        ((kind, arguments),) = given.items()
        make: Callable[..., Fault] = getattr(Fault, kind)
        if kind in _ONE_VALUE and isinstance(arguments, (int, float)):
            arguments = {_ONE_VALUE[kind]: arguments}
        names = tuple(inspect.signature(make).parameters)
        return make(**self._mapping((*where, kind), arguments, names))

    # --- values ---

    def _tried(self, where: Path, act: Callable[[Path, Any], None], value: Any) -> None:
        if value is None and len(where) == 1:
            return
        try:
            act(where, value)
        except Problem as problem:
            self._problems.add(problem.where, str(problem))
        except Exception as error:  # noqa: BLE001  # whatever the fake's own checks raise
            self._problems.add(where, str(error) or type(error).__name__)

    def _mapping(self, where: Path, value: Any, known: Iterable[str] = ()) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise Problem(where, f"is a mapping (name: value), not {value!r:.60}")
        names = tuple(known)
        for key in value:
            if names and key not in names:
                close = difflib.get_close_matches(str(key), names, 1)
                hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
                raise Problem((*where, key), f"is not known here; {hint}")
        return dict(value)

    def _list(self, where: Path, value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._problems.add(where, f"is a list, not {value!r:.60}")
            return []
        return value

    def _number(self, where: Path, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem(where, f"is a whole number, not {value!r:.60}")
        if where[-1] == "times" and value < 0:
            raise Problem(where, "is 0 or more")
        return value

    def _file(self, where: Path, value: Any) -> File:
        path = self._folder / str(value)
        if not path.is_file():
            raise Problem(where, f"there is no file {path}")
        return path


def _put(server: Tenant, address: str, path: File) -> None:
    server.urls[address] = path


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
    if not problems.found:
        _try(made, problems)
    return made, sorted(problems.found)


def _try(made: RuleFile, problems: Problems) -> None:
    """Tell it all to a server that is not running: it checks what it is told."""
    from xai_vision.testing import FakeServer

    try:
        made.apply(FakeServer(**made.settings))
    except (TypeError, ValueError) as error:
        problems.add((), str(error))
