"""The root of all errors, and the errors raised without a call. Does not import gRPC."""

from __future__ import annotations

from typing import Any

from xai_vision._lazy import show_public_path


def rebuild(cls: type[XaiVisionError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    """Rebuild a pickled error without ``__init__``, whose parameters depend on the class."""
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class InsecureChannelWarning(UserWarning):
    """The API key is sent to another machine in plain text."""

    __module__ = "xai_vision.errors"


class XaiVisionError(Exception):
    """The base class of all errors of this package."""

    __module__ = "xai_vision.errors"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        show_public_path(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(XaiVisionError, ValueError):
    """A client was created with an invalid key, host or option."""


class ClientClosedError(XaiVisionError, RuntimeError):
    """The client was used after it was closed."""


class ForkError(XaiVisionError, RuntimeError):
    """This process was forked after using an AsyncClient, and its grpcio does not support that."""


class InvalidRequestError(XaiVisionError, ValueError):
    """The service would refuse the request, so it was not sent."""


class ToolOutputError(XaiVisionError, ValueError):
    """The output of a server-side tool has an unknown format."""


class GenerationError(XaiVisionError, ValueError):
    """A generated image or video is not in the response, for example because it was withheld."""


class VideoGenerationError(XaiVisionError, RuntimeError):
    """A video could not be generated.

    Attributes:
        code: The service's code, such as "invalid_argument"; "EXPIRED" if the request has expired.
        message: The service's message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"video generation failed [{code}]: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message)


class BatchResultError(XaiVisionError, ValueError):
    """A result of a batch is an error, or of another kind."""


class BatchCancelledError(XaiVisionError):
    """A batch was cancelled before it was complete.

    Attributes:
        batch: The state of the batch. Requests that were complete have results.
    """

    def __init__(self, message: str, batch: Any = None) -> None:
        super().__init__(message)
        self.batch = batch


class IndexingError(XaiVisionError, ValueError):
    """A document of a collection could not be indexed."""


class DownloadError(XaiVisionError, OSError):
    """A generated image could not be downloaded from its URL."""


class StructuredOutputError(XaiVisionError, ValueError):
    """The response does not match the requested type.

    Attributes:
        text: The text of the response.
        errors: The mismatches, as Pydantic's list of dicts.
        response: The Response.
    """

    def __init__(self, summary: str, *, text: str, errors: list[Any], response: Any) -> None:
        super().__init__(summary)
        self.text = text
        self.errors = errors
        self.response = response


def short_repr(value: object, max_length: int = 80) -> str:
    """Return a shortened ``repr`` for an error message, without the data of a data URL.

    Args:
        value: The value.
        max_length: The largest number of characters.
    """
    # Imported on use: only errors need it.
    import re

    if isinstance(value, str) and value[:5].lower() == "data:":
        prefix, comma, _ = value.partition(",")
        # Without a comma, the start of the data is unknown.
        value = f"{prefix}{comma}…" if comma else "data:…"
    try:
        # A long string is cut before repr(), which would copy all of it.
        text = repr(value[: 2 * max_length] if isinstance(value, (str, bytes)) else value)
    except Exception:  # noqa: BLE001 - the repr of a foreign class may raise anything
        # Python refuses to format integers of thousands of digits and deeply nested values.
        if isinstance(value, int):
            return f"an integer of {value.bit_length()} bits"
        return f"a {type(value).__name__}"
    text = re.sub(r"""(?i)(data:[^\s,'"]{0,99},|base64,)[^\s'"]+""", r"\1…", text)
    return text if len(text) <= max_length else f"{text[: max_length - 1]}…"
