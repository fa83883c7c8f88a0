"""The root of the tree, and what is raised without a call. Needs no gRPC."""

from __future__ import annotations

from typing import Any


def rebuild(cls: type[XaiVisionError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    """Make an error anew, for unpickling: whatever arguments its class takes."""
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class InsecureChannelWarning(UserWarning):
    """The API key is sent in plain text to another machine."""


class XaiVisionError(Exception):
    """The root of everything this package raises on purpose."""


class ConfigurationError(XaiVisionError, ValueError):
    """A key, host or option that cannot work, found while the client was made."""


class ClientClosedError(XaiVisionError, RuntimeError):
    """The client was used after it was closed."""


class ForkError(XaiVisionError, RuntimeError):
    """This process was forked from one that used asyncio clients, and its grpcio cannot go on."""


class InvalidRequestError(XaiVisionError, ValueError):
    """The service is sure to refuse this, so nothing was sent."""


class StructuredOutputError(XaiVisionError, ValueError):
    """The answer does not fit the shape that was asked for.

    Attributes:
        text: The answer's text.
        errors: What is wrong with it: one dict for each place, as Pydantic gives them.
        response: The whole Response.
    """

    def __init__(self, summary: str, *, text: str, errors: list[Any], response: Any) -> None:
        super().__init__(summary)
        self.text = text
        self.errors = errors
        self.response = response

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self.args, dict(self.__dict__))


def short_repr(value: object, max_length: int = 80) -> str:
    """A value for an error's text: not too long, and without the data of a data URL.

    Args:
        value: The value.
        most: Characters.
    """
    # Imported on use: only errors need it.
    import re

    if isinstance(value, str) and value[:5].lower() == "data:":
        label, comma, _ = value.partition(",")
        # Without a comma nobody can tell where the data begins.
        value = f"{label}{comma}…" if comma else "data:…"
    try:
        # Of a long text no more is written than shows that it is one.
        written = repr(value[: 2 * max_length] if isinstance(value, (str, bytes)) else value)
    except Exception:  # noqa: BLE001 - it may be anything that a program was given
        # Python does not write out whole numbers of thousands of digits, nor what is too deep.
        if isinstance(value, int):
            return f"a whole number of {value.bit_length()} bits"
        return f"a {type(value).__name__}"
    written = re.sub(r"""(?i)(data:[^\s,'"]{0,99},|base64,)[^\s'"]+""", r"\1…", written)
    return written if len(written) <= max_length else f"{written[: max_length - 1]}…"
