"""Exit codes."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. They are part of the interface and never change."""

    OK = 0
    FAILED = 1
    USAGE = 2
    IMAGE = 3
    KEY = 4
    RATE_LIMIT = 5
    SERVICE = 6
    REFUSED = 7
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


MEANINGS = {
    Exit.OK: "success",
    Exit.FAILED: "another error: a file, a missing package",
    Exit.USAGE: "invalid arguments, settings or rules",
    Exit.IMAGE: "an image cannot be read or sent, or was refused",
    Exit.KEY: "no API key, or no permission",
    Exit.RATE_LIMIT: "rate limit, quota or budget reached",
    Exit.SERVICE: "the service could not be reached, failed, or timed out",
    Exit.REFUSED: "request rejected, other than for its images",
    Exit.INTERRUPTED: "interrupted (143: by SIGTERM)",
    Exit.PIPE: "broken pipe",
}

# A line with \b prevents click from joining the next lines.
EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code:<3} {meaning}" for code, meaning in MEANINGS.items()
)
"""The end of the help of `xai-vision`."""


def epilog(*examples: str) -> str:
    """Return the end of a command's help: examples."""
    shown = "\n".join(f"  {example}" for example in examples)
    return f"\b\nExamples:\n{shown}"


class CliError(Exception):
    """Ends the command with a message and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def exit_code(error: BaseException) -> Exit:
    """Return the exit code of an error."""
    if isinstance(error, CliError):
        return error.code
    # Imported on use, because `--help` and shell completion need no gRPC.
    from xai_vision import errors

    codes: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Exit], ...] = (
        ((errors.ImageError, errors.ImageRefusedError, errors.ImageFetchError), Exit.IMAGE),
        (errors.SafetyRefusalError, Exit.REFUSED),
        ((errors.AuthenticationError, errors.PermissionDeniedError), Exit.KEY),
        (errors.RateLimitError, Exit.RATE_LIMIT),
        ((errors.BadRequestError, errors.NotFoundError, errors.MessageTooLargeError), Exit.REFUSED),
        ((errors.APIError, errors.StructuredOutputError), Exit.SERVICE),
        ((errors.InvalidRequestError, errors.ConfigurationError), Exit.USAGE),
    )
    return next((code for kinds, code in codes if isinstance(error, kinds)), Exit.FAILED)
