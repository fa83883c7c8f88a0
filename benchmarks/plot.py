"""Draw a bar chart of a benchmark's JSON: CPU as a multiple of bare gRPC, on a logarithmic scale.

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

# Item of the benchmark -> label.
LABELS = {
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
CLIENTS = {"xai_vision": "#2563eb", "xai_sdk": "#d97706", "openai": "#7c3aed"}
LEFT, WIDTH, BAR, GAP, TOP = 210, 560, 11, 12, 46
LOW, HIGH = 1 / 8, 16.0


def place(ratio: float) -> float:
    """Return the x coordinate of a ratio."""
    share = math.log2(max(LOW, min(ratio, HIGH)) / LOW) / math.log2(HIGH / LOW)
    return LEFT + share * WIDTH


def text(x: float, y: float, content: str, anchor: str = "start") -> str:
    """Return a text element."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(content)}</text>'


def rows(items: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """Return the label and the ratios of the clients for each measured item."""
    result = []
    for item, label in LABELS.items():
        metrics = items.get(item, {}).get("metrics", {})
        cpu = metrics.get("cpu") or metrics.get("cpu_per_chunk") or {}
        ratios = {name: cpu[name]["ratio"] for name in CLIENTS if "ratio" in cpu.get(name, {})}
        if ratios:
            result.append((label, ratios))
    return result


def draw(results: dict[str, Any]) -> str:
    """Draw the chart as SVG."""
    bars = rows(results["items"])
    high = TOP + len(bars) * (len(CLIENTS) * BAR + GAP) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {high}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="{high}" fill="white"/>',
    ]
    for power in range(-3, 5):
        x, ratio = place(2.0**power), 2.0**power
        color = "#555" if power == 0 else "#ddd"
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{high - 6}" stroke="{color}"/>')
        parts.append(text(x, TOP - 14, "bare gRPC" if power == 0 else f"{ratio:g}x", "middle"))
    for number, (client, color) in enumerate(CLIENTS.items()):
        x = LEFT + number * 100
        parts.append(f'<rect x="{x}" y="4" width="10" height="10" fill="{color}"/>')
        parts.append(text(x + 15, 13, client))
    for number, (label, ratios) in enumerate(bars):
        y = TOP + number * (len(CLIENTS) * BAR + GAP)
        parts.append(text(LEFT - 10, y + len(CLIENTS) * BAR / 2 + 4, label, "end"))
        for row, (client, ratio) in enumerate(ratios.items()):
            start, end = sorted((place(1.0), place(ratio)))
            top = y + row * BAR
            parts.append(
                f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" '
                f'height="{BAR - 1}" fill="{CLIENTS[client]}"/>'
            )
            side = ("start", 4) if ratio >= 1 else ("end", -4)
            parts.append(text(place(ratio) + side[1], top + BAR - 2, f"{ratio:.2f}", side[0]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Read the JSON and write the SVG."""
    source, target = map(Path, sys.argv[1:3])
    target.write_text(draw(json.loads(source.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
