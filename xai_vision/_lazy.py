"""Load the public names of a package on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_exports(
    package: str, exports: Mapping[str, str], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package.

    A class or function defined in a private module gets the package as its ``__module__``, so
    that tracebacks and ``repr`` show the path that users import.

    Args:
        package: The package's ``__name__``.
        exports: Each public name, and the absolute name of the module that defines it.
        modules: Names that stand for a whole module, and the absolute name of that module.

    Returns:
        The two functions.
    """
    whole = modules or {}

    def load(name: str) -> object:
        if name in whole:
            return import_module(whole[name])
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(exports[name]), name)
        if "._" in getattr(value, "__module__", ""):
            value.__module__ = package
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *exports, *whole})

    return load, list_names
