"""The public names of packages: loaded on first use (PEP 562), and with public paths."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def show_public_path(*values: object) -> None:
    """Set the ``__module__`` of classes and functions to the public package that contains them.

    Tracebacks, ``repr`` and pickles then show the path that users import:
    ``xai_vision.testing.Call`` instead of ``xai_vision.testing._calls.record.Call``.
    """
    for value in values:
        module = getattr(value, "__module__", "")
        if module.startswith("xai_vision."):
            value.__module__ = module.partition("._")[0]


def lazy_exports(
    package: str, exports: Mapping[str, str], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: The package's ``__name__``.
        exports: Each public name, and the absolute name of the module that defines it; followed by
            a colon and the name there, if it differs.
        modules: Names that stand for a whole module, and the absolute name of that module.

    Returns:
        The two functions.
    """
    whole = modules or {}

    def load(name: str) -> object:
        if name in whole:
            return import_module(whole[name])
        if name not in exports:
            # With name and obj, a traceback suggests the name that was meant.
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=sys.modules[package])
        module, _, attribute = exports[name].partition(":")
        value: object = getattr(import_module(module), attribute or name)
        if "._" in getattr(value, "__module__", ""):
            # Not by show_public_path: the module may lie outside of the package.
            value.__module__ = package
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        module = sys.modules[package]
        # Without what the package imports for itself.
        public = {*exports, *whole, *getattr(module, "__all__", ())}
        inside = {
            name
            for name, value in vars(module).items()
            if name.startswith("_") or getattr(value, "__name__", "").startswith(f"{package}.")
        }
        return sorted(public | inside)

    return load, list_names
