"""tool(): the name, description and parameters made of a schema, class or function."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict
from uuid import UUID

import pydantic
import pytest

from xai_vision.chat import required_tool, tool
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from fractions import Fraction


def parameters(created: chat_pb2.Tool) -> dict:
    return json.loads(created.function.parameters)


def temperature(
    city: Annotated[str, "Its name, without the country"],
    unit: Literal["C", "F"] = "C",
    *,
    days: int | None = None,
) -> Fraction:
    """Tell the temperature outside.

    Include the next days if response_format.
    """
    raise NotImplementedError


TEMPERATURE = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Its name, without the country"},
        "unit": {"type": "string", "enum": ["C", "F"], "default": "C"},
        "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
    },
    "required": ["city"],
    "additionalProperties": False,
}


def test_a_schema_is_sent_unchanged():
    schema = {"type": "object", "properties": {"é": {"type": "string"}}}
    function = tool("find", "Finds.", schema).function
    assert (function.name, function.description, function.strict) == ("find", "Finds.", False)
    assert function.parameters == json.dumps(schema)
    assert tool(name="find", description="", parameters={}).function.parameters == "{}"


def test_function_sets_name_description_and_parameters():
    # The return type is imported for type checkers only, so it must not be resolved.
    created = tool(temperature)
    assert created.function.name == "temperature"
    assert created.function.description == (
        "Tell the temperature outside.\n\nInclude the next days if response_format."
    )
    assert parameters(created) == TEMPERATURE


def test_name_with_the_parameters_of_a_function():
    created = tool("heat", "How warm.", temperature)
    assert (created.function.name, created.function.description) == ("heat", "How warm.")
    assert parameters(created) == TEMPERATURE
    assert tool("heat", parameters=temperature).function.description.startswith("Tell the")
    assert tool(temperature, "How warm.").function.description == "How warm."
    assert tool(temperature, strict=True).function.strict


class Place(pydantic.BaseModel):
    """Where it is."""

    city: str = pydantic.Field(description="Its name")
    zip: int = 0


class Bare(pydantic.BaseModel):
    city: str


def test_pydantic_model():
    created = tool(Place)
    assert (created.function.name, created.function.description) == ("Place", "Where it is.")
    assert parameters(created) == Place.model_json_schema()
    assert tool("go", "Goes.", Place).function.parameters == created.function.parameters
    assert tool(Bare).function.description == ""


@dataclass
class Point:
    x: float
    y: float = 0.0


class Window(TypedDict):
    """A part of an image."""

    left: int


def test_dataclass_and_typed_dict_as_parameters():
    created = tool("mark", None, Point)
    assert created.function.description == ""  # not the docstring that dataclass generates
    assert parameters(created)["required"] == ["x"]
    assert tool("cut", parameters=Window).function.description == "A part of an image."


def test_no_parameters():
    def now() -> str:
        """Tell the time."""

    nothing = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert parameters(tool(now)) == parameters(tool("now", "Tell the time.")) == nothing


class Shop:
    def price(self, item: str) -> float:
        """Tell a price."""

    @classmethod
    def open(cls, day: str) -> bool: ...

    @staticmethod
    def close(hour: int) -> None: ...


async def waits(seconds: float) -> None: ...


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "name", "names"),
    [
        (Shop().price, "price", ["item"]),
        (Shop.open, "open", ["day"]),
        (Shop.close, "close", ["hour"]),
        (waits, "waits", ["seconds"]),
        (decorated(temperature), "temperature", ["city", "unit", "days"]),
        (functools.partial(temperature, "Köln"), "temperature", ["unit", "days"]),
        (functools.partial(temperature, unit="F"), "temperature", ["city", "days"]),
    ],
)
def test_kinds_of_functions(function, name, names):
    created = tool(function)
    assert created.function.name == name
    assert list(parameters(created)["properties"]) == names


class Forecast:
    """Keeps the service's key."""

    def __call__(self, city: str, days: int = 1) -> str:
        """Forecast the weather."""


class Undescribed:
    """Finds a city."""

    def __call__(self, city: str): ...


def test_callable_objects():
    created = tool(Forecast())
    assert created.function.name == "Forecast"
    assert created.function.description == "Forecast the weather."
    assert list(parameters(created)["properties"]) == ["city", "days"]
    assert parameters(tool("forecast", None, Forecast())) == parameters(created)
    assert tool("forecast", None, Forecast()).function.description == "Forecast the weather."
    assert tool(Undescribed()).function.description == "Finds a city."
    partial = tool(functools.partial(Forecast(), days=2))
    assert partial.function.name == "Forecast"
    assert list(parameters(partial)["properties"]) == ["city"]


@functools.lru_cache
def cached(city: str): ...


def test_cached_functions():
    assert tool(cached).function.name == "cached"
    assert list(parameters(tool(cached))["properties"]) == ["city"]


