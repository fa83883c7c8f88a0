"""Structured output: parse a response as the type that was requested."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xai_vision.chat._request.response_format import model_schema
from xai_vision.chat._response.response import Response
from xai_vision.errors import InvalidRequestError, StructuredOutputError
from xai_vision.proto import chat_pb2

T = TypeVar("T")


class OutputType:
    """The type passed to ``parse()``.

    Attributes:
        schema: The JSON schema to request.
    """

    def __init__(self, type_: Any) -> None:
        """Find the schema of a type and how to parse it.

        Args:
            type_: A Pydantic model, or another type that Pydantic can describe.

        Raises:
            InvalidRequestError: It is neither, or Pydantic is not installed.
        """
        model = model_schema("parse()", type_) if isinstance(type_, type) else None
        if model is not None and hasattr(type_, "model_validate_json"):
            self.schema: Mapping[str, Any] = model
            self._parse_json = type_.model_validate_json
            return
        if inspect.isroutine(type_):
            raise InvalidRequestError(
                f"parse() needs a type, not the function {type_!r:.80}. Pass a Pydantic model"
            )
        if isinstance(type_, Mapping):
            raise InvalidRequestError(
                "parse() needs a type, not a dict. "
                "Pass a JSON schema to create(response_format=...), and call sample()"
            )
        self.schema, self._parse_json = _schema_and_parser(type_)

    def parse(self, response: Response) -> tuple[Response, Any]:
        """Return the response and its content as an object of the type.

        Raises:
            StructuredOutputError: The content does not match the schema.
        """
        text = response.content
        if not text.strip():
            raise _no_text(response, text)
        try:
            return response, self._parse_json(text)
        except ValueError as error:
            if _called_functions(response):
                raise _no_text(response, text) from None
            raise _mismatch(response, text, error) from None


def _schema_and_parser(type_: Any) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    try:
        from pydantic import TypeAdapter
    except ImportError:
        raise InvalidRequestError(
            "parse() needs Pydantic, which is not installed. "
            "Run: pip install 'xai-vision[pydantic]'"
        ) from None
    try:
        adapter = TypeAdapter(type_)
        return adapter.json_schema(), adapter.validate_json
    except Exception as error:  # noqa: BLE001  # Pydantic raises errors of many classes
        raise InvalidRequestError(
            f"parse() needs a Pydantic model or another type that Pydantic can describe, "
            f"not {type_!r:.80}: {error}"
        ) from None


def _called_functions(response: Response) -> list[str]:
    client_side = (chat_pb2.TOOL_CALL_TYPE_CLIENT_SIDE_TOOL, chat_pb2.TOOL_CALL_TYPE_INVALID)
    calls = response._output.message.tool_calls
    return [call.function.name for call in calls if call.type in client_side]


def _no_text(response: Response, text: str) -> StructuredOutputError:
    names = _called_functions(response)
    if names:
        message = (
            f"the model calls {', '.join(map(repr, names))} instead of responding. Run it, append "
            "the response (error.response) and tool_result(...), and parse again; "
            "error.response.tool_calls has the calls"
        )
    else:
        message = f"the response has no text (finish reason {response.finish_reason})"
        if response.finish_reason in _TRUNCATED:
            message += ". It was cut short. Raise max_tokens"
    return StructuredOutputError(message, text=text, errors=[], response=response)


def _mismatch(response: Response, text: str, error: ValueError) -> StructuredOutputError:
    errors: Callable[..., list[Any]] | None = getattr(error, "errors", None)
    # Without the input, as the exception's .text holds it, and without links.
    details = errors(include_url=False, include_input=False) if callable(errors) else [str(error)]
    first = details[0] if details else {}
    location = ".".join(map(str, first.get("loc", ()))) if isinstance(first, dict) else ""
    reason = first.get("msg", "") if isinstance(first, dict) else first
    truncated = response.finish_reason in _TRUNCATED
    advice = " The response was cut short. Raise max_tokens." if truncated else ""
    return StructuredOutputError(
        f"the response does not match the schema: {location + ': ' if location else ''}{reason} "
        f"({len(details)} error{'s' if len(details) != 1 else ''}; "
        f"the text is in .text, all errors are in .errors).{advice}",
        text=text,
        errors=details,
        response=response,
    )


_TRUNCATED = ("REASON_MAX_LEN", "REASON_MAX_CONTEXT")
