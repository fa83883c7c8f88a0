"""Run every program in examples/ against the fake server, and compare the outputs of the page."""

from __future__ import annotations

import re

import pytest

from tests import sample_images
from tests.examples import notebook, outputs
from tests.examples.outputs import EXAMPLES, MODULES, OUTPUTS, PROGRAMS, SUITES, normalized

PAGE = (EXAMPLES.parent / "docs" / "examples.md").read_text("utf-8")
NEEDED = {"document": ("pydantic", "pypdfium2")}


def need(*packages: str) -> None:
    for package in packages:
        pytest.importorskip(package)


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Run an example in this process, as ``python examples/NAME.py`` would."""
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return outputs.run_program


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.stem)
def test_size(path):
    if path.stem not in MODULES - {"connecting"}:
        assert len(path.read_text().splitlines()) <= 85


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_output_of_a_program(program, name):
    need(*NEEDED.get(name, ("pydantic",)))
    saved = (OUTPUTS / f"{name}.txt").read_text("utf-8")
    shown = program(name, "--fake")
    assert normalized(shown) == normalized(saved), "run `python -m tests.examples.outputs`"
    assert len(saved.split()) > 5


@pytest.mark.parametrize("name", [*PROGRAMS, *SUITES])
def test_the_page_shows_a_program_with_its_output(name):
    source = f"{name}/{name}" if name in SUITES else name
    assert f'--8<-- "examples/{source}.py"' in PAGE
    assert f'```text title="Output"\n--8<-- "examples/output/{name}.txt"\n```' in PAGE


def test_no_output_is_left_over():
    expected = {f"{name}.txt" for name in (*PROGRAMS, *SUITES)} | {"notebook.md"}
    assert {path.name for path in OUTPUTS.iterdir()} == expected
    shown = re.findall(r'--8<-- "examples/(?:output/)?([^"]+)"', PAGE)
    assert len(shown) == len(set(shown))


def test_the_notebook():
    need("pydantic")
    saved = [cell["outputs"] for cell in notebook.cells(EXAMPLES) if cell["cell_type"] == "code"]
    assert normalized(str(notebook.run(EXAMPLES))) == normalized(str(saved))
    assert sum(map(bool, saved)) >= 4
    assert (OUTPUTS / "notebook.md").read_text("utf-8") == notebook.as_markdown(EXAMPLES)
    assert '--8<-- "examples/output/notebook.md"' in PAGE


def test_missing_key(program):
    need("pydantic")
    with pytest.raises(SystemExit, match="XAI_API_KEY"):
        program("receipts")


def test_own_images(program, tmp_path):
    (tmp_path / "own.png").write_bytes(sample_images.png(320, 200))
    assert "PNG, 320x200" in program("visual_qa", str(tmp_path / "own.png"), "--fake")


def test_own_page(program, tmp_path):
    """Alternative texts are added where they are missing, and nothing else changes."""
    need("pydantic")
    (tmp_path / "a.png").write_bytes(sample_images.png(320, 200))
    page = "<p>é\n<IMG src='a.png'/> <img alt='' src='a.png'><img\nsrc=\"a.png\" id=b>\n"
    (tmp_path / "site.html").write_text(page, "utf-8")
    assert program("alt_texts", str(tmp_path / "site.html"), "--fake").count("a.png: Parcels") == 2
    text = "Parcels per day: most on Friday, 95; fewest on Sunday, 8"
    assert (tmp_path / "site.alt.html").read_text("utf-8") == (
        f"<p>é\n<IMG src='a.png' alt=\"{text}\"> <img alt='' src='a.png'>"
        f'<img\nsrc="a.png" id=b alt="{text}">\n'
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SUITES)
def test_programs_with_tests(name):
    need(*SUITES[name])
    assert outputs.run_suite(name) == (OUTPUTS / f"{name}.txt").read_text("utf-8")


@pytest.mark.slow
def test_parcel_desk(tmp_path):
    need("pydantic")
    shown = outputs.run_parcel_desk(tmp_path)
    assert shown == "parcel.jpg: fine (reply of a fake server, not of Grok)\n"
