"""The option ``xai_fake`` in pytest's configuration, and the errors of settings."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

# A run has several servers, also in the processes of xdist, and only one of them could use these.
_SINGLE_SERVER_ARGUMENTS = ("api_key", "port", "http_port")
_LINES_EXAMPLE = """xai_fake = ['unmatched = "error"']"""
_TOML_WORDS = {"true": "True", "false": "False"}


def marker_settings(node: pytest.Item, marker: str, example: str) -> dict[str, Any]:
    """Return the keywords of all markers of that name; those of a test come last.

    Args:
        node: The test.
        marker: The name of the marker.
        example: A keyword with its value, for the error.

    Raises:
        pytest.UsageError: A marker has arguments without a name.
    """
    settings: dict[str, Any] = {}
    for item in reversed(list(node.iter_markers(marker))):
        if item.args:
            raise pytest.UsageError(f"{marker} accepts keywords only, such as {example}")
        settings.update(item.kwargs)
    return settings


@contextlib.contextmanager
def usage_errors(location: str) -> Iterator[None]:
    """Report errors in settings as usage errors that name the settings' location."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{location}: {error}") from None


def configured_settings(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of pytest's configuration.

    Raises:
        pytest.UsageError: The configuration is not valid.
    """
    try:
        lines = config.getini("xai_fake")
    except (TypeError, ValueError, pytest.UsageError) as error:
        # A table in the section [tool.pytest], which pytest 9 reads with strict types.
        raise pytest.UsageError(
            f"{error}\nxai_fake: write {_LINES_EXAMPLE}, or a table in [tool.pytest.ini_options]"
        ) from None
    settings: dict[str, Any] = {}
    for line in lines:
        settings.update(_parse_line(line))
    for name in _SINGLE_SERVER_ARGUMENTS:
        if name in settings:
            raise pytest.UsageError(
                f"xai_fake in pytest's configuration: {name} cannot be set for all tests, "
                "because a run has several servers. Use "
                f"@pytest.mark.xai_fake({name}=...) on the test that needs it, or "
                f"make_xai_server({name}=...)"
            )
    return settings


def _parse_line(line: str) -> dict[str, Any]:
    """Read ``name = value``, or a TOML table, which pytest passes as the repr of a dict."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError, SyntaxError):
            return dict(ast.literal_eval(line))
        raise pytest.UsageError(
            f"xai_fake: {line!r} is a table, which only a TOML file can contain. "
            f"Write one setting per line: {line.strip('{} ')}"
        )
    name, equals, text = line.partition("=")
    if not equals:
        raise pytest.UsageError(
            f"xai_fake: {line!r} must contain '='. In pyproject.toml write {_LINES_EXAMPLE}"
        )
    text = text.strip()
    try:
        return {name.strip(): ast.literal_eval(_TOML_WORDS.get(text, text))}
    except (ValueError, SyntaxError):
        raise pytest.UsageError(
            f"xai_fake: {line!r} is not 'name = value' with a Python or TOML value. "
            f"In pyproject.toml write {_LINES_EXAMPLE}"
        ) from None
