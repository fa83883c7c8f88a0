"""JSON schemas of functions and classes; ``hints`` says which types have a form in JSON."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from typing import Any

from xai_vision.chat._request.json_schema import (
    Field,
    Schema,
    Writer,
    closed_object,
    pydantic_schema,
)
from xai_vision.errors import InvalidRequestError

NO_PARAMETERS: Schema = closed_object({}, [])


def of_function(where: str, function: Callable[..., Any]) -> Schema:
    """The schema of a function's parameters, all to be given by name.

    Raises:
        InvalidRequestError: A parameter without an annotation or with one that has no form in
            JSON, ``*args``, ``**kwargs``, or one that cannot be given by its name.
    """
    writer = Writer(where)
    bare, settled = function, frozenset[str]()
    if isinstance(function, partial):
        bare, settled = function.func, frozenset(function.keywords)
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError as error:
        raise InvalidRequestError(f"{where}: {error}") from None
    hints = writer.hints(_parameters_only(bare), getattr(inspect.unwrap(bare), "__globals__", {}))
    fields: list[Field] = []
    for parameter in parameters:
        name = parameter.name
        if name in settled:
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise InvalidRequestError(
                f"{where}: parameter {parameter} cannot be given by name, as a model does"
            )
        if name not in hints:
            raise InvalidRequestError(f"{where}: parameter {name!r} has no type annotation")
        fields.append(Field(name, hints[name], parameter.default))
    return writer.finish(writer.fields(fields, "parameter"))


def of_class(where: str, cls: type) -> Schema:
    """The schema of a Pydantic model, dataclass or TypedDict.

    Raises:
        InvalidRequestError: It is none of these, or has a field without a form in JSON.
    """
    if hasattr(cls, "model_json_schema"):
        return pydantic_schema(where, cls)
    if not (is_dataclass(cls) or hasattr(cls, "__required_keys__")):
        raise InvalidRequestError(
            f"{where}: parameters={cls.__name__}: a class must be a Pydantic model, a dataclass "
            "or a TypedDict, whose fields are the function's arguments"
        )
    writer = Writer(where)
    return writer.finish(writer.schema(cls, "the class"))


def _parameters_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """Something with the annotations of a function but for what it returns.

    That may be a type which is imported for type checkers only.
    """

    def shim() -> None: ...

    annotations = inspect.get_annotations(function)
    shim.__annotations__ = {key: kind for key, kind in annotations.items() if key != "return"}
    return shim
