"""Add calls to a cassette, and write its file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from xai_vision.testing._cassettes.cassette_file import CassetteContent, Interaction
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._cassettes.request_form import RequestForm

_POLLS: Final = ("GetDeferredCompletion", "GetDeferredVideo", "GetBatch", "GetDocumentMetadata")
_PAUSE: Final = 9
"""The pause after the file was written, as a multiple of the time that it took."""


class CassetteWriter:
    """The calls of a cassette while it is recorded. The caller locks.

    Args:
        path: The path of the file.
        loaded: The calls that the file had.
        images: The images of the cassette.
        methods: The methods that the service has; None if it has all.
    """

    def __init__(
        self,
        path: Path,
        loaded: Sequence[tuple[RequestForm, Interaction]],
        images: ImageTable,
        methods: list[str] | None,
    ) -> None:
        self._path, self._loaded, self._images = path, loaded, images
        self._methods = methods
        self._recorded: dict[int, tuple[RequestForm, Interaction]] = {}
        self._is_written = True
        self._next_write = 0.0

    def add(self, number: int, form: RequestForm, interaction: Interaction) -> None:
        """Add a call, unless it is a poll with the same answer as the one before.

        Args:
            number: The position of the call in the order in which calls began.
            form: The request.
            interaction: The call.

        Raises:
            OSError: The file cannot be written.
        """
        if interaction.name in _POLLS:
            same = [item for other, item in self._recorded.values() if other.key == form.key]
            if same and same[-1].outcome() == interaction.outcome():
                return
        self._recorded[number] = form, interaction
        self._is_written = False
        # A large file is written less often, so that writing takes a tenth of the time at most.
        started = time.monotonic()
        if started >= self._next_write:
            self.flush()
            ended = time.monotonic()
            self._next_write = ended + _PAUSE * (ended - started)

    def flush(self) -> None:
        """Write the file if it lacks calls.

        Raises:
            OSError: The file cannot be written.
        """
        if not self._is_written:
            content = CassetteContent(self._merged(), self._images.entries, self._methods)
            content.save(self._path)
            self._is_written = True

    def _merged(self) -> list[Interaction]:
        """Return the loaded calls and the recorded ones, which replace those of their request."""
        recorded = [self._recorded[number] for number in sorted(self._recorded)]
        replacements: dict[str, list[Interaction]] = {}
        for form, interaction in recorded:
            replacements.setdefault(form.key, []).append(interaction)
        merged: list[Interaction] = []
        for form, interaction in self._loaded:
            if form.key not in replacements:
                merged.append(interaction)
            elif replacements[form.key]:
                merged.append(replacements[form.key].pop(0))
        remaining = {id(item) for items in replacements.values() for item in items}
        return [*merged, *(item for _, item in recorded if id(item) in remaining)]
