"""The fixture ``xai_cassette``: where its files are, and which recorded calls were not used."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xai_vision._pytest.reports import record_times
from xai_vision._pytest.settings import marker_settings, usage_errors
from xai_vision._pytest.tenants import open_tenant, passed, verified

if TYPE_CHECKING:
    from xai_vision.testing import Tenant
    from xai_vision.testing._cassettes.recorder import Recorder

OPTION = "--xai-record"
_SERVICE = "api.x.ai"
_KEY_VARIABLE = "XAI_API_KEY"
_FOLDER = "cassettes"
_MAX_NAME = 120
_CASSETTE_OPTIONS = ("images", "scrub", "max_distance", "pace")
_unused = pytest.StashKey["list[str]"]()
_rewritten = pytest.StashKey["set[Path]"]()
_REPORT_FIELD = "xai_cassette_unused"


def open_cassette(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tenant]:
    """Yield the tenant of a test, whose calls a cassette answers."""
    options = marker_settings(request.node, "xai_cassette", "images='thumbnail'")
    is_error = _unused_is_error(options.pop("unused", "report"))
    path = cassette_path(request.node, options.pop("path", None))
    mode = _mode(request.config, path)
    if "record" in options:
        raise pytest.UsageError(
            f"@pytest.mark.xai_cassette does not accept record: use pytest {OPTION}=..., so that "
            "no test calls the service unless the command line says so"
        )
    settings = marker_settings(request.node, "xai_fake", "unmatched='error'")
    with usage_errors("@pytest.mark.xai_cassette"):
        settings |= _recording_settings(options, path, mode)
        tenant, end = open_tenant(request, settings)
    record_times(request.node, tenant)
    recorder = tenant._engine.recorder
    assert recorder is not None  # noqa: S101 - the settings have a cassette
    recorder.hint = f"pytest {OPTION}={'rewrite' if path.exists() else 'once'}"
    monkeypatch.setenv(_KEY_VARIABLE, tenant.api_key)
    monkeypatch.setenv("XAI_API_HOST", tenant.target)
    try:
        with verified(request.node, tenant):
            yield tenant
        if request.node.stash.get(passed, False):
            _note_unused(request.node, recorder, is_error=is_error)
    finally:
        end()


def _recording_settings(options: dict[str, Any], path: Path, mode: str) -> dict[str, Any]:
    """Return the settings of the tenant: the cassette, and the service if calls are recorded."""
    from xai_vision.testing import Cassette

    cassette = Cassette(path, **{n: options.pop(n) for n in _CASSETTE_OPTIONS if n in options})
    # The calls that no rule answers go to the cassette, not to an error.
    settings = {**options, "unmatched": "default", "cassette": cassette, "record": mode}
    if mode == "none":
        # Nothing may leave this machine, so the server does not even know where to.
        for name in ("upstream", "upstream_key", "model"):
            settings.pop(name, None)
        return settings
    settings.setdefault("upstream", _SERVICE)
    if "upstream_key" not in settings and not str(settings["upstream"]).startswith("openai:"):
        # The fixture sets the variable for the client, so the upstream cannot read it.
        settings["upstream_key"] = os.environ.get(_KEY_VARIABLE, "").strip() or None
        if settings["upstream_key"] is None and not (mode == "once" and path.exists()):
            raise ValueError(
                f"{OPTION}={mode} needs a key for {settings['upstream']}: set {_KEY_VARIABLE}"
            )
    return settings


def _mode(config: pytest.Config, path: Path) -> str:
    mode = str(config.getoption(OPTION))
    if mode == "rewrite":
        rewritten = config.stash.setdefault(_rewritten, set())
        # A second test with the same file adds to what the first one recorded.
        mode = "all" if path in rewritten else "rewrite"
        rewritten.add(path)
    return mode


def _unused_is_error(unused: object) -> bool:
    if unused not in ("report", "error"):
        raise pytest.UsageError(
            f"@pytest.mark.xai_cassette: unused must be 'report' or 'error', not {unused!r}"
        )
    return unused == "error"


def cassette_path(item: pytest.Item, path: str | os.PathLike[str] | None) -> Path:
    """Return the path of a test's cassette.

    Args:
        item: The test.
        path: The path relative to the folder "cassettes" beside the test's file; None for a file
            with the name of the test, in a folder with the name of its module.
    """
    folder = item.path.parent / _FOLDER
    if path is not None:
        if item.config.getoption(OPTION) != "none" and hasattr(item.config, "workerinput"):
            raise pytest.UsageError(
                f"the cassette {path} has a name of its own, so several tests can share it, and "
                f"several processes cannot record it. Run pytest {OPTION} without -n"
            )
        return folder / path
    names = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return folder / item.path.stem / f"{_file_name('.'.join([*names, item.name]))}.json"


def _file_name(name: str) -> str:
    """Return a name that all file systems accept, different for different names."""
    clean = re.sub(r"[^\w.,=+\[\]-]+", "-", name, flags=re.ASCII)[:_MAX_NAME]
    if clean == name:
        return name
    return f"{clean}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _note_unused(item: pytest.Item, recorder: Recorder, *, is_error: bool) -> None:
    unused = recorder.unused()
    if not unused:
        return
    lines = [f"{recorder.cassette.path}: {len(unused)} of the recorded calls were not used"]
    lines += [f"  {text}" for text in unused]
    if is_error:
        pytest.fail("\n".join(lines), pytrace=False)
    item.stash[_unused] = lines


def add_unused(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the recorded calls that were not used to a report, which xdist sends on."""
    lines = item.stash.get(_unused, None)
    if report.when == "teardown" and lines is not None:
        setattr(report, _REPORT_FIELD, lines)


def show_unused(reporter: pytest.TerminalReporter) -> None:
    """Show the recorded calls that no test used."""
    reports = [item for items in reporter.stats.values() for item in items]
    found = [lines for item in reports if (lines := getattr(item, _REPORT_FIELD, None))]
    if found:
        reporter.section("recorded xAI calls that were not used")
        for lines in found:
            for line in lines:
                reporter.write_line(line)
