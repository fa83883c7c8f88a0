"""The release workflow, and the check of tag, version and changelog."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from xai_vision import __version__

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from check_release import problem  # needs sys.path from above

ROOT = Path(__file__).parents[2]
ABOUT = '"""The version."""\n\n__version__ = "0.9.0"\n'
CHANGELOG = "# Changelog\n\n## 0.9.0 (2026-12-01)\n\n## 0.8.0 (2026-11-01)\n"


def test_a_release_that_agrees():
    assert problem("v0.9.0", ABOUT, CHANGELOG) is None


@pytest.mark.parametrize(
    ("tag", "about", "changelog", "words"),
    [
        ("v0.9.1", ABOUT, CHANGELOG, "tag is v0.9.1, but __version__ is 0.9.0"),
        ("0.9.0", ABOUT, CHANGELOG, "tag is 0.9.0"),
        ("v0.9.0", ABOUT, CHANGELOG.replace("0.9.0", "0.9.1"), "newest entry"),
        ("v0.9.0", ABOUT, CHANGELOG.replace("2026-12-01", "not released"), "has no date"),
        ("v0.9.0", ABOUT, "# Changelog\n", "newest entry"),
        ("v0.9.0", "", CHANGELOG, "no __version__"),
    ],
)
def test_a_release_that_does_not_agree(tag, about, changelog, words):
    assert words in (problem(tag, about, changelog) or "")


def test_this_tree_lacks_nothing_but_the_date():
    """The version of the package is the newest entry of the changelog."""
    about = (ROOT / "xai_vision" / "__about__.py").read_text("utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = problem(f"v{__version__}", about, changelog)
    assert found is None or "has no date" in found


@pytest.fixture
def jobs() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    return yaml.safe_load(text)["jobs"]


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def test_what_is_published_was_tested(jobs):
    assert set(jobs["publish"]["needs"]) == {"checks", "wheel"}
    assert jobs["wheel"]["needs"] == "build"
    assert commands(jobs["checks"]) == ".ci/run"
    assert jobs["publish"]["if"] == "github.ref_type == 'tag'"
    downloads = [
        step["with"]["name"]
        for name in ("wheel", "publish")
        for step in jobs[name]["steps"]
        if "download-artifact" in step.get("uses", "")
    ]
    assert downloads == ["dist", "dist"]


def test_the_wheel_is_tested_on_each_python(jobs):
    assert jobs["wheel"]["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    classified = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert set(classified) <= set(jobs["wheel"]["strategy"]["matrix"]["python"])
    run = commands(jobs["wheel"])
    assert "rm -r xai_vision" in run  # or the tests would import the tree
    folders = re.findall(r"\btests/\w+", run)
    assert {"tests/bulk", "tests/chat", "tests/client", "tests/imaging"} < set(folders)
    for folder in folders:
        assert (ROOT / folder).is_dir(), folder


def test_only_the_publishing_job_has_an_identity(jobs):
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
    (upload,) = (step for step in jobs["publish"]["steps"] if "pypi-publish" in step["uses"])
    assert upload["with"] == {"attestations": True}
    assert "secrets." not in (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


def test_scripts_of_the_workflow_exist(jobs):
    for job in jobs.values():
        for script in re.findall(r"(?:scripts|\.ci)/\w+(?:\.py)?", commands(job)):
            assert (ROOT / script).is_file(), script
