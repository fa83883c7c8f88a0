"""Import packages that only an extra of xai-vision installs."""

from __future__ import annotations

import importlib
from typing import Any


def import_optional(module: str, extra: str, feature: str) -> Any:
    """Import a module of an optional dependency.

    Args:
        module: The module's full name.
        extra: The extra of xai-vision that installs it.
        feature: The feature that needs it; the error message begins with it.

    Raises:
        ImportError: The package is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{feature} needs {module.partition('.')[0]}: pip install 'xai-vision[{extra}]'"
        ) from error
