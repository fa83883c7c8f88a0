"""Draw the screens of docs/cli.md anew: ``python docs/screens.py``.

What is drawn comes from the command's own code, with the fake behind it.
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from xai_vision._cli.app import NAME, command
from xai_vision._cli.batch.progress import bar, describe
from xai_vision._cli.batch.results_file import Ledger
from xai_vision._cli.batch.runner import Batch, Question, Tally
from xai_vision._cli.commands.inspect import show
from xai_vision._cli.image_report import look_at
from xai_vision._cli.options import Looking
from xai_vision._cli.prices import Price

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples"))

from pictures import SAMPLES  # noqa: E402  # found by the line above

IMAGES = ROOT / "docs" / "img"
PRICE = Price("grok-4-0709", 3e-6, 3e-6)


def screen(width: int = 96) -> Console:
    """A console that remembers, and shows nothing."""
    return Console(
        record=True,
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )


def prompt(console: Console, line: str) -> None:
    """Print what somebody types."""
    console.print(Text.assemble(("$ ", "dim"), (f"{NAME} {line}", "bold")))


def save(console: Console, name: str, title: str) -> None:
    """Keep a screen."""
    svg = console.export_svg(title=title, unique_id=f"screen-{name}")
    # The font is whatever the reader has: nothing is fetched from elsewhere.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    lines = [line.rstrip() for line in svg.splitlines() if line.strip()]
    (IMAGES / f"{name}.svg").write_text("\n".join(lines) + "\n", "utf-8")


def draw_help() -> None:
    """`xai-vision --help`."""
    console = screen()
    prompt(console, "--help")
    said = CliRunner().invoke(command, ["--help"], prog_name=NAME, terminal_width=96)
    console.print(Text(said.output.rstrip()))
    save(console, "help", NAME)


def draw_inspect(folder: Path) -> None:
    """`xai-vision inspect` of three files."""
    names = ("photo-private.jpg", "photo.webp", "notes.pdf")
    (folder / "notes.pdf").write_bytes(b"%PDF-1.7\n")
    console = screen()
    prompt(console, f"inspect {' '.join(names)}")
    found = [
        look_at(name, Looking("auto", None, fit=False, strip_metadata=False)) for name in names
    ]
    show(console, found[:1], PRICE, preview=True)
    show(console, found[1:], PRICE, preview=False)
    save(console, "inspect", f"{NAME} inspect")


def draw_batch(folder: Path) -> None:
    """`xai-vision batch` on its way."""
    looking = Looking("auto", None, fit=False, strip_metadata=False)
    question = Question("Describe it", "grok-4", None, None, looking)
    console = screen()
    prompt(console, 'batch "Describe it in a sentence" photos/ --out answers.jsonl')
    console.print(Text("212 of 1000 pictures have an answer already", style="dim"))
    console.print(
        Text.assemble(
            ("xai-vision: ", "red"), "photos/0231.jpg: It is a JPEG, but its end is missing."
        )
    )
    with Ledger(folder / "answers.jsonl", "q") as ledger:
        batch = Batch(question, ledger, concurrency=8, patience=600)
        batch.tally = Tally(341, 445_005, 436_480, 18_755, 1.62, [ValueError()])
        batch.tally.began = time.monotonic() - 56
        shown = bar(console)
        shown.get_time = iter(range(0, 10_000, 2)).__next__
        task = shown.add_task(describe(batch), total=788)
        for done in range(0, 343, 18):
            shown.update(task, completed=done)
        console.print(shown.make_tasks_table(shown.tasks))
    save(console, "batch", f"{NAME} batch")


def main() -> None:
    """Draw them all."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sample in ("photo-private.jpg", "photo.webp"):
            (folder / sample).write_bytes(SAMPLES[sample]())
        os.chdir(folder)
        draw_help()
        draw_inspect(folder)
        draw_batch(folder)
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