def test_everyday_types():
    def pay(amount: Decimal, day: date, order: UUID, receipt: Path): ...

    # The annotations are strings here; the names are those of the module.
    kinds = parameters(tool(pay))["properties"]
    assert {"type": "number"} in kinds["amount"]["anyOf"]
    assert kinds["day"] == {"type": "string", "format": "date"}
    assert kinds["order"] == {"type": "string", "format": "uuid"}
    assert kinds["receipt"] == {"type": "string", "format": "path"}


def test_tool_can_be_copied_and_pickled():
    created = tool(temperature)
    assert pickle.loads(pickle.dumps(created)) == copy.deepcopy(created) == created


def test_required_tool():
    assert required_tool("temperature") == chat_pb2.ToolChoice(function_name="temperature")


def untyped(city, unit: str): ...


def many(*cities: str): ...


def anything(**options: int): ...


def by_place(city: str, /): ...


def of_bytes(data: bytes): ...


def of_a_missing_type(data: Missing): ...  # noqa: F821


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tool("", "d", {}), "tool: name is empty"),
        (lambda: tool("f", 3, {}), "tool 'f': description must be a string, not int"),
        (lambda: tool("f", "\udc00", {}), "tool 'f': description contains a lone surrogate"),
        (lambda: tool("f", "d", "{}"), r"tool 'f': parameters must be a JSON schema \(dict\)"),
        (
            lambda: tool("f", "d", {"a": object()}),
            "tool 'f': parameters is not valid JSON: .*object",
        ),
        (lambda: tool("f", "d", {"a": float("nan")}), "tool 'f': parameters is not valid JSON"),
        (lambda: tool("f", "d", {}, strict=None), "tool 'f': strict must be True or False"),
        (lambda: tool("f", "d", int), "parameters=int: the class must be a Pydantic model"),
        (lambda: tool(Point), "tool: name must be a string, .*not Point"),
        (lambda: tool(Shop()), "tool: name must be a string, a Python function .*not Shop"),
        (lambda: tool("f", "d", Shop()), r"tool 'f': parameters must be a JSON schema \(dict\)"),
        (lambda: tool(list[int]), "tool: name must be a string, .*not (GenericAlias|list)$"),
        (lambda: tool(None), "tool: name must be a string, .*not NoneType"),
        (lambda: tool(lambda: 0), "tool: a lambda has no name"),
        (lambda: tool(temperature, parameters={}), "tool: parameters= needs a name"),
        (lambda: tool(untyped), "tool 'untyped': parameter 'city' has no type annotation"),
        (lambda: tool(Shop.price), "tool 'price': parameter 'self' has no type annotation"),
        (lambda: tool(many), r"tool 'many': parameter \*cities.* cannot be passed by name"),
        (lambda: tool(anything), r"tool 'anything': parameter \*\*options.* cannot be passed by"),
        (lambda: tool(by_place), "tool 'by_place': parameter city.* cannot be passed by name"),
        (lambda: tool(of_bytes), "tool 'of_bytes': parameter 'data': bytes has no JSON schema"),
        (
            lambda: tool(of_a_missing_type),
            "an annotation cannot be resolved: .*'Missing'.* top level",
        ),
        (lambda: tool(len), "tool 'len': parameter obj.* cannot be passed by name"),
        (lambda: required_tool(""), "required_tool: name is empty"),
        (lambda: required_tool(None), "required_tool: name must be a string"),
    ],
)
def test_invalid_arguments(make, message):
    with pytest.raises(InvalidRequestError, match=message):
        make()


def run(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout


WITHOUT_PYDANTIC = """
import sys
sys.modules["pydantic"] = None
from dataclasses import dataclass
from xai_vision import InvalidRequestError
from xai_vision.chat import tool

"""


def test_a_dict_needs_no_pydantic():
    code = """
def now(): ...
print(tool("find", "Finds.", {"type": "object"}).function.parameters)
print(tool("now").function.name, tool(now).function.name)
"""
    assert run(WITHOUT_PYDANTIC + code) == '{"type": "object"}\nnow now\n'


def test_functions_and_classes_name_the_extra_to_install():
    code = """
def find(x: int): ...

@dataclass
class Point:
    x: int

for parameters in (find, Point):
    try:
        tool("find", "Finds.", parameters)
    except InvalidRequestError as error:
        print(error)
"""
    lines = run(WITHOUT_PYDANTIC + code).splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("tool 'find': Pydantic")
        assert "pip install 'xai-vision[pydantic]'" in line


def test_pydantic_is_imported_on_use():
    code = """
import sys
from xai_vision.chat import tool
tool("find", "Finds.", {"type": "object"})
print("pydantic" in sys.modules)
"""
    assert run(code) == "False\n"
