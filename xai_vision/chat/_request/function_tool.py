"""Functions of the caller's own that the model may ask for."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from xai_vision import _validation as checks
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import TypeIs


@overload
def tool(
    name: str,
    description: str | None = None,
    parameters: Mapping[str, Any] | type | Callable[..., Any] | None = None,
    *,
    strict: bool = False,
) -> chat_pb2.Tool: ...


@overload
def tool(
    name: Callable[..., Any] | type[BaseModel],
    description: str | None = None,
    *,
    strict: bool = False,
) -> chat_pb2.Tool: ...


def tool(
    name: Any, description: str | None = None, parameters: Any = None, *, strict: bool = False
) -> chat_pb2.Tool:
    """Describe a function of yours that the model may ask you to run.

    The model never runs it: it answers with ``response.tool_calls``, whose
    ``function.arguments`` is JSON; you run it and append ``tool_result(...)``.

    Args:
        name: What the model calls it. The service's rule is not documented, so that only an empty
            name is refused here; up to 64 letters, digits, ``_`` and ``-`` are the usual. Or a
            Python function or a Pydantic model class itself, which gives all three.
        description: What it does and when to use it, for the model. Default: the docstring of the
            function or class, if one is given.
        parameters: A JSON schema as a dict; a Pydantic model, dataclass or TypedDict class whose
            fields are the arguments; or a Python function whose parameters are. Default: none.
        strict: Hold the model's arguments to the schema exactly. Default no.

    Raises:
        InvalidRequestError: No name, no JSON schema, or a function with a parameter that JSON has
            no form for; the text names the parameter.

    Example:
        >>> from typing import Annotated, Literal
        >>> from xai_vision.chat import tool
        >>> def temperature(city: Annotated[str, "Name only"], unit: Literal["C", "F"] = "C"):
        ...     '''Tell the temperature outside.'''
        >>> tool(temperature).function.description
        'Tell the temperature outside.'
    """
    if isinstance(name, str):
        source = parameters
    else:
        if parameters is not None:
            raise InvalidRequestError("tool: parameters= goes with a name, not with a function")
        source, name = name, _name(name)
    if description is None:
        description = _description(source)
    function = chat_pb2.Function(
        name=checks.string("tool: name", name, empty=False),
        description=checks.string(f"tool {name!r}: description", description),
        parameters=_json(f"tool {name!r}", _schema(f"tool {name!r}", source)),
        strict=checks.boolean(f"tool {name!r}: strict", strict),
    )
    return chat_pb2.Tool(function=function)


def required_tool(name: str) -> chat_pb2.ToolChoice:
    """Make the model call one tool: ``create(tool_choice=required_tool("temperature"))``.

    Args:
        name: The name of one of the chat's function tools.

    Raises:
        InvalidRequestError: It is empty, or no text.
    """
    return chat_pb2.ToolChoice(
        function_name=checks.string("required_tool: name", name, empty=False)
    )


def is_function(value: object) -> TypeIs[Callable[..., Any]]:
    """Whether ``tool(value)`` could describe it: a Python function, or a Pydantic model class."""
    if isinstance(value, type):
        return hasattr(value, "model_json_schema")
    return inspect.isroutine(value) or isinstance(value, partial)


def _name(source: object) -> str:
    if not is_function(source):
        raise InvalidRequestError(
            "tool() takes a name, a Python function or a Pydantic model class, "
            f"not {type(source).__name__ if not isinstance(source, type) else source.__name__}"
        )
    function = source.func if isinstance(source, partial) else source
    found: str = getattr(function, "__name__", "")
    if found == "<lambda>":
        raise InvalidRequestError("tool: a lambda has no name: give tool('name', parameters=...)")
    return found


def _description(source: object) -> str:
    function = source.func if isinstance(source, partial) else source
    if not (is_function(function) or isinstance(function, type)):
        return ""
    # Not inspect.getdoc: of a class without a docstring it tells the base class's.
    written = function.__doc__ or ""
    if isinstance(function, type) and written.startswith(f"{function.__name__}("):
        return ""  # written by dataclass
    return inspect.cleandoc(written)


def _schema(where: str, source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    from xai_vision.chat._request import schema_sources as schemas

    if source is None:
        return schemas.NO_PARAMETERS
    if is_function(source) and not isinstance(source, type):
        return schemas.of_function(where, source)
    if isinstance(source, type):
        return schemas.of_class(where, source)
    raise InvalidRequestError(
        f"{where}: parameters must be a JSON schema (dict), a class or a function, "
        f"not {source!r:.80}"
    )


def _json(where: str, schema: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(schema), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"{where}: parameters are no JSON: {error}") from None
