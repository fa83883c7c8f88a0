"""Draw the screens of docs/cli.md: ``python docs/screens.py``.

The output comes from the code of the command, with a fake server.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from xai_vision._cli.app import NAME, command
from xai_vision._cli.batch.progress import bar, describe
from xai_vision._cli.commands.inspect import show
from xai_vision._cli.image_report import inspect_image
from xai_vision._cli.options import ImageOptions
from xai_vision._cli.prices import Price
from xai_vision.bulk import Status

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from images import SAMPLES  # needs sys.path from above

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
PRICE = Price("grok-4-0709", 3e-6, 3e-6)


def screen(width: int = 96) -> Console:
    """Create a console that records its output."""
    return Console(
        record=True,
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )


def prompt(console: Console, line: str) -> None:
    """Print a command line."""
    console.print(Text.assemble(("$ ", "dim"), (f"{NAME} {line}", "bold")))


def save(console: Console, name: str, title: str) -> None:
    """Save a screen as SVG."""
    svg = console.export_svg(title=title, unique_id=f"screen-{name}")
    # Use the font of the reader: the page loads nothing from other hosts.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    lines = [line.rstrip() for line in svg.splitlines() if line.strip()]
    (IMAGES / f"{name}.svg").write_text("\n".join(lines) + "\n", "utf-8")


def draw_help() -> None:
    """`xai-vision --help`."""
    console = screen()
    prompt(console, "--help")
    result = CliRunner().invoke(command, ["--help"], prog_name=NAME, terminal_width=96)
    console.print(Text(result.output.rstrip()))
    save(console, "help", NAME)


def draw_inspect(folder: Path) -> None:
    """`xai-vision inspect` of three files."""
    names = ("photo-private.jpg", "photo.webp", "notes.pdf")
    (folder / "notes.pdf").write_bytes(b"%PDF-1.7\n")
    console = screen()
    prompt(console, f"inspect {' '.join(names)}")
    reports = [
        inspect_image(name, ImageOptions("auto", None, fit=False, strip_metadata=False))
        for name in names
    ]
    show(console, reports[:1], PRICE, preview=True)
    show(console, reports[1:], PRICE, preview=False)
    save(console, "inspect", f"{NAME} inspect")


def draw_batch() -> None:
    """`xai-vision batch` in progress, after a resume."""
    usage = Counter(prompt_tokens=445_005, completion_tokens=18_755)
    status = Status(total=1000, earlier=212, answered=341, failed=1, usd=1.62, usage=usage)
    status.started = time.monotonic() - 56
    console = screen()
    prompt(console, 'batch "Describe it in a sentence" photos/ --out answers.jsonl')
    console.print(
        Text.assemble(("xai-vision: ", "red"), "photos/0231.jpg: image data is truncated.")
    )
    progress = bar(console)
    progress.add_task(describe(status), total=status.total, completed=status.done)
    console.print(progress.make_tasks_table(progress.tasks))
    save(console, "batch", f"{NAME} batch")


def main() -> None:
    """Draw all screens."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sample in ("photo-private.jpg", "photo.webp"):
            (folder / sample).write_bytes(SAMPLES[sample]())
        os.chdir(folder)
        draw_help()
        draw_inspect(folder)
        draw_batch()
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
