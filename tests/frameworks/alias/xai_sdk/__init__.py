"""Make `xai_sdk` and its modules mean `xai_vision` and its modules."""

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

import xai_vision


class Alias(MetaPathFinder, Loader):
    def find_spec(self, name, path=None, target=None):
        package, _, module = name.partition(".")
        if package == "xai_sdk" and find_spec(f"xai_vision.{module}"):
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        module = importlib.import_module(spec.name.replace("xai_sdk", "xai_vision", 1))
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        # Python has given the module the spec of the alias.
        module.__spec__ = module.__spec__.loader_state


sys.meta_path.insert(0, Alias())
sys.modules["xai_sdk"] = xai_vision
