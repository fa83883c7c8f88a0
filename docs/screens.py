"""Draw the screens of docs/cli.md: ``python docs/screens.py``.

Each is a capture: the command runs on a pseudo-terminal, against a fake server in this process, and
a terminal emulator shows what a person sees.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shlex
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pyte
from rich.color import ColorParseError
from rich.console import Console
from rich.style import Style
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

from images import SAMPLES  # needs sys.path from above

from tests.cli.terminals import Terminal
from xai_vision.testing import FakeServer, Reply

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
NAME = "xai-vision"
COLUMNS = 96
# pyte names ANSI colors differently from rich.
_COLORS = {"brown": "yellow", "default": None}


def start(server: FakeServer, line: str, columns: int) -> Terminal:
    """Start a command on a pseudo-terminal."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("XAI_", "NO_COLOR"))}
    env = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    env |= {"XAI_API_KEY": server.api_key, "XAI_VISION_HOST": server.target}
    return Terminal([sys.executable, "-m", "xai_vision", *shlex.split(line)], env, columns)


def save(name: str, line: str, output: str, columns: int) -> None:
    """Show the output of a command on a terminal, and save the screen as SVG."""
    display = pyte.Screen(columns, 200)
    pyte.Stream(display).feed(output)
    console = Console(record=True, file=io.StringIO(), width=columns, force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (f"{NAME} {line}", "bold")))
    last = max((row for row, text in enumerate(display.display) if text.strip()), default=0)
    for row in range(last + 1):
        cells = [display.buffer[row][column] for column in range(columns)]
        runs = itertools.groupby(cells, key=_style)
        text = Text.assemble(*(("".join(c.data for c in run), style) for style, run in runs))
        text.rstrip()
        console.print(text)
    svg = console.export_svg(title=NAME, unique_id=f"screen-{name}")
    # Use the font of the reader: the page loads nothing from other hosts.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    lines = [text.rstrip() for text in svg.splitlines() if text.strip()]
    (IMAGES / f"{name}.svg").write_text("\n".join(lines) + "\n", "utf-8")


def _style(cell: Any) -> Style:
    return Style(color=_color(cell.fg), bgcolor=_color(cell.bg), bold=cell.bold)


def _color(name: str) -> str | None:
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    name = _COLORS.get(name, name)
    try:
        return name and Style(color=name) and name
    except ColorParseError:
        return None


def capture(server: FakeServer, name: str, line: str, columns: int = COLUMNS) -> None:
    """Run a command to its end, and save its screen."""
    save(name, line, start(server, line, columns).read(), columns)


def capture_batch(server: FakeServer, line: str) -> None:
    """Save the screen of a batch whose last image waits."""
    gate = threading.Event()

    def reply(call: Any) -> str:
        if call.images[0].format == "PNG":
            gate.wait(60)
        return "A landscape."

    server.on(prompt="Describe it in a sentence").side_effect(reply)
    child = start(server, line, COLUMNS)
    child.expect("23/24[^\r]*left")
    output = child.before + child.after
    gate.set()
    child.close()
    save("batch", line, output, COLUMNS)


def main() -> None:
    """Draw all screens."""
    with tempfile.TemporaryDirectory() as name, FakeServer(unused="allow") as server:
        folder = Path(name)
        for sample in ("photo.jpg", "photo-private.jpg", "photo.webp"):
            (folder / sample).write_bytes(SAMPLES[sample]())
        (folder / "notes.pdf").write_bytes(b"%PDF-1.7\n")
        (folder / "photos").mkdir()
        for number in range(22):
            data = b"not an image" if number == 9 else SAMPLES["photo.jpg"]()
            (folder / "photos" / f"{number:02}.jpg").write_bytes(data)
        for number in (22, 23):
            sample = "photo.jpg" if number == 22 else "chart.png"
            (folder / "photos" / f"{number:02}.jpg").write_bytes(SAMPLES[sample]())
        os.chdir(folder)
        text = "Green hills under a blue sky, with a red sun at the right."
        server.on(prompt="What is this?").reply(Reply(text, chunks=8))
        capture(server, "help", "--help")
        capture(server, "ask", 'ask "What is this?" photo.webp', columns=112)
        capture(server, "models", "models", columns=80)
        capture(server, "inspect", "inspect photo-private.jpg photo.webp notes.pdf")
        capture_batch(server, 'batch "Describe it in a sentence" photos/ --out answers.jsonl')
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
