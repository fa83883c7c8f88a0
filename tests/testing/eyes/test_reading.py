"""What the reader finds in images: text, codes, nothing; with what threads and memory."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import textwrap
import threading
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.testing.eyes.scans import as_jpeg, code_image, draw, edit_distance, scan, sentence
from xai_vision.testing._eyes import reader as reader_module
from xai_vision.testing._eyes.image_text import Code
from xai_vision.testing._eyes.reader import ImageReader, load_reader
from xai_vision.testing._eyes.text_recognizer import TextRecognizer
from xai_vision.testing._service.image_inspection import ImageInspector
from xai_vision.testing._settings import FORMATS, Settings

SETTINGS = Settings(image_formats=FORMATS)


def read(data, reader=None):
    """Return the text and codes of the bytes of an image."""
    info = ImageInspector().inspect(data, "", SETTINGS)
    image = SimpleNamespace(sha256=info.sha256, format=info.format, data=data)
    return (reader or load_reader()).read(image)


def encoded(image, format_="PNG", **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def label(text, ink=0, paper=255, mode="L"):
    """Return an image with one line of text."""
    font = ImageFont.load_default(28)
    image = Image.new(mode, (round(font.getlength(text)) + 80, 100), paper)
    ImageDraw.Draw(image).text((40, 30), text, fill=ink, font=font)
    return image


@pytest.mark.parametrize("quarter_turns", range(4))
def test_scans(quarter_turns):
    page = scan(quarter_turns, lines=5, quarter_turns=quarter_turns)
    text = "\n".join(read(page.image).lines)
    assert edit_distance(page.text, text) <= 0.02 * len(page.text), text


@pytest.mark.parametrize("angle", [0, 7, -11, 180])
def test_codes(angle):
    page = Image.new("L", (900, 700), 250)
    page.paste(code_image("QRCode", "https://example.com/order/4711"), (100, 60))
    page.paste(code_image("EAN13", "4006381333931"), (100, 340))
    result = read(as_jpeg(page.rotate(angle, expand=True, fillcolor=250), blur=1.0))
    assert sorted(result.codes, key=lambda code: code.format) == [
        Code("EAN-13", "4006381333931"),
        Code("QR Code", "https://example.com/order/4711"),
    ]
    # The bars are not read as letters.
    assert result.lines == ()


def test_text_beside_a_code():
    page = Image.new("L", (1000, 300), 255)
    page.paste(code_image("DataMatrix", "LOT-77"), (60, 60))
    page.paste(label("Batch 2026-11 passed"), (400, 60))
    result = read(encoded(page))
    assert result.codes == (Code("Data Matrix", "LOT-77"),)
    assert result.lines == ("Batch 2026-11 passed",)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_exif_orientation_is_applied(orientation):
    turns = {3: 180, 6: 90, 8: 270}[orientation]  # counterclockwise, which the viewer reverts
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = label("Order 4711 is ready").rotate(turns, expand=True)
    assert read(as_jpeg(stored, exif=exif)).lines == ("Order 4711 is ready",)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded(label("Order 4711", 255, 0)), id="white on black"),
        pytest.param(encoded(label("Order 4711").convert("1")), id="bilevel"),
        pytest.param(encoded(label("Order 4711").convert("P")), id="palette"),
        pytest.param(encoded(label("Order 4711").convert("CMYK"), "JPEG"), id="CMYK"),
        pytest.param(
            encoded(label("Order 4711", (0, 0, 0, 255), (0, 0, 0, 0), "RGBA")), id="transparent"
        ),
        pytest.param(encoded(label("Order 4711", 5000, 60000, "I;16")), id="16 bits"),
        pytest.param(encoded(label("Order 4711"), "WEBP"), id="WebP"),
    ],
)
def test_kinds_of_images(data):
    assert read(data).lines == ("Order 4711",)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2), (31, 700), (64, 64)])
def test_images_without_text(size):
    result = read(encoded(Image.new("RGB", size, "#cde")))
    assert (result.lines, result.codes) == ((), ())


def test_a_page_at_300_dpi():
    rng = random.Random(1)
    text = [sentence(rng) for _ in range(3)]
    page = Image.new("L", (2480, 3508), 250)
    page.paste(draw(text, 42, rng), (150, 1800))  # 10 points
    result = "\n".join(read(as_jpeg(page, blur=1.0)).lines)
    assert edit_distance("\n".join(text), result) <= 0.02 * len(result), result


def test_each_image_is_read_once(monkeypatch):
    readings = []
    plain = TextRecognizer.read
    monkeypatch.setattr(
        TextRecognizer, "read", lambda self, image: readings.append(1) or plain(self, image)
    )
    reader = ImageReader()
    data, results = encoded(label("Order 4711")), []
    threads = [
        threading.Thread(target=lambda: results.append(read(data, reader))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [result.lines for result in results] == [("Order 4711",)] * 8
    assert len(readings) == 1
    read(encoded(label("Order 4712")), reader)
    assert len(readings) == 2


def test_a_known_image_does_not_wait_for_others():
    data = encoded(label("Order 4711"))
    expected, results = read(data), []
    with load_reader()._lock:  # as a thread that reads another image has it
        thread = threading.Thread(target=lambda: results.append(read(data)), daemon=True)
        thread.start()
        thread.join(60)
    assert results == [expected]


def test_the_cache_is_bounded(monkeypatch):
    monkeypatch.setattr(reader_module, "_MAX_CACHE_ENTRIES", 2)
    reader = ImageReader()
    monkeypatch.setattr(reader._text, "read", lambda image: [])
    for number in range(5):
        read(encoded(Image.new("L", (8, 8), number)), reader)
    assert len(reader._cache) == 2


def test_the_process_has_one_reader():
    readers = []
    threads = [threading.Thread(target=lambda: readers.append(load_reader())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(readers) == 4
    assert len(set(map(id, readers))) == 1


def run_program(text):
    """Run a program in a new process and return its output."""
    program = "from tests.testing.eyes.test_reading import *\n" + textwrap.dedent(text)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def test_the_first_use_needs_no_network_and_writes_nothing():
    output = run_program(
        """
        import os
        events = []

        def note(event, arguments):
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (
                os.O_WRONLY | os.O_RDWR | os.O_CREAT
            )
            network = event in ("socket.connect", "socket.sendto", "socket.getaddrinfo")
            if writes or network:
                events.append((event, arguments))

        sys.addaudithook(note)
        sys.dont_write_bytecode = True
        lines = read(encoded(label("Order 4711"))).lines
        print(lines, events)
        """
    )
    # Nothing is logged to the terminal either.
    assert output == "('Order 4711',) []\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_models_start_no_threads():
    output = run_program(
        """
        import os
        recognize = load_reader()._text._load()
        before = len(os.listdir("/proc/self/task"))
        recognize._load_det_model(), recognize._load_rec_model()
        print(len(os.listdir("/proc/self/task")) - before)
        """
    )
    assert output == "0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_has_a_reader_of_its_own():
    output = run_program(
        """
        import os
        read(encoded(label("Order 4711")))
        with load_reader()._lock:  # as a thread that is reading has it
            child = os.fork()
            if child == 0:
                lines = read(encoded(label("Order 4711"))).lines
                os._exit(0 if lines == ("Order 4711",) else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    )
    assert output == "0\n"
