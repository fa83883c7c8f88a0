"""How the command ends: which code means what."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit", "Failure", "epilog", "exit_of"]


class Exit(IntEnum):
    """Exit codes; part of the command's interface, so never renumbered."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PICTURE = 3
    KEY = 4
    RATE_LIMIT = 5
    SERVICE = 6
    REFUSED = 7
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


MEANINGS = {
    Exit.OK: "done",
    Exit.FAILED: "something else went wrong: a file, a missing package",
    Exit.USAGE: "wrong arguments, settings or rules",
    Exit.PICTURE: "a picture cannot be read or sent, or was not taken",
    Exit.KEY: "no API key, or one that may not do this",
    Exit.RATE_LIMIT: "rate limit or quota reached",
    Exit.SERVICE: "the service could not be reached, failed, or took too long",
    Exit.REFUSED: "the service refused the request, not for its pictures",
    Exit.INTERRUPTED: "interrupted (143: by SIGTERM)",
    Exit.PIPE: "whoever read the output has gone",
}

_CODES_LISTED = "\n".join(f"  {code:<3} {said}" for code, said in MEANINGS.items())


def epilog(*examples: str) -> str:
    """What stands below a command's options: examples, and the exit codes."""
    # \b on a line of its own keeps click from joining lines.
    shown = "\n".join(f"  {example}" for example in examples)
    head = f"\b\nExamples:\n{shown}\n\n" if examples else ""
    return f"{head}\b\nExit codes:\n{_CODES_LISTED}"


class Failure(Exception):  # noqa: N818  # it ends the command, and is not always an error
    """The command ends here, with a message and a code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def exit_of(error: BaseException) -> Exit:
    """The code an error ends the command with."""
    if isinstance(error, Failure):
        return error.code
    # Imported on use: `--help` and the shell's completion are quicker without gRPC.
    from xai_vision import errors

    codes: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Exit], ...] = (
        ((errors.ImageError, errors.ImageRefusedError, errors.ImageFetchError), Exit.PICTURE),
        (errors.SafetyRefusalError, Exit.REFUSED),
        ((errors.AuthenticationError, errors.PermissionDeniedError), Exit.KEY),
        (errors.RateLimitError, Exit.RATE_LIMIT),
        ((errors.BadRequestError, errors.NotFoundError, errors.MessageTooLargeError), Exit.REFUSED),
        ((errors.APIError, errors.StructuredOutputError), Exit.SERVICE),
        ((errors.InvalidRequestError, errors.ConfigurationError), Exit.USAGE),
    )
    return next((code for kinds, code in codes if isinstance(error, kinds)), Exit.FAILED)
