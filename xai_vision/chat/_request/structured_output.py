"""Reading an answer as the shape it was asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from xai_vision.chat._request.response_format import model_schema
from xai_vision.chat._response.response import Response
from xai_vision.errors import InvalidRequestError, StructuredOutputError

T = TypeVar("T")


class OutputType:
    """What ``parse()`` is given: how to ask for it, and how to read it."""

    def __init__(self, shape: Any) -> None:
        """Take a Pydantic model, or any other type that Pydantic can describe.

        Raises:
            InvalidRequestError: It is neither, or Pydantic is not installed.
        """
        model = model_schema("parse()", shape) if isinstance(shape, type) else None
        if model is not None and hasattr(shape, "model_validate_json"):
            self.schema: Mapping[str, Any] = model
            self._read = shape.model_validate_json
            return
        if inspect.isroutine(shape):
            raise InvalidRequestError(f"parse() takes a shape, not the function {shape!r:.80}")
        self.schema, self._read = _adapted(shape)

    def read(self, response: Response) -> tuple[Response, Any]:
        """The response and its content as an object.

        Raises:
            StructuredOutputError: The content does not fit.
        """
        text = response.content
        try:
            return response, self._read(text)
        except ValueError as error:
            raise _misfit(response, text, error) from None


def _adapted(shape: Any) -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    try:
        from pydantic import TypeAdapter
    except ImportError:
        raise InvalidRequestError(
            "parse() takes a Pydantic model; Pydantic is not installed: "
            "pip install 'xai-vision[pydantic]'"
        ) from None
    try:
        adapter = TypeAdapter(shape)
        return adapter.json_schema(), adapter.validate_json
    except Exception as error:  # noqa: BLE001  # Pydantic has many ways to say no
        raise InvalidRequestError(
            f"parse() takes a Pydantic model or a type it can describe, not {shape!r:.80}: {error}"
        ) from None


def _misfit(response: Response, text: str, error: ValueError) -> StructuredOutputError:
    errors: Any = getattr(error, "errors", None)
    # Without the input, which is the text that is kept beside it, and without links.
    details = errors(include_url=False, include_input=False) if callable(errors) else [str(error)]
    first = details[0] if details else {}
    place = ".".join(map(str, first.get("loc", ()))) if isinstance(first, dict) else ""
    said = first.get("msg", "") if isinstance(first, dict) else first
    cut = " It was cut short: raise max_tokens." if response.finish_reason in _CUT else ""
    return StructuredOutputError(
        f"the answer does not fit: {place + ': ' if place else ''}{said} "
        f"({len(details)} error{'s' if len(details) != 1 else ''}; "
        f"the text is in .text, all errors in .errors).{cut}",
        text=text,
        errors=details,
        response=response,
    )


_CUT = ("REASON_MAX_LEN", "REASON_MAX_CONTEXT")
