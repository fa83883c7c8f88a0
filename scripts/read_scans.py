#!/usr/bin/env python3
"""Measure how well FakeServer(eyes=True) reads generated scans.

    python scripts/read_scans.py [--count 20] [--save FOLDER]

The scans are turned, blurred and compressed with JPEG quality 60. Each is sent to a fake server,
and the text of the reply is compared with the text of the scan, line ends included. A page with a
QR code and an EAN follows. The exit status is 1 if less than 98 % of the characters are right, or
a code is not read. Needs the extra "eyes".
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from PIL import Image  # needs sys.path from above

from tests.testing.eyes.scans import Scan, as_jpeg, code_image, edit_distance, scan
from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.testing import FakeServer

MIN_RIGHT = 0.98
CODES = {"QRCode": "https://example.com/order/4711", "EAN13": "4006381333931"}


def main() -> int:
    """Read the scans and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="number of scans")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write the scans to FOLDER")
    options = parser.parse_args()
    errors = characters = 0
    with FakeServer(eyes=True) as server, Client(server.api_key, api_host=server.target) as client:
        print("scan  turned   blur  characters  errors  seconds")
        for number in range(options.count):
            page = scan(number)
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                (options.save / f"scan{number:02}.jpg").write_bytes(page.image)
            started = time.monotonic()
            found = edit_distance(page.text, read(client, page))
            seconds = time.monotonic() - started
            errors, characters = errors + found, characters + len(page.text)
            print(
                f"{number:4}  {page.angle:5.1f}°  {page.blur:5.2f}  {len(page.text):10}  "
                f"{found:6}  {seconds:7.1f}"
            )
        right = 1 - errors / characters
        print(f"{right:.2%} of {characters} characters are right")
        reply = ask(client, code_page())
        missing = [text for text in CODES.values() if text not in reply]
        print(f"codes: {f'not read: {missing}' if missing else 'all read'}")
    return 0 if right >= MIN_RIGHT and not missing else 1


def read(client: Client, page: Scan) -> str:
    """Return the text that the server reads on a scan."""
    return ask(client, page.image).partition("Text of image 1:\n")[2]


def ask(client: Client, data: bytes) -> str:
    """Return the default reply to an image."""
    prompt = user("Read the text on this page.", image(data))
    return client.chat.create("grok-4", messages=[prompt], store_messages=False).sample().content


def code_page() -> bytes:
    """Return a turned and blurred page with codes."""
    page = Image.new("L", (900, 700), 250)
    for number, (name, text) in enumerate(CODES.items()):
        page.paste(code_image(name, text), (100, 80 + number * 300))
    return as_jpeg(page.rotate(7, expand=True, fillcolor=250), blur=1.0)


if __name__ == "__main__":
    sys.exit(main())
