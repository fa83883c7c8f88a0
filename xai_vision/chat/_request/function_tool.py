"""Function tools: functions of the caller that the model may ask for."""

from __future__ import annotations

import inspect
import typing
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
    """Describe a function that the model may ask you to run.

    The model does not run the function. It responds with ``response.tool_calls``, whose
    ``function.arguments`` is JSON. Run the function and append ``tool_result(...)``.

    The schema of a function or class is made by Pydantic (``pip install "xai-vision[pydantic]"``).
    A dict needs no Pydantic. The arguments are plain JSON values: for a parameter annotated with
    ``date``, the model sends a string in ISO 8601 form.

    Args:
        name: The function's name. The service does not document its rule, so only an empty name
            is refused here; up to 64 letters, digits, ``_`` and ``-`` are usual. A Python
            function, a callable object or a Pydantic model class sets the name, the description
            and the parameters at once.
        description: What the function does and when to use it, for the model. Default: the
            docstring of the function or class.
        parameters: A JSON schema as a dict; a Pydantic model, dataclass or TypedDict class whose
            fields are the arguments; or a Python function whose parameters are the arguments.
            Default: no parameters. ``Annotated[int, "Number of days"]`` and Pydantic's ``Field``
            describe a parameter.
        strict: Whether the model's arguments must follow the schema exactly.

    Returns:
        The tool, for ``tools=[...]``.

    Raises:
        InvalidRequestError: The name is missing, the parameters are not a JSON schema, a parameter
            has no JSON schema (the error names it), or Pydantic is not installed.

    Examples:
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
            raise InvalidRequestError(
                "tool: parameters= needs a name. Pass a name, or the function alone"
            )
        source, name = name, _name(name)
    if description is None:
        description = _description(source)
    where = f"tool {name!r}"
    function = chat_pb2.Function(
        name=checks.string("tool: name", name, empty=False),
        description=checks.string(f"{where}: description", description),
        parameters=checks.dump_json(f"{where}: parameters", _schema(where, source)),
        strict=checks.boolean(f"{where}: strict", strict),
    )
    return chat_pb2.Tool(function=function)


def required_tool(name: str) -> chat_pb2.ToolChoice:
    """Make the model call one tool: ``create(tool_choice=required_tool("temperature"))``.

    Args:
        name: The name of one of the chat's function tools.

    Raises:
        InvalidRequestError: The name is empty or not a string.
    """
    return chat_pb2.ToolChoice(
        function_name=checks.string("required_tool: name", name, empty=False)
    )


def is_function(value: object) -> TypeIs[Callable[..., Any]]:
    """Whether ``tool(value)`` may work: a callable, or a Pydantic model class."""
    if isinstance(value, type):
        return hasattr(value, "model_json_schema")
    return callable(value) and typing.get_origin(value) is None  # but not list[int]


def _name(source: object) -> str:
    if not is_function(source):
        raise InvalidRequestError(
            "tool: name must be a string, a Python function or a Pydantic model class, "
            f"not {type(source).__name__ if not isinstance(source, type) else source.__name__}"
        )
    function = source.func if isinstance(source, partial) else source
    name: str = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        raise InvalidRequestError("tool: a lambda has no name. Use tool('name', parameters=...)")
    return name


def _description(source: object) -> str:
    function = source.func if isinstance(source, partial) else source
    if not (is_function(function) or isinstance(function, type)):
        return ""
    docstring = function.__doc__ or ""
    if not isinstance(function, type) and not hasattr(function, "__name__"):
        # A callable object: __call__ describes the call, its class describes the object.
        docstring = type(function).__call__.__doc__ or docstring
    # Not inspect.getdoc: for a class without a docstring it returns that of the base class.
    if isinstance(function, type) and docstring.startswith(f"{function.__name__}("):
        return ""  # written by dataclass
    return inspect.cleandoc(docstring)


def _schema(where: str, source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    from xai_vision.chat._request import json_schema

    if source is None:
        return json_schema.NO_PARAMETERS
    if isinstance(source, type):
        return json_schema.class_schema(where, source)
    if is_function(source):
        return json_schema.function_schema(where, source)
    raise InvalidRequestError(
        f"{where}: parameters must be a JSON schema (dict), a class or a function, "
        f"not {checks.short_repr(source)}"
    )
