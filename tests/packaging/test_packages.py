"""Build the wheel and the sdist, install them in clean environments, and use them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.blocks import blocks

ROOT = Path(__file__).parents[2]
BIN = "Scripts" if sys.platform == "win32" else "bin"

pytestmark = pytest.mark.slow


def environment(folder: Path, *packages: str) -> Path:
    """Create a virtual environment with these packages; return its folder of programs."""
    venv.create(folder, with_pip=True)
    programs = folder / BIN
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True, cwd=folder)
    return programs


def run(*command: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("XAI_", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The folder with the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("built")
    programs = environment(folder / "builder", "build")
    result = run(programs / "python", "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """Clone the repository as a newcomer does."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this tree is not a git repository")
    folder = tmp_path_factory.mktemp("clone") / "xai_vision"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def plain(clone, tmp_path_factory) -> Path:
    """Run the README's install line in the clone, with the programs of a new environment."""
    programs = environment(tmp_path_factory.mktemp("plain") / "env", "pytest")
    for block in blocks(clone / "README.md", "sh"):
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        result = run("sh", "-e", "-c", block.code, cwd=clone, PATH=path)
        assert result.returncode == 0, result.stderr
    return programs


@pytest.fixture(scope="module")
def everything(wheel, tmp_path_factory) -> Path:
    return environment(tmp_path_factory.mktemp("all") / "env", f"{wheel}[all]", "pytest")


@pytest.fixture
def desk(clone, tmp_path) -> Path:
    """Copy what the README's blocks and the program that runs them read, without the package."""
    for name in (
        "README.md",
        "docs/img/photo.jpg",
        "tests/blocks.py",
        "tests/packaging/newcomer.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clone / name, tmp_path / name)
    (tmp_path / "examples").mkdir()
    for path in (clone / "examples").glob("*.py"):
        shutil.copy(path, tmp_path / "examples")
    return tmp_path


def test_wheel_contents(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        entries = file.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
        metadata = file.read(next(n for n in names if n.endswith("METADATA"))).decode()
    assert "xai_vision/py.typed" in names
    assert "xai_vision/proto/chat_pb2.pyi" in names
    assert "xai_vision/_cli/app.py" in names
    page = ("page.html", "page.css", "dom.js", "list.js", "call.js", "main.js")
    assert {f"xai_vision/testing/_inspector/static/{name}" for name in page} <= {*names}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"xai_vision"}
    assert not [name for name in names if "__pycache__" in name]
    assert "xai-vision = xai_vision._cli:main" in entries
    assert "[pytest11]" in entries
    assert "License-Expression: Apache-2.0" in metadata
    assert "Provides-Extra: cli" in metadata
    # PyPI shows the README, but not the files beside it.
    assert "# xai_vision" in metadata
    assert "](https://github.com/xai-vision/xai_vision/blob/main/docs/moving.md)" in metadata
    assert re.findall(r"\]\((?!https?:)[^)]*\)", metadata) == []


def test_sdist_contents(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "xai_vision/py.typed"} <= names
    assert "protos/xai/api/v1/chat.proto" in names


@pytest.mark.parametrize("kind", ["plain", "everything"])
def test_newcomer(kind, desk, request):
    programs = request.getfixturevalue(kind)
    result = run(
        *(programs / "python", "-W", "error", "-m", "tests.packaging.newcomer", "README.md"),
        cwd=desk,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("640x480") >= 2
    assert "1 passed" in result.stdout
    assert result.stdout.splitlines()[-1] == "3 blocks"


MISSING = {
    "parquet": "from xai_vision import bulk; bulk.parquet('rows.parquet')",
    "pydantic": (
        "from xai_vision import Client; from xai_vision.chat import user\n"
        "Client('key').chat.create('grok-4', messages=[user('hi')]).parse(list[str])"
    ),
    "tls": "from xai_vision.testing import FakeServer; FakeServer(tls=True)",
    "health": "from xai_vision.testing import FakeServer; FakeServer(health=True).start()",
    "reflection": "from xai_vision.testing import FakeServer; FakeServer(reflection=True).start()",
    "eyes": "from xai_vision.testing import FakeServer; FakeServer(eyes=True)",
    "cli": "from xai_vision._cli import main; main()",
}


@pytest.mark.parametrize("extra", MISSING)
def test_missing_extras_are_named(plain, tmp_path, extra):
    result = run(plain / "python", "-c", MISSING[extra], cwd=tmp_path)
    assert result.returncode != 0
    assert f"pip install 'xai-vision[{extra}]'" in result.stderr


def test_command_without_its_extra(plain, tmp_path):
    result = run(plain / "xai-vision", "--help", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "pip install 'xai-vision[cli]'" in result.stderr


def test_command(everything, desk):
    from tests import sample_images

    (desk / "photo.jpg").write_bytes(sample_images.sample("photo.jpg"))
    result = run(everything / "xai-vision", "ask", "What?", "photo.jpg", "--fake", cwd=desk)
    assert result.returncode == 0, result.stderr
    assert "640x480" in result.stdout


def test_no_extra_is_needed_to_import_the_package(plain, tmp_path):
    program = (
        "import xai_vision, xai_vision.chat, xai_vision.tools, xai_vision.search,"
        " xai_vision.testing, xai_vision.imaging, xai_vision.errors;"
        "[getattr(xai_vision, name) for name in xai_vision.__all__]"
    )
    result = run(plain / "python", "-W", "error", "-c", program, cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_type_hints_are_visible(everything, tmp_path):
    """Check that py.typed and the stubs work for another program's mypy."""
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(
        "from xai_vision import Client\n"
        "reveal_type(Client('key').chat.create('grok-4').sample().usage.prompt_image_tokens)\n"
    )
    result = run(
        *(sys.executable, "-m", "mypy", "--python-executable", everything / "python"),
        "program.py",
        cwd=tmp_path,
    )
    assert 'Revealed type is "int"' in result.stdout, result.stdout
