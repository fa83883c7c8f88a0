"""Calls as a page in a file: the report of a failed test, and the HTML of notebooks."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from xai_vision.testing._inspector.page import dump, static_page
from xai_vision.testing._inspector.texts import shown
from xai_vision.testing._inspector.thumbnails import thumbnail
from xai_vision.testing._inspector.view import view
from xai_vision.testing._validation import pluralize

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._tenant import Tenant

_MAX_REPORT_BYTES: Final = 8_000_000
# A notebook stores the HTML of all its cells.
_MAX_NOTEBOOK_BYTES: Final = 1_500_000
_MAX_CALLS: Final = 500
# If a call does not fit, its texts are cut shorter.
_TEXT_LIMITS: Final = (20_000, 1_000, 100)
_MAX_NOTE: Final = 20_000
_MAX_NAME: Final = 120


def page_of_calls(calls: Sequence[Call], notes: Sequence[str], max_bytes: int, name: str) -> str:
    """Return a page with calls. The oldest are left out if it would be too large.

    Args:
        calls: The calls, the oldest first.
        notes: Texts to show above them.
        max_bytes: The size of the calls and images in the page, in bytes.
        name: The name of the tenant.
    """
    views: list[dict[str, Any]] = []
    thumbnails: dict[str, str] = {}
    room = max_bytes
    for call in calls[: -_MAX_CALLS - 1 : -1]:
        content = _fitting_view(call, name, room)
        if content is None:
            break
        views.append(content)
        room -= len(dump(content))
        for image in (*call.images, *call.earlier_images):
            copy = None if image.sha256 in thumbnails else thumbnail(image, "static")
            if copy is not None:
                url = f"data:{copy[0]};base64,{base64.b64encode(copy[1]).decode()}"
                if len(url) < room:
                    thumbnails[image.sha256] = url
                    room -= len(url)
    texts = [shown(note, _MAX_NOTE) for note in notes if note]
    if len(views) < len(calls):
        texts.append(f"The page has the last {pluralize(len(views), 'call')} of {len(calls):,}.")
    return static_page({"notes": texts, "calls": views[::-1], "thumbnails": thumbnails})


def _fitting_view(call: Call, name: str, room: int) -> dict[str, Any] | None:
    for limit in _TEXT_LIMITS:
        content = view(call, name, limit)
        if len(dump(content)) < room:
            return content
    return None


def write_report(tenant: Tenant, folder: Path, test: str, failure: str) -> Path:
    """Write the calls of a failed test to a file, and return its path.

    Args:
        tenant: The server of the test.
        folder: The folder for the file. It is created if it does not exist.
        test: The name of the test.
        failure: The text of the failure.

    Raises:
        OSError: The file cannot be written.
    """
    notes = [test, "\n".join(tenant.problems()), failure]
    page = page_of_calls(list(tenant.calls), notes, _MAX_REPORT_BYTES, tenant.name)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{_file_name(test)}.html"
    file.write_text(page, encoding="utf-8")
    return file


def _file_name(test: str) -> str:
    """Return a name for the file of a test, which no other test has."""
    digest = hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", test).strip("-.")
    return f"{name[-_MAX_NAME:].strip('-.')}-{digest}"


def record_times(tenant: Tenant) -> None:
    """Record the times of a tenant's calls from now on."""
    tenant._engine.traces_calls = True


def notebook_html(calls: Sequence[Call], text: str) -> str:
    """Return HTML that shows calls in a notebook, in a frame of its own.

    Args:
        calls: The calls.
        text: The text to show where the notebook does not allow frames.
    """
    page = page_of_calls(calls, [], _MAX_NOTEBOOK_BYTES, "")
    line = f"<pre>{html.escape(text)}</pre>"
    # The frame has no origin: its script cannot reach the notebook.
    return f"""{line}<iframe sandbox="allow-scripts" srcdoc="{html.escape(page)}" \
style="width: 100%; height: 560px; border: 1px solid #8888" title="Calls"></iframe>"""
