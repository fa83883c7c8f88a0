"""The HTML of calls in notebooks.

The inspector makes it, which imports the call log. ``FakeServer`` registers it here, so that the
log does not import the inspector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Renderer: TypeAlias = "Callable[[Sequence[Any], str], str]"

_renderers: list[Renderer] = []


def register_renderer(renderer: Renderer) -> None:
    """Set the function that returns the HTML of calls; it also gets their text."""
    _renderers[:] = [renderer]


def notebook_html(calls: Sequence[Any], text: str) -> str | None:
    """Return the HTML of calls; None, so that the notebook shows the text, without a renderer."""
    return _renderers[0](calls, text) if _renderers else None
