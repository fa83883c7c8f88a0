"""Draw a benchmark's JSON as bars: CPU as a multiple of bare gRPC, on a scale of doublings.

python -m benchmarks --json speed.json
python -m benchmarks.plot speed.json docs/img/speed.svg
"""

from __future__ import annotations

import json
import math
import sys
from html import escape
from pathlib import Path
from typing import Any

# Item of the benchmark -> what to call it.
SHOWN = {
    "import": "import the client",
    "cold": "import to first response",
    "text": "short prompt",
    "text-tls": "short prompt, TLS",
    "image-1-path": "image, 1 MiB, from a file",
    "image-10-path": "image, 10 MiB, from a file",
    "image-10-bytes": "image, 10 MiB, from bytes",
    "image-19-path": "image, 19 MiB, from a file",
    "conversation": "20 turns, an image at each",
    "stream-500-read": "stream, 500 chunks",
    "stream-16000-read": "stream, 16,000 chunks",
    "async-stream": "stream, asyncio",
}
CONTESTANTS = {"xai_vision": "#2563eb", "xai_sdk": "#d97706", "openai": "#7c3aed"}
LEFT, WIDTH, BAR, GAP, TOP = 210, 560, 11, 12, 46
LOW, HIGH = 1 / 8, 16.0


def place(ratio: float) -> float:
    """Where a ratio lies from left to right."""
    share = math.log2(max(LOW, min(ratio, HIGH)) / LOW) / math.log2(HIGH / LOW)
    return LEFT + share * WIDTH


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """A chunk of writing."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'


def rows(items: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """What there is to draw: a label, and the ratio of each client."""
    found = []
    for name, label in SHOWN.items():
        metrics = items.get(name, {}).get("metrics", {})
        cpu = metrics.get("cpu") or metrics.get("cpu_per_chunk") or {}
        ratios = {who: cpu[who]["ratio"] for who in CONTESTANTS if "ratio" in cpu.get(who, {})}
        if ratios:
            found.append((label, ratios))
    return found


def draw(measured: dict[str, Any]) -> str:
    """The image as SVG."""
    shown = rows(measured["items"])
    high = TOP + len(shown) * (len(CONTESTANTS) * BAR + GAP) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {high}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="{high}" fill="white"/>',
    ]
    for power in range(-3, 5):
        x, ratio = place(2.0**power), 2.0**power
        strong = "#555" if power == 0 else "#ddd"
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{high - 6}" stroke="{strong}"/>')
        parts.append(text(x, TOP - 14, "bare gRPC" if power == 0 else f"{ratio:g}x", "middle"))
    for number, (who, colour) in enumerate(CONTESTANTS.items()):
        x = LEFT + number * 100
        parts.append(f'<rect x="{x}" y="4" width="10" height="10" fill="{colour}"/>')
        parts.append(text(x + 15, 13, who))
    for number, (label, ratios) in enumerate(shown):
        y = TOP + number * (len(CONTESTANTS) * BAR + GAP)
        parts.append(text(LEFT - 10, y + len(CONTESTANTS) * BAR / 2 + 4, label, "end"))
        for row, (who, ratio) in enumerate(ratios.items()):
            start, end = sorted((place(1.0), place(ratio)))
            top = y + row * BAR
            parts.append(
                f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" '
                f'height="{BAR - 1}" fill="{CONTESTANTS[who]}"/>'
            )
            side = ("start", 4) if ratio >= 1 else ("end", -4)
            parts.append(text(place(ratio) + side[1], top + BAR - 2, f"{ratio:.2f}", side[0]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Read the figures, write the image."""
    source, target = map(Path, sys.argv[1:3])
    target.write_text(draw(json.loads(source.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
