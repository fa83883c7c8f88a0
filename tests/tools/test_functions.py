"""tool(): a JSON schema, a class or a Python function, and what the model is told of it."""

from __future__ import annotations

import copy
import functools
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import pydantic
import pytest

from xai_vision.chat import required_tool, tool
from xai_vision.errors import InvalidRequestError
from xai_vision.proto import chat_pb2

if TYPE_CHECKING:
    from decimal import Decimal


def parameters(made: chat_pb2.Tool) -> dict:
    return json.loads(made.function.parameters)


def temperature(
    city: Annotated[str, "Its name, without the country"],
    unit: Literal["C", "F"] = "C",
    *,
    days: int | None = None,
) -> Decimal:
    """Tell the temperature outside.

    Of the next days, if asked.
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


def test_a_schema_is_sent_as_it_is():
    schema = {"type": "object", "properties": {"é": {"type": "string"}}}
    function = tool("find", "Finds.", schema).function
    assert (function.name, function.description, function.strict) == ("find", "Finds.", False)
    assert function.parameters == json.dumps(schema)
    assert tool(name="find", description="", parameters={}).function.parameters == "{}"


def test_a_function_says_all_of_it():
    # What it returns is imported for type checkers only, and of no interest here.
    made = tool(temperature)
    assert made.function.name == "temperature"
    assert made.function.description == (
        "Tell the temperature outside.\n\nOf the next days, if asked."
    )
    assert parameters(made) == TEMPERATURE


def test_a_function_gives_the_parameters_to_a_name():
    made = tool("heat", "How warm.", temperature)
    assert (made.function.name, made.function.description) == ("heat", "How warm.")
    assert parameters(made) == TEMPERATURE
    assert tool("heat", parameters=temperature).function.description.startswith("Tell the")
    assert tool(temperature, "How warm.").function.description == "How warm."
    assert tool(temperature, strict=True).function.strict


class Place(pydantic.BaseModel):
    """Where it is."""

    city: str = pydantic.Field(description="Its name")
    zip: int = 0


class Bare(pydantic.BaseModel):
    city: str


def test_a_pydantic_model():
    made = tool(Place)
    assert (made.function.name, made.function.description) == ("Place", "Where it is.")
    assert parameters(made) == Place.model_json_schema()
    assert tool("go", "Goes.", Place).function.parameters == made.function.parameters
    assert tool(Bare).function.description == ""


@dataclass
class Point:
    x: float
    y: float = 0.0


class Window(TypedDict):
    """A part of a picture."""

    left: int


def test_other_classes_stand_for_parameters():
    made = tool("mark", None, Point)
    assert made.function.description == ""  # not what dataclass writes by itself
    assert parameters(made)["required"] == ["x"]
    assert tool("cut", parameters=Window).function.description == "A part of a picture."


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
def test_any_kind_of_function(function, name, names):
    made = tool(function)
    assert made.function.name == name
    assert list(parameters(made)["properties"]) == names


def test_a_tool_is_a_plain_message():
    made = tool(temperature)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_required_tool():
    assert required_tool("temperature") == chat_pb2.ToolChoice(function_name="temperature")


def untyped(city, unit: str): ...


def many(*cities: str): ...


def anything(**options: int): ...


def by_place(city: str, /): ...


def of_bytes(data: bytes): ...


def of_a_local_type(data: Missing): ...  # noqa: F821


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tool("", "d", {}), "tool: name is empty"),
        (lambda: tool("f", 3, {}), "tool 'f': description must be a text, not int"),
        (lambda: tool("f", "\udc00", {}), "tool 'f': description holds a lone surrogate"),
        (lambda: tool("f", "d", "{}"), r"tool 'f': parameters must be a JSON schema \(dict\)"),
        (lambda: tool("f", "d", {"a": object()}), "tool 'f': parameters are no JSON: .*object"),
        (lambda: tool("f", "d", {"a": float("nan")}), "tool 'f': parameters are no JSON"),
        (lambda: tool("f", "d", {}, strict=None), "tool 'f': strict must be True or False"),
        (lambda: tool("f", "d", int), "parameters=int: a class must be a Pydantic model"),
        (lambda: tool(Point), r"tool\(\) takes a name, .*not Point"),
        (lambda: tool(Shop()), r"tool\(\) takes a name, a Python function .*not Shop"),
        (lambda: tool(None), r"tool\(\) takes a name, .*not NoneType"),
        (lambda: tool(lambda: 0), "tool: a lambda has no name"),
        (lambda: tool(temperature, parameters={}), "parameters= goes with a name"),
        (lambda: tool(untyped), "tool 'untyped': parameter 'city' has no type annotation"),
        (lambda: tool(Shop.price), "tool 'price': parameter 'self' has no type annotation"),
        (lambda: tool(many), r"tool 'many': parameter \*cities.* cannot be given by name"),
        (lambda: tool(anything), r"tool 'anything': parameter \*\*options.* cannot be given by"),
        (lambda: tool(by_place), "tool 'by_place': parameter city.* cannot be given by name"),
        (lambda: tool(of_bytes), "tool 'of_bytes': parameter 'data': bytes has no form in JSON"),
        (lambda: tool(of_a_local_type), "an annotation cannot be read: .*'Missing'.* top of their"),
        (lambda: tool(len), "tool 'len': parameter obj.* cannot be given by name"),
        (lambda: required_tool(""), "required_tool: name is empty"),
        (lambda: required_tool(None), "required_tool: name must be a text"),
    ],
)
def test_what_is_refused(make, words):
    with pytest.raises(InvalidRequestError, match=words):
        make()


def test_pydantic_is_not_needed():
    code = (
        "import sys; sys.modules['pydantic'] = None\n"
        "from xai_vision.chat import tool\n"
        "def f(x: int, y: dict[str, list[float]] | None = None): ...\n"
        "print(tool(f).function.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "f\n"
