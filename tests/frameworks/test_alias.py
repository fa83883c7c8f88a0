"""The name `xai_sdk` in this environment."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib.machinery import PathFinder
from importlib.metadata import version
from pathlib import Path

import pytest
import xai_sdk

import xai_vision


def test_the_official_package_is_not_installed():
    assert xai_sdk is xai_vision
    found = PathFinder.find_spec("xai_sdk")
    assert Path(found.origin) == Path(__file__).parent / "alias" / "xai_sdk" / "__init__.py"
    # inspect_ai refuses to run without a version.
    assert version("xai-sdk") == "1.21.0"


def test_modules_are_the_same_objects():
    names = [module.name for module in pkgutil.walk_packages(xai_vision.__path__, "xai_vision.")]
    public = [name for name in names if "._" not in name and "testing" not in name]
    assert "xai_vision.aio.image" in public
    assert "xai_vision.types.chat" in public
    for name in public:
        alias = importlib.import_module(name.replace("xai_vision", "xai_sdk", 1))
        assert alias is importlib.import_module(name)
        assert alias.__spec__.name == name
        assert sys.modules[alias.__name__] is alias


def test_a_missing_module_is_an_import_error():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'xai_sdk\.nothing'"):
        importlib.import_module("xai_sdk.nothing")
