"""``python -m xai_vision.cli``: the command, where its script is not on the path."""

from __future__ import annotations

from xai_vision.cli import main

main()
