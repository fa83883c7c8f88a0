"""JSON schemas of functions and classes, for ``tool()``.

Pydantic writes the schemas. It is an optional dependency, so ``schema_generator`` is imported on
use; a schema passed as a dict needs neither.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

from xai_vision.errors import InvalidRequestError

Schema: TypeAlias = dict[str, Any]

NO_PARAMETERS: Schema = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}


def function_schema(name: str, function: Callable[..., Any]) -> Schema:
    """Return the schema of a function's parameters.

    Args:
        name: The tool's name in error messages, such as ``tool 'find'``.
        function: Any callable that is not a class.

    Raises:
        InvalidRequestError: A parameter has no annotation, has one without a JSON schema, is
            ``*args`` or ``**kwargs``, or cannot be passed by name; or Pydantic is not installed.
    """
    parameters = _parameters(name, function)
    hints = _parameter_hints(name, function)
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise InvalidRequestError(
                f"{name}: parameter {parameter} cannot be passed by name, as a model does. "
                "Use named parameters only"
            )
        if parameter.name not in hints:
            raise InvalidRequestError(
                f"{name}: parameter {parameter.name!r} has no type annotation. Add one"
            )
    if not parameters:
        return NO_PARAMETERS
    generator = _generator(name)
    fields: dict[str, tuple[Any, Any]] = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters
    }
    try:
        schema: Schema = generator.object_schema(fields)
    except Exception:
        # Pydantic's error does not name the parameter, so find the first that fails on its own.
        for parameter_name, field in fields.items():
            try:
                generator.object_schema({parameter_name: field})
            except Exception as error:  # noqa: BLE001  # Pydantic raises errors of many classes
                where = f"{name}: parameter {parameter_name!r}"
                raise _no_schema(where, field[0], error) from None
        raise
    return schema


def class_schema(name: str, cls: Any) -> Schema:
    """Return the schema of a Pydantic model, dataclass or TypedDict.

    Args:
        name: The tool's name in error messages.
        cls: The class, whose fields are the arguments.

    Raises:
        InvalidRequestError: It is another class, has a field without a JSON schema, or Pydantic is
            not installed.
    """
    make_schema = getattr(cls, "model_json_schema", None)
    if not (make_schema or dataclasses.is_dataclass(cls) or hasattr(cls, "__required_keys__")):
        raise InvalidRequestError(
            f"{name}: parameters={cls.__name__}: the class must be a Pydantic model, a dataclass "
            "or a TypedDict, whose fields are the function's arguments"
        )
    generate = make_schema or partial(_generator(name).class_schema, cls)
    try:
        schema: Schema = generate()
    except Exception as error:  # noqa: BLE001  # Pydantic raises errors of many classes
        raise _no_schema(f"{name}: parameters", cls, error) from None
    return schema


def _generator(name: str) -> ModuleType:
    try:
        from xai_vision.chat._request import schema_generator
    except ImportError:
        raise InvalidRequestError(
            f"{name}: Pydantic, which makes the JSON schema of a function or class, is not "
            "installed. Run: pip install 'xai-vision[pydantic]'; or pass the schema as a dict"
        ) from None
    return schema_generator


def _no_schema(where: str, annotation: Any, error: Exception) -> InvalidRequestError:
    # On Python 3.10, list[int] is an instance of type as well.
    is_class = isinstance(annotation, type) and typing.get_origin(annotation) is None
    shown = annotation.__name__ if is_class else repr(annotation)
    reason = str(error).partition("\n")[0]
    return InvalidRequestError(f"{where}: {shown:.80} has no JSON schema: {reason}")


def _parameters(name: str, function: Callable[..., Any]) -> list[inspect.Parameter]:
    bound = function.keywords if isinstance(function, partial) else {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError as error:
        raise InvalidRequestError(f"{name}: {error}. Pass the schema as a dict") from None
    return [parameter for parameter in parameters if parameter.name not in bound]


def _parameter_hints(name: str, function: Any) -> dict[str, Any]:
    """Return the resolved annotations of the parameters.

    The annotation of the return value is not resolved: its type may be imported for type checkers
    only.
    """
    if isinstance(function, partial):
        function = function.func
    if not hasattr(function, "__annotations__") or not hasattr(function, "__name__"):
        function = getattr(type(function), "__call__", function)  # noqa: B004  # callable object

    def stand_in() -> None: ...

    annotations = inspect.get_annotations(function)
    stand_in.__annotations__ = {key: hint for key, hint in annotations.items() if key != "return"}
    module_names = getattr(inspect.unwrap(function), "__globals__", {})
    try:
        return typing.get_type_hints(stand_in, module_names, include_extras=True)
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise InvalidRequestError(
            f"{name}: an annotation cannot be resolved: {error}. "
            "Define or import its types at the top level of the module"
        ) from None
