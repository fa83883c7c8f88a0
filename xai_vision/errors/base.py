"""The root of the tree, and what is raised without a call. Needs no gRPC."""

from __future__ import annotations

from typing import Any


def remake(cls: type[XaiVisionError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
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
        return remake, (type(self), self.args, dict(self.__dict__))
