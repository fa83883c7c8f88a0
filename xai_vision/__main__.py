"""``python -m xai_vision``: the command, where its script is not on the path."""

from __future__ import annotations

from xai_vision._cli import main

main()
